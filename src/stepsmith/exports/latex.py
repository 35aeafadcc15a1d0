"""Statements as LaTeX: the little Markdown that they use, and formulas as they are."""

import re

_SPECIAL = {
    **{c: f"\\{c}" for c in "%&#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
}


def latex(markdown: str) -> str:
    """Return LaTeX for the Markdown of a statement: headings, lists, code, emphasis, and formulas as they are."""
    lines: list[str] = []
    in_code = in_list = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            in_code = not in_code
            lines.append(r"\begin{verbatim}" if in_code else r"\end{verbatim}")
        elif in_code:
            lines.append(line)
        else:
            item = re.match(r"\s*[-*] +(.*)", line)
            if bool(item) != in_list and (item or line.strip()):
                lines.append(r"\begin{itemize}" if item else r"\end{itemize}")
                in_list = bool(item)
            heading = re.match(r"#+ +(.*)", line)
            lines.append(
                f"\\section*{{{latex_text(heading[1])}}}"
                if heading
                else (r"\item " if item else "") + latex_text(item[1] if item else line)
            )
    return "\n".join([*lines, *([r"\end{itemize}"] if in_list else [])]) + "\n"


def latex_text(text: str) -> str:
    """Return one line of Markdown as LaTeX. What stands between dollar signs is LaTeX already."""
    parts = re.split(r"(\$\$[^$]+\$\$|\$[^$\s](?:[^$]*[^$\s])?\$|`[^`]+`|\*\*[^*]+\*\*)", text)
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if part.startswith("$") and part.endswith("$") and len(part) > 1:
        return part
    if part.startswith("`"):
        return f"\\texttt{{{_escaped(part[1:-1])}}}"
    if part.startswith("**"):
        return f"\\textbf{{{_escaped(part[2:-2])}}}"
    return _escaped(part)


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text).replace("$", r"\$")
