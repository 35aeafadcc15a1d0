"""Every prompt of the feature tree and of the two stages, rendered: what docs/prompts-two-stage.md shows.

`python -m tests.synth.two_stage.examples` writes the page anew; the difference is what a change of a template does.
"""

from pathlib import Path

from stepsmith.core.records import Limits
from stepsmith.core.stats import pass_rate
from stepsmith.prompts.library import PromptLibrary, fenced
from stepsmith.synth.draft import FailedAttempt
from stepsmith.synth.generators import KINDS, MEMORY_MB
from stepsmith.synth.tree.tree import CATEGORIES
from stepsmith.synth.two_stage.filters import least_words
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.teacher import Corrected

PAGE = Path(__file__).resolve().parents[3] / "docs" / "prompts-two-stage.md"
BEGIN = "<!-- What follows is written by `python -m tests.synth.two_stage.examples`. -->"

LEAVES = [
    "algorithm/sorting/gaps/widest gap",
    "data structure/heap/lazy deletion/stale entries",
    "problem type/simulation/event queue/timers",
]
STRATEGY = (
    "Lamps are switched on for a while each; a switch-on prolongs one that is lit. Asked is the longest dark time. "
    "Going through the events in order with lapsed entries passed over takes O(n log n); to mark seconds is too slow."
)
FAILED = FailedAttempt("printed 4 where 3 is right on input 2, '2\\n1 3\\n'", "```python\nprint(4)\n```")
LAST = "# Lamps\n\nA street has lamps ...\n"
EXCERPT = "algorithm\n  searching\n  sorting\n    gaps\n      widest gap\n    median\n"


def examples(library: PromptLibrary) -> dict[str, tuple[str, str]]:
    """Heading → (template, prompt)."""
    settings = TwoStageSettings()
    nothing = {
        "last": "", "direction": "new", "rate": None, "solved": (), "failed": (), "environment": "induction",
        "shown_inputs": "", "aim": None, "corrected": (), "refuted": (),
    }  # fmt: skip
    harder = {
        "last": LAST, "direction": "harder", "rate": pass_rate(29, 32), "solved": ("```python\nprint(1)\n```",),
        "failed": (FAILED,), "environment": "induction", "shown_inputs": "", "aim": (0.35, 0.65),
        "corrected": (Corrected("2\n1 3", "4", "3"),), "refuted": ("print(int(input()) + 1)\n",),
    }  # fmt: skip
    plan = {"leaves": LEAVES, "draw": 4071}
    uses = [{"feature": leaf, "use": "Makes the solver think."} for leaf in LEAVES]
    statement = {
        "uses": uses, "strategy": STRATEGY, "samples": settings.samples, "time_limit": settings.time_limit_s,
        "memory_limit": Limits().memory_mb, "longest": settings.max_input_chars,
        "least_words": least_words(settings.min_statement_tokens),
    }  # fmt: skip
    generator = {
        "kinds": KINDS, "least": settings.generator_cases, "count": settings.generated_inputs,
        "longest": settings.max_input_chars, "time_limit": settings.generator_time_s, "memory_limit": MEMORY_MB,
    }  # fmt: skip
    asked: list[tuple[str, str, dict[str, object]]] = [
        ("Features of snippets", "features/extract", {"categories": CATEGORIES, "snippets": ["a.sort()", "x = y[0]"]}),
        (
            "Evolution of the tree",
            "features/evolve",
            {"excerpt": EXCERPT, "targets": ["algorithm/sorting/gaps"], "breadth": 2, "depth": 2},
        ),
        ("A request for repair: features", "features/repair", {"detail": "Expected `array`, got `str` - at `$.nodes`"}),
        ("Stage 1", "two_stage/plan", {**plan, **nothing, "least": 2, "most": 4, "keep": []}),
        ("Stage 1, harder", "two_stage/plan", {**plan, **harder, "least": 3, "most": 3, "keep": LEAVES[:2]}),
        (
            "Stage 1, easier, not measured",
            "two_stage/plan",
            {**plan, **nothing, "last": LAST, "direction": "easier", "least": 1, "most": 1, "keep": []},
        ),
        (
            "Stage 1, as hard",
            "two_stage/plan",
            {**plan, **harder, "direction": "sideways", "least": 2, "most": 2, "keep": LEAVES[:1]},
        ),
        *(
            (f"Stage 2: {style}", "two_stage/statement", {**statement, **nothing, "style": style})
            for style in ("codeforces", "atcoder", "leetcode")
        ),
        ("Stage 2, harder", "two_stage/statement", {**statement, **harder, "style": "atcoder"}),
        ("Inputs by prompting", "two_stage/inputs", {"statement": LAST, "count": 15, "function": False}),
        ("Inputs by prompting: a function", "two_stage/inputs", {"statement": LAST, "count": 15, "function": True}),
        ("Inputs by a program", "two_stage/generator", {**generator, "statement": LAST, "function": False}),
        ("Inputs by a program: a function", "two_stage/generator", {**generator, "statement": LAST, "function": True}),
        ("To a solver", "two_stage/solve", {"problem": LAST}),
        ("A request for repair", "two_stage/repair", {"detail": "the statement names a method: 'binary search'"}),
    ]
    return {heading: (template, library.render(template, **values)) for heading, template, values in asked}


def rendered(library: PromptLibrary) -> str:
    """The generated part of the page."""
    parts = [BEGIN, ""]
    for heading, (template, text) in examples(library).items():
        parts += [f"### {heading}", "", f"`{template}.md.j2`", "", fenced(text, "text"), ""]
    return "\n".join(parts)


def shown_on_page() -> str:
    """The generated part as it stands on the page."""
    return BEGIN + PAGE.read_text().partition(BEGIN)[2]


if __name__ == "__main__":
    by_hand = PAGE.read_text().partition(BEGIN)[0]
    PAGE.write_text(by_hand + rendered(PromptLibrary()))
