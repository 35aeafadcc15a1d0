# mypy: ignore-errors
# ruff: noqa: F821
"""Runs inside the sandbox, after ``endless.py``: prove that a ``while`` loop over integers never ends.

A loop that counts on for ever has new values each time, so that ``endless.py`` does not find it. Here the loop is
followed with sets of integers in place of integers (abstract interpretation with intervals and congruences: Cousot and
Cousot 1977, Granger 1989). The first sets hold the values of now. What the body can make of a set is added to it, until
nothing new comes. If the condition is true for all values of these sets, and nothing in the body can leave the loop, it
never ends. A set has at least the values that the program can reach, so this is sure.

Names, integers, ``+ - * // %``, comparisons, ``and``, ``or``, ``not``, ``if``, assignments and statements that only
collect are understood. Anything else that the loop can reach ends the proof without a result.
"""

import math

INFINITE = math.inf
MOST_TURNS = 30  # after which a proof is given up
WIDEN_AFTER = 3  # turns after which a bound that moves is taken away


class NotProven(Exception):
    """The loop may end, or is not understood."""


class Integers:
    """The integers from ``low`` to ``high`` (may be infinite) that are ``rest`` modulo ``step``; 0: a single one."""

    def __init__(self, low: object, high: object, step: int = 1, rest: int = 0) -> None:
        if low == high:
            step, rest = 0, low
        self.low, self.high, self.step = low, high, step
        self.rest = rest % step if step else rest

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other)

    __hash__ = None

    def __or__(self, other: object) -> object:
        step = math.gcd(self.step, other.step, self.rest - other.rest)
        return Integers(min(self.low, other.low), max(self.high, other.high), step, self.rest)

    def __neg__(self) -> object:
        return Integers(-self.high, -self.low, self.step, -self.rest)

    def __add__(self, other: object) -> object:
        low, high = added(self.low, other.low), added(self.high, other.high)
        return Integers(low, high, math.gcd(self.step, other.step), self.rest + other.rest)

    def __sub__(self, other: object) -> object:
        return self + -other

    def __mul__(self, other: object) -> object:
        ends = [multiplied(one, two) for one in (self.low, self.high) for two in (other.low, other.high)]
        step = math.gcd(self.step * other.step, self.step * other.rest, other.step * self.rest)
        return Integers(min(ends), max(ends), step, self.rest * other.rest)

    def __floordiv__(self, other: object) -> object:
        by = positive(other)
        low, high = (end if end in (INFINITE, -INFINITE) else end // by for end in (self.low, self.high))
        return Integers(low, high, *((1, 0) if self.step % by else (self.step // by, self.rest // by)))

    def __mod__(self, other: object) -> object:
        by = positive(other)
        if self.low >= 0 and self.high < by:
            return self
        step = math.gcd(self.step, by)
        return one_integer(self.rest % by) if step == by else Integers(0, by - 1, step, self.rest)

    def holds(self, number: int) -> bool:
        """Return whether a number may be in the set."""
        fits = (number - self.rest) % self.step == 0 if self.step else number == self.rest
        return fits and self.low <= number <= self.high

    def equals(self, other: object) -> object:
        """Return what ``==`` can be: 0, 1 or both."""
        difference = self - other
        return truth(difference.low == difference.high == 0, not difference.holds(0))

    def below(self, other: object) -> object:
        """Return what ``<`` can be."""
        return truth(self.high < other.low, self.low >= other.high)

    def widened(self, before: object) -> object:
        """Return the set without the bounds that are not those of ``before``."""
        low = self.low if self.low == before.low else -INFINITE
        high = self.high if self.high == before.high else INFINITE
        return Integers(low, high, self.step, self.rest)


def one_integer(value: int) -> Integers:
    """Return the set with this integer; truth values are 0 and 1, as everywhere in Python."""
    return Integers(int(value), int(value))


def truth(surely: bool, never: bool) -> Integers:
    """Return the set of what a condition can be."""
    return one_integer(1) if surely else one_integer(0) if never else Integers(0, 1)


def negated(value: Integers) -> Integers:
    """Return what ``not`` can be."""
    return value.equals(one_integer(0))


def positive(value: Integers) -> int:
    """Return the only integer of a set, if it is above 0."""
    if value.step or value.rest <= 0:
        raise NotProven
    return value.rest


def added(one: object, two: object) -> object:
    """Return the sum of two bounds; of infinite ones, only those of one sign are added."""
    return one if one in (INFINITE, -INFINITE) else two if two in (INFINITE, -INFINITE) else one + two


def multiplied(one: object, two: object) -> object:
    """Return the product of two bounds, 0 if one of them is."""
    if INFINITE not in (abs(one), abs(two)) or 0 in (one, two):
        return 0 if 0 in (one, two) else one * two
    return INFINITE if (one > 0) == (two > 0) else -INFINITE


class LoopProof:
    """Follows one loop from the values that the variables of its frame have at its head."""

    def __init__(self, loop: object, frame: object) -> None:
        import ast

        self._ast, self._loop = ast, loop
        self._scope = {**frame.f_globals, **frame.f_locals}
        self._changed = {
            node.id for node in ast.walk(loop.node) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        }
        self._again = []  # the states at each ``continue``

    def holds(self) -> bool:
        """Return whether it is certain that the loop never ends."""
        state = {
            name: one_integer(self._scope[name]) for name in self._changed if type(self._scope.get(name)) in (int, bool)
        }
        try:
            for turn in range(MOST_TURNS):
                if self._value(self._loop.node.test, state).holds(0):
                    return False
                self._again = []
                after = self._block(self._loop.node.body, state)
                reached = either(state, *self._again, after)
                if turn >= WIDEN_AFTER:
                    reached = {name: value.widened(state[name]) for name, value in reached.items()}
                if reached == state:
                    return True
                state = reached
        except NotProven:
            pass
        return False

    def _block(self, statements: list, state: object) -> object:
        """Return the state after statements; None if the end of them is not reached."""
        for statement in statements:
            if state is None:
                return None
            state = self._statement(statement, dict(state))
        return state

    def _statement(self, node: object, state: dict) -> object:
        ast = self._ast
        found = collected(node)
        if found is not None and found[0] in self._loop.collecting and found[0] not in state:
            for value in node.value.args if isinstance(node, ast.Expr) else [node.value]:
                if not isinstance(value, ast.Constant):
                    self._value(value, state)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            self._assign(node.targets[0], node.value, state)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read = ast.Name(node.target.id, ast.Load())
            self._assign(node.target, ast.BinOp(read, node.op, node.value), state)
        elif isinstance(node, ast.If):
            test = self._value(node.test, state)
            return either(
                self._block(node.body, state) if test != one_integer(0) else None,
                self._block(node.orelse, state) if test.holds(0) else None,
            )
        elif isinstance(node, ast.Continue):
            self._again.append(state)
            return None
        elif not isinstance(node, ast.Pass):
            raise NotProven
        return state

    def _assign(self, target: object, value: object, state: dict) -> None:
        ast = self._ast
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            targets, values = target.elts, value.elts
        else:
            targets, values = [target], [value]
        if not all(isinstance(one, ast.Name) for one in targets):
            raise NotProven
        state.update(zip([one.id for one in targets], [self._value(one, state) for one in values], strict=True))

    def _value(self, node: object, state: dict) -> Integers:
        """Return the integers that an expression can be."""
        ast = self._ast
        if isinstance(node, ast.Constant) and type(node.value) in (int, bool):
            return one_integer(node.value)
        if isinstance(node, ast.Name):
            return self._variable(node.id, state)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv | ast.Mod):
            one, two = self._value(node.left, state), self._value(node.right, state)
            return getattr(one, _METHODS[type(node.op).__name__])(two)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
            value = self._value(node.operand, state)
            return -value if isinstance(node.op, ast.USub) else negated(value)
        if isinstance(node, ast.BoolOp):
            return self._joined(node, state)
        if isinstance(node, ast.Compare):
            values = [self._value(one, state) for one in (node.left, *node.comparators)]
            return self._all(map(compared, node.ops, values, values[1:]))
        if self._converts(node):
            return self._value(node.args[0], state)
        raise NotProven

    def _converts(self, node: object) -> bool:
        """Return whether an expression is ``int(...)`` and nothing else."""
        ast = self._ast
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "int"
        return named and "int" not in self._scope and len(node.args) == 1 and not node.keywords

    def _variable(self, name: str, state: dict) -> Integers:
        value = state.get(name)
        if value is not None:
            return value
        if name in self._changed or type(self._scope.get(name)) not in (int, bool):
            raise NotProven
        return one_integer(self._scope[name])

    def _all(self, conditions: object) -> Integers:
        """Return what a chain of comparisons can be."""
        values = list(conditions)
        return truth(not any(one.holds(0) for one in values), any(one == one_integer(0) for one in values))

    def _joined(self, node: object, state: dict) -> Integers:
        """Return what ``and`` and ``or`` can be: the first value that decides, else the last one."""
        found = None
        for number, part in enumerate(node.values, 1):
            value = self._value(part, state)
            may_be_false, may_be_true = value.holds(0), value != one_integer(0)
            if number == len(node.values):
                decided, goes_on = value, False
            elif isinstance(node.op, self._ast.And):
                decided, goes_on = one_integer(0) if may_be_false else None, may_be_true
            else:
                decided, goes_on = value if may_be_true else None, may_be_false
            if decided is not None:
                found = decided if found is None else found | decided
            if not goes_on:
                break
        return found


_METHODS = {"Add": "__add__", "Sub": "__sub__", "Mult": "__mul__", "FloorDiv": "__floordiv__", "Mod": "__mod__"}


def compared(kind: object, one: Integers, two: Integers) -> Integers:
    """Return what a comparison of two values can be."""
    name = type(kind).__name__
    if name in ("Eq", "NotEq"):
        found = one.equals(two)
    elif name in ("Lt", "GtE"):
        found = one.below(two)
    elif name in ("Gt", "LtE"):
        found = two.below(one)
    else:
        raise NotProven
    return negated(found) if name in ("NotEq", "GtE", "LtE") else found


def either(*states: object) -> object:
    """Return the state that holds where one of some states does; None for no state.

    A variable that has no integer in one of them has none in it.
    """
    reached = [state for state in states if state is not None]
    if not reached:
        return None
    first, *others = reached
    joined = {}
    for name, value in first.items():
        if all(name in other for other in others):
            for other in others:
                value = value | other[name]
            joined[name] = value
    return joined
