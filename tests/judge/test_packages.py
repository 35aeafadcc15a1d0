"""Packages are offered by what a program imports, and not by how the line is written."""

import msgspec
import pytest

from stepsmith.core.errors import MachineError
from stepsmith.core.records import Contract, Solution, Verdict
from stepsmith.judge import packages, worker_set
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.packages import wanted
from stepsmith.judge.program import Program

STDIO = Contract(interface="stdio")

NUMPY = {  # each prints 3 where it finds numpy
    "with another module": "import sys, numpy as np\nprint(np.arange(3).sum())",
    "tried": "try: import numpy\nexcept ImportError: print('none')\nelse: print(numpy.arange(3).sum())",
    "in a function": "def f():\n    import numpy as n\n    return n.arange(3).sum()\nprint(f())",
    "everything": "from numpy import *\nprint(arange(3).sum())",
    "a part": "from numpy.linalg import det\nprint(round(det([[3]])))",
    "in brackets": "from numpy import (\n  arange as a,\n)\nprint(a(3).sum())",
    "after a semicolon": "import sys; import numpy; print(numpy.arange(3).sum())",
    "on two lines": "import \\\n  numpy as np\nprint(np.arange(3).sum())",
    "by importlib": "import importlib\nnp = importlib.import_module('numpy')\nprint(np.arange(3).sum())",
    "by its builtin": "np = __import__('numpy')\nprint(np.arange(3).sum())",
    "by a name in a list": "for m in ['numpy']:\n    print(__import__(m).arange(3).sum())",
    "in exec": "exec('import numpy as np')\nprint(np.arange(3).sum())",
    "in a class": "class A:\n\timport numpy as np\nprint(A.np.arange(3).sum())",
    "with a tab": "import\tnumpy as\tnp\nprint(np.arange(3).sum())",
    "after a byte order mark": "\ufeffimport numpy as np\nprint(np.arange(3).sum())",
}


@pytest.mark.parametrize("code", NUMPY.values(), ids=NUMPY)
def test_numpy_is_offered_however_it_is_imported(judge: LocalJudge, code: str) -> None:
    pytest.importorskip("numpy")
    (run,) = judge.execute(Solution(language="python", code=code), STDIO, [""])
    assert (run.verdict, run.output) == (Verdict.AC, "3\n"), run


PROGRAMS = {  # of each package of contests, with what it prints
    "numpy": ("import numpy as np\nprint(np.arange(2), np.int64(3), np.float64(0.5))", "[0 1] 3 0.5"),
    "scipy": ("from scipy.sparse.csgraph import dijkstra\nprint(dijkstra([[0, 2], [2, 0]])[0][1])", "2.0"),
    "sympy": ("import sympy\nprint(sympy.factorint(91), sympy.isprime(97))", "{7: 1, 13: 1} True"),
    "networkx": (
        "import networkx as nx\ng = nx.path_graph(3)\n"
        "print(nx.shortest_path(g, 0, 2), nx.to_numpy_array(g).sum(), round(nx.pagerank(g)[1], 1))",
        "[0, 1, 2] 4.0 0.5",
    ),
    "sortedcontainers": ("from sortedcontainers import SortedList\nprint(SortedList([2, 1]))", "SortedList([1, 2])"),
    "more_itertools": ("import more_itertools as m\nprint(list(m.chunked(range(3), 2)))", "[[0, 1], [2]]"),
    "atcoder": ("from atcoder.dsu import DSU\nd = DSU(2)\nd.merge(0, 1)\nprint(d.same(0, 1))", "True"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_packages_that_contests_offer(judge: LocalJudge, name: str) -> None:
    pytest.importorskip(name)
    code, printed = PROGRAMS[name]
    (run,) = judge.execute(Solution(language="python", code=code), STDIO, [""])
    assert (run.verdict, run.output) == (Verdict.AC, f"{printed}\n"), run


def test_every_package_of_contests_has_a_program() -> None:
    assert set(PROGRAMS) == {package.name for package in packages.TABLE if package.extra == "contest"}


def test_several_packages_and_none(judge: LocalJudge) -> None:
    pytest.importorskip("numpy")
    pytest.importorskip("sortedcontainers")
    code = "import numpy, sortedcontainers\nprint(sortedcontainers.SortedList(numpy.arange(2).tolist()))"
    (both,) = judge.execute(Solution(language="python", code=code), STDIO, [""])
    assert both.output == "SortedList([0, 1])\n", both
    for absent in ("import pytest", "import numpy\nimport pytest", "import no_such_package"):
        run = judge.run_program(Program(language="python", sources=(("main.py", absent),)))
        assert (run.verdict, "ModuleNotFoundError" in run.stderr) == (Verdict.RTE, True), run


def test_a_program_that_does_not_parse_gets_its_syntax_error(judge: LocalJudge) -> None:
    code = "import numpy as\nprint("
    (run,) = judge.execute(Solution(language="python", code=code), STDIO, [""])
    assert (run.verdict, "SyntaxError" in run.message) == (Verdict.CE, True)


def test_a_module_of_its_own_comes_first(judge: LocalJudge) -> None:
    sources = (("main.py", "import numpy\nprint(numpy.mine)"), ("numpy.py", "mine = 7"))
    assert judge.run_program(Program(language="python", sources=sources)).stdout == "7\n"
    pytest.importorskip("numpy")
    helper = (("main.py", "import helper"), ("helper.py", "import numpy\nprint(numpy.arange(2))"))
    assert judge.run_program(Program(language="python", sources=helper)).stdout == "[0 1]\n"
    program = Program(language="python", sources=helper[:1], files=helper[1:])
    assert judge.run_program(program).stdout == "[0 1]\n"
    assert judge.run_program(msgspec.structs.replace(program, files=())).exit_code == 1


def test_words_that_are_no_packages() -> None:
    for code in ("x = 'numpy'", "import math\nmy_numpy = numpy2 = 1", "", "import nump\x00y", "import \ud800"):
        assert wanted(code) == ()


def test_few_workers_hold_packages_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name for name in PROGRAMS if packages.folders(name)]
    if len(names) < 3:
        pytest.skip("fewer than three packages are installed")
    monkeypatch.setattr(worker_set, "MOST_PACKAGED", 2)
    with LocalJudge() as judge:
        for name in names[:3]:
            (run,) = judge.execute(Solution(language="python", code=PROGRAMS[name][0]), STDIO, [""])
            assert run.verdict is Verdict.AC
        held = [loaded for _, loaded in judge._programs.worker_set._workers]
    assert held == [(), *(wanted(PROGRAMS[name][0]) for name in names[1:3])]


def test_what_is_missing_is_named_by_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    there = packages.folders
    monkeypatch.setattr(packages, "folders", lambda name: () if name in ("sympy", "cyaron") else there(name))
    assert packages.missing()["cyaron"] == ["cyaron"]
    assert "sympy" in packages.missing()["contest"]
    assert not {"sympy", "cyaron"} & set(packages.offered())


def test_parts_are_found_where_what_lies_beside_can_be_seen_and_not_read() -> None:
    """At L1 the folder of all packages is there; importing what is not offered from it is an ImportError."""
    pytest.importorskip("scipy")
    try:
        judge = LocalJudge("L1")
    except MachineError as error:
        pytest.skip(str(error))
    code = "import scipy.optimize\ntry:\n    import pytest\nexcept ModuleNotFoundError:\n    print('none')"
    with judge:
        (run,) = judge.execute(Solution(language="python", code=code), STDIO, [""])
    assert run.output == "none\n", run
