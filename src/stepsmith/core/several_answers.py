"""The words with which a statement says, or lets be understood, that several answers to one input are right."""

import re

_TELL = r"(?:print|output|return|give|report|list|construct|produce)s?"
_NOT = r"(?<!not )(?<!n't )(?<!never )(?<!without )"
_BEST = (
    r"shortest|longest|cheapest|smallest|largest|lightest|heaviest|fastest|minimal|maximal|minimum|maximum|optimal|best"
    r"|valid|feasible|correct|suitable|possible"
)
# The best number is a single answer, even if several solutions reach it.
_AMOUNT = r"numbers?|integers?|values?|lengths?|costs?|sums?|counts?|times?|amounts?|totals?|sizes?|scores?|prices?"

# "print any", "any of them is accepted", "print the edges in any order".
_SAYS_SO = re.compile(
    rf"\b{_NOT}{_TELL}\s+any\b(?!\s+(?:remaining|leftover|other|further|more)\b)"
    rf"|\bany\s+(?:(?:one\s+)?of\s+(?:them|these|those)|(?:{_BEST}|such)\b(?:\s+\w+){{0,2}})\s+"
    r"(?:is|are|will\s+be|would\s+be|may\s+be|can\s+be|counts)\s+(?:as\s+)?(?:accepted|fine|printed|allowed|correct|right)"
    rf"|\b{_NOT}{_TELL}\b[^.\n]{{0,80}}\bin\s+any\s+order\b",
    re.IGNORECASE,
)
# "if there are several answers", "find a shortest sequence": several are right unless the statement says which counts.
_UNLESS_SETTLED = re.compile(
    r"\b(?:multiple|several|many|more\s+than\s+one)\s+(?:\w+\s+){0,2}(?:answers|solutions|outputs)\b"
    rf"|\b{_NOT}(?:find|{_TELL}|determine|choose)\s+(?:(?:me|us|him|her|them|out)\s+)?(?:an?|one|some)\s+"
    rf"(?:\w+\s+)?(?:{_BEST})\s+(?!(?:{_AMOUNT})\b)\w+",
    re.IGNORECASE,
)
_SETTLED = re.compile(
    r"lexicographic|\bties?\s+(?:is|are|goes?)\b|\bbreak(?:s|ing)?\s+ties\b"
    r"|\b(?:several|multiple|many|more\s+than\s+one|tie[sd]?|equal\w*)\b[^.]{0,160}"
    r"\b(?:smaller|smallest|larger|largest|lower|lowest|higher|highest|least|greatest|fewest|first|last|earlier|earliest"
    r"|later|latest|shorter|shortest|longer|longest|leftmost|rightmost|minimum|maximum|counts|wins)\b",
    re.IGNORECASE,
)
# Statements say this of inputs as often as of outputs: it can explain why programs differ, but it is no proof.
_HINTS_AT_IT = re.compile(
    r"\b(?:print|output|return|find|give|report)s?\s+any\b|\bany\s+(?:of\s+them|one\s+of\s+them|valid|such|correct)\b"
    r"|\b(?:find|print|output|return|give|report)s?\s+(?:an?|one|some)\s+(?:pair|triplet|triple|subset|subsequence)\s+"
    r"(?:of\s+\w+\s+)?(?:with|whose|having|that|which)\b"
    r"|\bother\s+(?:answers|solutions|outputs)\s+(?:are|may\s+be|will\s+be)\s+(?:also\s+)?(?:possible|accepted|correct)\b"
    r"|\b(?:in\s+)?(?:any|arbitrary)\s+order\b|\border\s+does\s*(?:n.t|\s+not)\s+matter\b",
    re.IGNORECASE,
)
# The same in other languages; what settles the choice is not read there.
_ELSEWHERE = re.compile(
    r"任意(?:顺序|次序|順序|一|输出|輸出)|(?:多|若干)(?:个|种|组|個|種|組)(?:不同的?)?(?:解|答案|方案)|(?:解|答案|方案)不唯一"
    r"|どれを出力しても|順不同|いずれか一?つ|아무\s*(?:거나|것이나)|여러\s*(?:개|가지)"
    r"|\bлюб(?:ой|ую|ое|ые|ого|ом)\b|\bнескольк\w+\s+(?:\w+\s+)?(?:ответ|решени|вариант)"
    r"|\bcualquier\w*\b|\bqualquer\b|\bqualsiasi\b|\bn['’]importe\s+(?:quel|laquelle|lequel)\w*|\bordre\s+quelconque\b"
    r"|\bbeliebig\w*\b|\birgendein\w*\b|\bvilken\s+som\s+helst\b|\bvalfri\w*\b|\bgodtycklig\w*\b|\bdowoln\w+\b"
    r"|\b(?:plusieurs|varias|várias|diverse|mehrere|flera|kilka)\s+(?:\w+\s+)?(?:réponses|solutions|soluciones|respuestas"
    r"|respostas|soluções|risposte|soluzioni|lösungen|antworten|lösningar|svar|odpowiedzi|rozwiązań)\b",
    re.IGNORECASE,
)


def says_several_answers(statement: str) -> str:
    """Return the words by which ``statement`` allows several answers and does not say which of them counts, or ""."""
    found = _SAYS_SO.search(statement)
    if not found and not _SETTLED.search(statement):
        found = _UNLESS_SETTLED.search(statement)
    return _plain(found)


def hints_at_several_answers(statement: str) -> str:
    """Return such words, or words that may mean the same if programs differ; "" if there are none."""
    return says_several_answers(statement) or _plain(_HINTS_AT_IT.search(statement) or _ELSEWHERE.search(statement))


def _plain(found: re.Match[str] | None) -> str:
    return " ".join(found[0].split()) if found else ""
