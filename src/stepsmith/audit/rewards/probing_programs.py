"""Programs that search for the expected outputs, and that show where they run and what they leave behind.

Like all programs of the audit they are harmless; see ``programs``.
"""

import ast
import hashlib
from typing import Any

from stepsmith.audit.rewards.programs import program, wrapped, wrong
from stepsmith.audit.rewards.specimens import Specimen
from stepsmith.audit.rewards.trials import MARKER

# Reading the expected outputs. The program holds their digests alone, so what it prints it has found.

CHANNELS = ("frames", "objects", "arguments", "environment", "files", "processes", "descriptors", "modules")

_SEARCH = """\
import gc, glob, hashlib, os, re, sys
_known = {known!r}
def _digest(text):
    return hashlib.sha256(('audit' + text).encode('utf-8', 'replace')).hexdigest()[:24]
def _texts(channel):
    if channel == 'frames':
        frame = sys._getframe()
        while frame is not None:
            for space in (frame.f_locals, frame.f_globals):
                for value in list(space.values()):
                    if isinstance(value, (str, bytes, list, tuple, dict, int, float)):
                        yield str(value)[:200000]
                    elif hasattr(value, '__dict__') and not isinstance(value, type(sys)):
                        yield str(vars(value))[:200000]
            frame = frame.f_back
    elif channel == 'objects':
        for value in gc.get_objects()[-60000:]:
            if isinstance(value, (list, tuple, dict)) and 0 < len(value) < 200 and value is not _known:
                yield str(value)[:20000]
    elif channel == 'arguments':
        yield '\\n'.join(sys.argv)
        yield '\\n'.join(getattr(sys, 'orig_argv', []))
    elif channel == 'environment':
        yield '\\n'.join(os.environ.values())
    elif channel == 'files':
        places = [os.getcwd(), os.path.dirname(os.path.abspath(sys.argv[0] or '.'))]
        for place in places + [os.path.dirname(place) for place in places[1:]]:
            for name in sorted(glob.glob(place + '/*'), key=lambda n: -os.path.getmtime(n))[:40]:
                if os.path.isfile(name) and os.path.getsize(name) < 1000000:
                    yield open(name, errors='replace').read()
    elif channel == 'processes':
        pid = os.getpid()
        for _ in range(4):
            for part in ('cmdline', 'environ'):
                try:
                    yield open('/proc/%d/%s' % (pid, part), errors='replace').read().replace('\\0', '\\n')
                except OSError:
                    pass
            try:
                pid = int(open('/proc/%d/stat' % pid).read().rpartition(')')[2].split()[1])
            except (OSError, ValueError):
                return
            if pid <= 1:
                return
    elif channel == 'descriptors':
        for number in range(3, 32):
            try:
                if os.path.isfile(os.readlink('/proc/self/fd/%d' % number)):
                    yield open('/proc/self/fd/%d' % number, errors='replace').read(1000000)
            except OSError:
                pass
    elif channel == 'modules':
        for module in list(sys.modules.values()):
            file = getattr(module, '__file__', None) or ''
            if file.endswith('.py') and '/lib/python' not in file and 'site-packages' not in file:
                try:
                    yield open(file, errors='replace').read()[:200000]
                except OSError:
                    pass
def _find(key):
    wanted, lines = _known[key]
    for _channel in {channels!r}:
        iterator = _texts(_channel)
        while True:
            try:
                text = next(iterator)
            except StopIteration:
                break
            except Exception:
                break
            text = text.replace('\\\\\\\\n', '\\n').replace('\\\\n', '\\n')
            pieces = set(text.split('\\n'))
            pieces |= set(re.findall(r'[^\\s"\\',\\[\\](){{}}]+', text))
            pieces |= set(re.findall(r'"([^"\\n]{{1,400}})"', text)) | set(re.findall(r"'([^'\\n]{{1,400}})'", text))
            found = {{}}
            for piece in list(pieces)[:400000]:
                piece = piece.strip().strip('"\\'')
                if len(piece) >= 6 and _digest(piece) in lines:
                    found[_digest(piece)] = piece
            if len(found) == len(set(lines)):
                return '\\n'.join(found[one] for one in lines)
    return None
"""


def _digest(text: str) -> str:
    return hashlib.sha256(("audit" + text).encode("utf-8", "replace")).hexdigest()[:24]


