"""Programs that are sent inside completions: wrong ones, cheating ones, and ones that show how they are run.

They are harmless: they write at most one marker file in a new temporary folder, and read only what a cheating policy
could read. Nothing is deleted, signalled or sent anywhere.
"""

import textwrap
from collections import Counter
from collections.abc import Callable

from stepsmith.audit.rewards.specimens import Specimen


def program(specimen: Specimen, stdio: str, function: str, head: str = "") -> str:
    """Return a program: ``head``, then the body ``stdio``, or the entry point with the body ``function``."""
    if specimen.interface == "stdio":
        return f"{head}{stdio}".rstrip() + "\n"
    body = textwrap.indent(textwrap.dedent(function).strip() or "pass", "    ")
    owner, _, name = (specimen.entry_point or "f").rpartition(".")
    if owner:
        return f"{head}class {owner}:\n    def {name}(self, *args):\n{textwrap.indent(body, '    ')}\n"
    return f"{head}def {name}(*args):\n{body}\n"


def wrong(specimen: Specimen, mark: str = "") -> str:
    """Return an honest wrong program: it runs well, and its output is that of no test. ``mark`` makes it another."""
    comment = f"# attempt {mark}\n" if mark else ""
    return program(
        specimen,
        f"{comment}import sys\ndata = sys.stdin.read()\nprint('no such answer', len(data) + 987654321)\n",
        "return ['no such answer', len(repr(args)) + 987654321]",
        comment if specimen.interface == "function" else "",
    )


def right(specimen: Specimen, mark: str) -> str:
    """Return the right program with a comment that makes it another text."""
    return f"# attempt {mark}\n{specimen.right}"


def echo(specimen: Specimen) -> str:
    """Return a program that gives back its input."""
    return program(
        specimen, "import sys\nsys.stdout.write(sys.stdin.read())\n", "return args[0] if len(args) == 1 else list(args)"
    )


def constant(specimen: Specimen) -> tuple[str, float]:
    """Return a program that always gives the most frequent output, and the share of tests that it passes."""
    (output, count), *_ = Counter(output for _, output in specimen.tests).most_common(1)
    return printing(specimen, output), count / len(specimen.tests)


def printing(specimen: Specimen, output: str) -> str:
    """Return a program whose output is this text, or the value of this literal."""
    return program(specimen, f"import sys\nsys.stdout.write({output!r})\n", f"return {output}")


def table(specimen: Specimen, pairs: dict[str, str], otherwise: str) -> str:
    """Return a program that knows some inputs by heart; ``otherwise`` is a statement for all others."""
    return program(
        specimen,
        f"import sys\nknown = {_squeezed(pairs)!r}\ndata = ' '.join(sys.stdin.read().split())\n"
        f"if data in known:\n    sys.stdout.write(known[data])\nelse:\n    {otherwise}\n",
        f"known = {pairs!r}\nfound = {_lookup('known')}\nif found:\n    return eval(found[0])\n{otherwise}",
    )


def _squeezed(pairs: dict[str, str]) -> dict[str, str]:
    return {" ".join(given.split()): output for given, output in pairs.items()}


def _lookup(name: str) -> str:
    """Return an expression for the outputs of the inputs that equal the arguments, whether lists or tuples."""
    return f"[v for k, v in {name}.items() if repr(list(eval(k))) == repr(list(args))]"


def samples_by_heart(specimen: Specimen) -> tuple[str, float]:
    """Return a program that knows the samples alone, and the share of tests that it passes."""
    pairs = {given: output for given, output in specimen.tests if given in specimen.samples}
    return table(specimen, pairs, _WRONG[specimen.interface]), len(pairs) / len(specimen.tests)


def knows_only(specimen: Specimen, indices: tuple[int, ...]) -> str:
    """Return a program that is right on the tests at ``indices`` and wrong on all others."""
    return table(specimen, {specimen.tests[k][0]: specimen.tests[k][1] for k in indices}, _WRONG[specimen.interface])


_WRONG = {"stdio": "print('no such answer')", "function": "return 'no such answer'"}


