"""Small Kattis packages for the tests: the double of a number, in the format that a test asks for."""

from pathlib import Path

LEGACY = {
    "problem.yaml": "name: Double\n",
    "problem_statement/problem.en.tex": "\\problemname{Double} Print twice n.\n",
    "data/sample/1.in": "3\n",
    "data/sample/1.ans": "6\n",
    "data/secret/a.in": "4\n",
    "data/secret/a.ans": "8\n",
    "data/secret/b.in": "5\n",
    "data/secret/b.ans": "10\n",
    "submissions/accepted/a.py": "print(2 * int(input()))\n",
    "submissions/accepted/b.py": "n = int(input())\nprint(n + n)\n",
    "submissions/wrong_answer/w.py": "print(int(input()) ** 2)\n",
}
CURRENT = {
    **{name: text for name, text in LEGACY.items() if not name.startswith("problem")},
    "problem.yaml": "problem_format_version: 2025-09\nname: Double\nuuid: 5ca6ba5b-36d5-4eff-8aa7-d967cbc4375e\n",
    "statement/problem.en.md": "Print twice n.\n",
}


def package(folder: Path, files: dict[str, str | bytes | None], base: dict[str, str] = LEGACY) -> Path:
    """Write a package: ``base`` with ``files`` on top; a file that is None is left out."""
    for name, content in {**base, **files}.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