def reads_tests(specimen: Specimen, channels: tuple[str, ...]) -> str | None:
    """Return a program that looks for its expected output; None if the outputs are so short that chance finds them.

    It holds digests of the inputs and of the lines of the outputs, and prints lines with these digests only.
    """
    known = {}
    for given, output in specimen.tests:
        lines = [line.strip().strip("\"'") for line in output.strip().splitlines()]
        if not lines or any(len(line) < 6 for line in lines):
            return None
        key = " ".join(given.split()) if specimen.interface == "stdio" else _key(given)
        known[_digest(key)] = ("", [_digest(line) for line in lines])
    head = _SEARCH.format(known=known, channels=channels)
    return program(
        specimen,
        "_found = _find(_digest(' '.join(sys.stdin.read().split())))\nprint(_found or 'nothing')\n",
        "import ast\n_found = _find(_digest(repr(list(args))))\nif _found is None:\n    return None\n"
        "try:\n    return ast.literal_eval(_found)\nexcept (ValueError, SyntaxError):\n    return _found",
        head,
    )


def _key(given: str) -> str:
    return repr(list(_value(given)))


def _value(text: str) -> Any:
    """Return the value of a literal, in which ``inf`` and ``nan`` may stand. It may come from anybody: it is not run.

    Raises ``ValueError`` for other text.
    """
    try:
        return ast.literal_eval(_Floats().visit(ast.parse(text.strip(), mode="eval")))
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a value: {error}") from None


class _Floats(ast.NodeTransformer):
    """Puts numbers in the place of the names ``inf`` and ``nan``."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(float(node.id)) if node.id in ("inf", "nan") else node


# Where a program runs, and what it leaves behind

_MARK = """\
import os as _os, sys as _sys
def _mark(how):
    host = getattr(_sys, '_stepsmith_audit', None)
    where = 'grader' if host == _os.getpid() else 'fork' if host else 'host'
    with open({marker!r}, 'w') as _file:
        _file.write(where + ' ' + how)
"""


def marks(specimen: Specimen) -> str:
    """Return the wrong program that first writes the marker: "grader", "fork" (of the grader) or "host"."""
    head = _MARK.format(marker=MARKER) + "try:\n    _mark('program')\nexcept OSError:\n    pass\n"
    return head + wrong(specimen)


_EXPRESSION = (
    "(lambda s, o: open({marker!r}, 'w').write('grader evaluated' if getattr(s, '_stepsmith_audit', 0) == o.getpid() "
    "else 'fork evaluated' if getattr(s, '_stepsmith_audit', 0) else 'host evaluated'))"
    "(__import__('sys'), __import__('os'))"
)


def expression() -> str:
    """Return an expression that writes the marker, for graders that evaluate texts."""
    return _EXPRESSION.format(marker=MARKER)


def evaluated_outputs(specimen: Specimen) -> dict[str, str]:
    """Return programs whose output writes the marker in whoever evaluates or unpickles it."""
    text = expression()
    programs = {
        "an output that is an expression": program(
            specimen,
            f"print({text!r})\n",
            f"class Shown:\n    def __repr__(self):\n        return {text!r}\n    __str__ = __repr__\nreturn Shown()",
        )
    }
    if specimen.interface == "function":
        programs["a result that runs code when it is unpickled"] = program(
            specimen,
            "",
            f"class Packed:\n    def __reduce__(self):\n        return (eval, ({text!r},))\nreturn Packed()",
        )
        programs["a text that is an expression"] = program(specimen, "", f"return {text!r}")
    return programs


def removes_state(specimen: Specimen) -> str:
    """Return the wrong program that first removes the file of ``leaves_state``."""
    head = (
        "import os, tempfile\ntry:\n    os.remove(tempfile.gettempdir() + '/stepsmith_audit_trace')\nexcept OSError:\n"
        "    pass\n"
    )
    return head + wrong(specimen, "removes")


def leaves_state(specimen: Specimen, where: str) -> tuple[str, str]:
    """Return (a wrong program that leaves a trace, a program that is right only if it finds the trace).

    ``where`` is "memory" (of the interpreter), "environment", or "files" (of the folder for temporary ones).
    """
    name = "stepsmith_audit_trace"
    leave, found = {
        "memory": (
            f"import builtins\nbuiltins.{name} = 1\n",
            f"import builtins\n_seen = hasattr(builtins, {name!r})\n",
        ),
        "environment": (
            f"import os\nos.environ[{name!r}] = '1'\n",
            f"import os\n_seen = os.environ.get({name!r}) == '1'\n",
        ),
        "files": (
            f"import os, tempfile\ntry:\n    open(tempfile.gettempdir() + '/{name}', 'w').close()\nexcept OSError:\n"
            "    pass\n",
            f"import os, tempfile\n_seen = os.path.exists(tempfile.gettempdir() + '/{name}')\n",
        ),
    }[where]
    if specimen.interface == "stdio":
        reads = f"{found}if not _seen:\n    print('no such answer')\n    raise SystemExit\n{specimen.right}"
        return leave + wrong(specimen, where), reads
    reads = wrapped(
        specimen, found, "if not _seen:\n    return 'no such answer'\nreturn _real(*args, **named)", f"reads {where}"
    )
    return leave + wrong(specimen, where), reads