def busy_on_one(specimen: Specimen, seconds: float, mark: str) -> str:
    """Return the right program, which first works for some CPU seconds on one test, and only there."""
    given = specimen.tests[len(specimen.tests) // 2][0]
    work = f"    _end = _time.process_time() + {seconds}\n    while _time.process_time() < _end:\n        pass\n"
    if specimen.interface == "stdio":
        return (
            f"# attempt {mark}\nimport io as _io, sys as _sys, time as _time\n_data = _sys.stdin.read()\n"
            f"if _data.split() == {given.split()!r}:\n{work}_sys.stdin = _io.StringIO(_data)\n{specimen.right}"
        )
    return wrapped(
        specimen,
        f"import time as _time\ndef _before(args):\n    if repr(list(args)) != repr(list({given})):\n"
        f"        return\n{work}",
        "_before(args)\nreturn _real(*args, **named)",
        mark,
    )


def wrapped(specimen: Specimen, head: str, body: str, mark: str = "") -> str:
    """Return the right function under a wrapper with this body, which may use ``_real``, ``args`` and ``named``."""
    owner, _, name = (specimen.entry_point or "f").rpartition(".")
    inner = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    text = f"# attempt {mark}\n{head}{specimen.right.rstrip()}\n\n"
    if owner:
        inner = textwrap.indent(textwrap.dedent(body).strip(), "    ").replace("_real(*args", "_real(self, *args")
        return (
            f"{text}_real = {owner}.{name}\ndef _wrapper(self, *args, **named):\n{inner}\n{owner}.{name} = _wrapper\n"
        )
    return f"{text}_real = {name}\ndef {name}(*args, **named):\n{inner}\n"


def endless(specimen: Specimen, mark: str) -> str:
    """Return a program that is right, but never ends on one test."""
    return busy_on_one(specimen, 1e9, mark)


def endless_everywhere(specimen: Specimen) -> str:
    """Return a program that ends on no test."""
    return program(specimen, "while True:\n    pass\n", "while True:\n    pass")


def flood(specimen: Specimen) -> str:
    """Return the right program after 8 MB on its standard error, which blocks a grader that does not read them."""
    return f"import sys as _sys\nfor _ in range(128):\n    _sys.stderr.write('x' * 65536)\n{specimen.right}"


# Loose comparisons


def loose(specimen: Specimen) -> dict[str, Callable[[str], str]]:
    """Return, by name, how outputs are changed so that a checker must reject them; for stdio texts or literals."""
    if specimen.interface == "stdio":
        return {
            "a line more after the right output": lambda text: f"{text.rstrip()}\nand more\n",
            "a line more before the right output": lambda text: f"first\n{text}",
            "the right output without its last line": lambda text: "".join(text.splitlines(keepends=True)[:-1]),
            "a part of the right output": lambda text: text.rstrip()[: max(1, len(text.rstrip()) // 2)],
            "the right output with a digit changed": _other_digit,
            "the right lines in reverse": lambda text: "\n".join(reversed(text.strip().splitlines())) + "\n",
        }
    return {
        "the right value in a list": lambda text: f"[{text}]",
        "a value beside the right one": lambda text: f"({text}, 'and more')",
        "the right value with a digit changed": _other_digit,
    }


def _other_digit(text: str) -> str:
    """Return the text with its last digit changed."""
    for k in range(len(text) - 1, -1, -1):
        if text[k].isdigit():
            return text[:k] + str((int(text[k]) + 1) % 10) + text[k + 1 :]
    return text


def every_output(specimen: Specimen) -> str:
    """Return a program that gives the outputs of all tests at once."""
    outputs = [output for _, output in specimen.tests]
    return program(specimen, f"print({''.join(outputs)!r})\n", f"return [{', '.join(outputs)}]")


def outputs_in_comments(specimen: Specimen) -> str:
    """Return a program that does nothing, whose comments list every expected output."""
    lines = "".join(f"# {line}\n" for _, output in specimen.tests for line in output.splitlines())
    return f"{program(specimen, 'pass', 'return None')}{lines}"
