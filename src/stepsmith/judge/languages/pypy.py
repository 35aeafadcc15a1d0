"""PyPy."""

from stepsmith.judge.languages.language import Interpreted
from stepsmith.judge.languages.python import LAST_WORDS

_COMPILES = "import sys; compile(open(sys.argv[1], encoding='utf-8-sig').read(), sys.argv[1], 'exec')"

PYPY = Interpreted(
    name="pypy",
    aliases=("pypy3",),
    endings=(".py",),
    tool="pypy3",
    package="pypy3",
    check=("-S", "-c", _COMPILES),
    run=("-S", "-B"),
    out_of_memory=LAST_WORDS,
)
