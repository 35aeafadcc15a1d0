"""Python: compiled and run by the fork server itself, with the interpreter that runs this project."""

from stepsmith.judge.languages.language import Language

LAST_WORDS = r"MemoryError\b[^\n]*\Z"  # the last line of a traceback; numpy has a MemoryError of its own

PYTHON = Language(name="python", aliases=("python3", "py", "py3"), endings=(".py",), out_of_memory=LAST_WORDS)
