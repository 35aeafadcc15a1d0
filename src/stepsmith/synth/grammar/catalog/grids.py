"""Features of grids of free cells and cells '#'."""

import collections
import random

from stepsmith.synth.grammar.catalog.shapes import any_of
from stepsmith.synth.grammar.domain import Domain, Size, Type, integer, ints, pick_length
from stepsmith.synth.grammar.feature import Feature, Param, Params, Wrong


def has_blocks(domain: Domain) -> bool:
    """Return whether every grid of the domain has a cell, and some have both free cells and cells '#'."""
    return "#" in domain.alphabet and len(domain.alphabet) > 1 and min(domain.size[0], domain.second[0]) >= 1


def scattered(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[str]:
    """Cells '#' at random, with free corners most of the time."""
    height, width = pick_length(rng, domain.size, size), pick_length(rng, domain.second, size)
    free = [cell for cell in domain.alphabet if cell != "#"]
    share = rng.choice([0.15, 0.3, 0.45, 0.6])
    rows = [["#" if rng.random() < share else rng.choice(free) for _ in range(width)] for _ in range(height)]
    if rng.random() < 0.8:
        rows[0][0] = rows[-1][-1] = rng.choice(free)
    return ["".join(row) for row in rows]


def walls(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[str]:
    """Every second row a wall, with a gap at the right and left end in turn or anywhere; or the same with columns."""
    height, width = pick_length(rng, domain.size, size), pick_length(rng, domain.second, size)
    free = next(cell for cell in domain.alphabet if cell != "#")
    closed = rng.random() < 0.2
    upright = rng.random() < 0.5
    lines, length = (width, height) if upright else (height, width)
    rows = []
    for line in range(lines):
        gap = (length - 1 if line % 4 == 1 else 0) if rng.random() < 0.9 else rng.randrange(length)
        wall = "#" * length if closed and rng.random() < 0.2 else "#" * gap + free + "#" * (length - gap - 1)
        rows.append(wall if line % 2 else free * length)
    return ["".join(column) for column in zip(*rows, strict=True)] if upright else rows


def outlines(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[str]:
    """Outlines of rectangles, some with a hole in a side or without a corner."""
    height, width = pick_length(rng, domain.size, size), pick_length(rng, domain.second, size)
    free = [cell for cell in domain.alphabet if cell != "#"]
    rows = [[rng.choice(free) for _ in range(width)] for _ in range(height)]
    for _rectangle in range(rng.randint(1, 1 + height * width // 25)):
        top, left = rng.randrange(height), rng.randrange(width)
        bottom, right = min(height - 1, top + rng.randint(2, 5)), min(width - 1, left + rng.randint(2, 5))
        for i in range(top, bottom + 1):
            rows[i][left] = rows[i][right] = "#"
        rows[top][left : right + 1] = rows[bottom][left : right + 1] = ["#"] * (right - left + 1)
        if rng.random() < 0.6:
            rows[rng.choice([top, (top + bottom) // 2])][rng.choice([left, right])] = rng.choice(free)
    return ["".join(row) for row in rows]


def rooms(rng: random.Random, domain: Domain, size: Size, _: Params) -> list[str]:
    """Rooms side by side with walls around them, and cells '#' inside; some rooms have a door to the outside."""
    height, width = (min(bounds[1], max(3, pick_length(rng, bounds, size))) for bounds in (domain.size, domain.second))
    free = [cell for cell in domain.alphabet if cell != "#"]
    across, down = (rng.randint(2, max(2, side - 1)) for side in (width, height))
    rows = [["#"] * width for _ in range(height)]
    for i in range(1, height - 1):
        for j in range(1, width - 1):
            if i % down and j % across and rng.random() < 0.8:
                rows[i][j] = rng.choice(free)
    for _door in range(rng.choice([0, 0, 1, 2])):
        i, j = rng.randrange(height), rng.randrange(width)
        rows[i][rng.choice([0, width - 1])] = rng.choice(free)
        rows[rng.choice([0, height - 1])][j] = rng.choice(free)
    return ["".join(row) for row in rows]


def island_areas(x: list[str]) -> list[int]:
    height, width = len(x), len(x[0])
    seen = [[cell != "#" for cell in row] for row in x]
    areas = []
    for top in range(height):
        for left in range(width):
            if seen[top][left]:
                continue
            seen[top][left] = True
            stack = [(top, left)]
            area = 0
            while stack:
                i, j = stack.pop()
                area += 1
                for a, b in ((i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1)):
                    if 0 <= a < height and 0 <= b < width and not seen[a][b]:
                        seen[a][b] = True
                        stack.append((a, b))
            areas.append(area)
    return sorted(areas)


def island_areas_slow(x: list[str]) -> list[int]:
    islands = [{(i, j)} for i, row in enumerate(x) for j, cell in enumerate(row) if cell == "#"]
    for i in range(len(x)):
        for j in range(len(x[0])):
            for pair in ({(i, j), (i + 1, j)}, {(i, j), (i, j + 1)}):
                touched = [island for island in islands if island & pair]
                if len(touched) == 2:
                    islands = [island for island in islands if not island & pair] + [set().union(*touched)]
    return sorted(len(island) for island in islands)


def island_areas_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    cells = x.size[1] * x.second[1]
    return ints((0, (cells + 1) // 2), (1, cells), "sorted") if has_blocks(x) else None


def route_length(x: list[str]) -> int:
    height, width = len(x), len(x[0])
    if x[0][0] == "#":
        return -1
    moves = [[-1] * width for _ in range(height)]
    moves[0][0] = 0
    queue = collections.deque([(0, 0)])
    while queue:
        i, j = queue.popleft()
        for a, b in ((i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1)):
            if 0 <= a < height and 0 <= b < width and x[a][b] != "#" and moves[a][b] == -1:
                moves[a][b] = moves[i][j] + 1
                queue.append((a, b))
    return moves[-1][-1]


def route_length_slow(x: list[str]) -> int:
    free = {(i, j) for i, row in enumerate(x) for j, cell in enumerate(row) if cell != "#"}
    reached, moves = free & {(0, 0)}, 0
    while reached:
        if (len(x) - 1, len(x[0]) - 1) in reached:
            return moves
        free -= reached
        reached = {(i, j) for i, j in free if reached & {(i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1)}}
        moves += 1
    return -1


def route_length_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return integer(-1, x.size[1] * x.second[1] - 1) if has_blocks(x) else None


def crowded_cells(x: list[str], k: int) -> list[str]:
    height, width = len(x), len(x[0])
    rows = []
    for i in range(height):
        row = ""
        for j in range(width):
            around = 0
            for a in range(max(0, i - 1), min(height, i + 2)):
                around += x[a].count("#", max(0, j - 1), j + 2)
            around -= x[i][j] == "#"
            row += "#" if around >= k else "."
        rows.append(row)
    return rows


def crowded_cells_slow(x: list[str], k: int) -> list[str]:
    marked = {(i, j) for i, row in enumerate(x) for j, cell in enumerate(row) if cell == "#"}
    steps = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0)]

    def around(i: int, j: int) -> int:
        return sum((i + a, j + b) in marked for a, b in steps)

    return ["".join(".#"[around(i, j) >= k] for j in range(len(x[0]))) for i in range(len(x))]


def crowded_cells_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    return x.with_(alphabet=".#") if has_blocks(x) else None


def enclosed_cells(x: list[str]) -> int:
    height, width = len(x), len(x[0])
    seen = [[cell == "#" for cell in row] for row in x]
    stack = [(i, j) for i in range(height) for j in range(width) if i in (0, height - 1) or j in (0, width - 1)]
    while stack:
        i, j = stack.pop()
        if seen[i][j]:
            continue
        seen[i][j] = True
        for a, b in ((i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1)):
            if 0 <= a < height and 0 <= b < width:
                stack.append((a, b))
    return sum(row.count(False) for row in seen)


def enclosed_cells_slow(x: list[str]) -> int:
    free = {(i, j) for i, row in enumerate(x) for j, cell in enumerate(row) if cell != "#"}
    inside = {(i, j) for i, j in free if 0 < i < len(x) - 1 and 0 < j < len(x[0]) - 1}
    while True:
        leaks = {(i, j) for i, j in inside if (free - inside) & {(i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1)}}
        if not leaks:
            return len(inside)
        inside -= leaks


def enclosed_cells_result(domains: tuple[Domain, ...], _: Params) -> Domain | None:
    (x,) = domains
    if not has_blocks(x) or min(x.size[1], x.second[1]) < 3:
        return None
    return integer(0, (x.size[1] - 2) * (x.second[1] - 2))


FEATURES = (
    Feature(
        name="island_areas",
        category="problem type/grid/flood fill/components",
        takes=(Type.GRID,),
        gives=Type.INTS,
        code=island_areas,
        slow=island_areas_slow,
        result=island_areas_result,
        inputs=any_of(scattered, outlines, walls),
        let=(
            "Say that two cells '#' of {x} belong to the same island if one can get from one to the other by moves "
            "to a cell that shares a side, over cells '#' only. Let {y} be the sequence of the numbers of cells of "
            "all islands, in non-decreasing order. It is empty if there is no cell '#'.",
            "Divide the cells '#' of {x} into as many islands as possible, where cells that share a side have to be "
            "on the same island. Let {y} be the sequence of the island sizes, measured in cells, from the smallest "
            "to the largest; without any cell '#' it is empty.",
        ),
        ask=(
            "the sizes, in cells, of all groups of cells '#' of {x} that are connected by shared sides, in "
            "non-decreasing order (an empty sequence if there is no cell '#')",
            "the numbers of cells of the islands of {x} in non-decreasing order, where an island consists of all cells "
            "'#' that can be reached from one of them by moves across sides over cells '#' only",
        ),
        wrong=(
            Wrong("the sizes stay in the order of discovery", "sorted(areas)", "areas"),
            Wrong(
                "cells that share a corner are joined",
                "(i - 1, j), (i, j - 1)):",
                "(i - 1, j), (i, j - 1), (i + 1, j + 1), (i + 1, j - 1), (i - 1, j + 1), (i - 1, j - 1)):",
            ),
            Wrong("islands are followed right and down only", ", (i - 1, j), (i, j - 1)):", "):"),
            Wrong("the grid is closed to a cylinder", "and 0 <= b < width and", "and -1 <= b < width and"),
        ),
        growth="n",
        difficulty=0.1,
        signals=("grid", "stack use", "nested loops", "recursion"),
    ),
    Feature(
        name="route_length",
        category="problem type/grid/shortest path/four directions",
        takes=(Type.GRID,),
        gives=Type.INT,
        code=route_length,
        slow=route_length_slow,
        result=route_length_result,
        inputs=any_of(scattered, walls, walls),
        let=(
            "Start in the top left cell of {x} and move up, down, left or right to the next cell, never outside and "
            "never onto a cell '#'. Let {y} be the smallest number of moves to get to the bottom right cell, or -1 "
            "if this is impossible, as it is whenever one of these two cells is '#'.",
            "Let {y} be the least number of steps from the top left to the bottom right cell of {x}, where a step "
            "leads to a cell that shares a side and the cells '#' cannot be entered. If there is no such way, or if "
            "the first or the last cell is '#', {y} is -1.",
        ),
        ask=(
            "the smallest number of moves from the top left to the bottom right cell of {x} if each move leads to a "
            "cell that shares a side and is not '#', or -1 if there is no such way or one of the two cells is '#'",
            "the length, in moves, of a shortest way from the top left to the bottom right cell of {x} that goes up, "
            "down, left and right and visits no cell '#', including its two ends, or -1 if there is none",
        ),
        wrong=(
            Wrong("moves go right and down only", ", (i - 1, j), (i, j - 1)):", "):"),
            Wrong("cells are counted instead of moves", "moves[0][0] = 0", "moves[0][0] = 1"),
            Wrong(
                "moves across corners are allowed",
                "(i - 1, j), (i, j - 1)):",
                "(i - 1, j), (i, j - 1), (i + 1, j + 1), (i + 1, j - 1), (i - 1, j + 1), (i - 1, j - 1)):",
            ),
        ),
        growth="n",
        difficulty=0.2,
        signals=("grid", "queue use", "search", "while loop"),
    ),
    Feature(
        name="crowded_cells",
        category="problem type/grid/neighbourhood/count and mark",
        takes=(Type.GRID,),
        gives=Type.GRID,
        code=crowded_cells,
        slow=crowded_cells_slow,
        result=crowded_cells_result,
        inputs=any_of(scattered, outlines),
        let=(
            "Call two cells neighbours if they share a side or a corner. Let {y} be the grid with as many rows and "
            "columns as {x} in which a cell is '#' if at least {k} neighbours of the cell at the same place in {x} "
            "are '#', and '.' otherwise.",
            "For each cell of {x}, count the cells '#' among those that touch it at a side or a corner; the cell "
            "itself does not count. Let {y} be the grid that shows '#' where this count is {k} or more and '.' "
            "elsewhere.",
        ),
        ask=(
            "the grid with as many rows and columns as {x} that has '#' where at least {k} of the cells that share a "
            "side or a corner with the cell at the same place in {x} are '#', and '.' elsewhere",
            "a copy of {x} in which every cell is replaced by '#' if at least {k} of its neighbours in {x}, across "
            "sides and corners, are '#', and by '.' otherwise",
        ),
        params=(Param("k", 2, 5),),
        wrong=(
            Wrong("the cell itself counts", '            around -= x[i][j] == "#"\n', ""),
            Wrong("more than the number is required", "around >= k", "around > k"),
            Wrong("a column is missed on the right", "j + 2)", "j + 1)"),
            Wrong("the row below is missed", "min(height, i + 2)", "i + 1"),
        ),
        growth="n",
        difficulty=-0.6,
        signals=("grid", "nested loops", "counting", "simulation"),
    ),
    Feature(
        name="enclosed_cells",
        category="problem type/grid/flood fill/from the border",
        takes=(Type.GRID,),
        gives=Type.INT,
        code=enclosed_cells,
        slow=enclosed_cells_slow,
        result=enclosed_cells_result,
        inputs=any_of(rooms, rooms, rooms, outlines),
        let=(
            "Let water flow into {x} at every free cell in the first or last row or column, and on from a wet cell "
            "to each free cell that shares a side with it; the free cells are those other than '#'. Let {y} be the "
            "number of free cells that stay dry.",
            "Call a cell of {x} that is not '#' enclosed if one cannot leave the grid from it by moving up, down, "
            "left and right without entering a cell '#'. Let {y} be the number of enclosed cells.",
        ),
        ask=(
            "the number of cells of {x} other than '#' from which one cannot leave the grid by moving up, down, left "
            "and right without entering a cell '#'",
            "the number of cells of {x} other than '#' that are cut off from the border of the grid, where moves lead "
            "up, down, left or right to the next cell and cells '#' cannot be entered",
        ),
        wrong=(
            Wrong(
                "one can slip through between two corners",
                "(i - 1, j), (i, j - 1)):",
                "(i - 1, j), (i, j - 1), (i + 1, j + 1), (i + 1, j - 1), (i - 1, j + 1), (i - 1, j - 1)):",
            ),
            Wrong(
                "only the first row and column are entered",
                "i in (0, height - 1) or j in (0, width - 1)",
                "i == 0 or j == 0",
            ),
            Wrong("ways are followed right and down only", ", (i - 1, j), (i, j - 1)):", "):"),
            Wrong("every free cell off the border counts", "stack.append((a, b))", "pass"),
        ),
        growth="n",
        difficulty=0.7,
        signals=("grid", "stack use", "search", "boolean logic"),
    ),
)
