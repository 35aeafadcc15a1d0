"""``python -m stepsmith.synth.grammar.show``: read one generated problem at the terminal."""

import argparse
import random

from stepsmith.core.records import Style
from stepsmith.synth.grammar.compose import compose
from stepsmith.synth.grammar.composition import difficulty, evaluate
from stepsmith.synth.grammar.formats import format_answer, format_case
from stepsmith.synth.grammar.inputs import make_inputs
from stepsmith.synth.grammar.program import render_program
from stepsmith.synth.grammar.samples import sample_cases
from stepsmith.synth.grammar.statement import interface_of, write_statement
from stepsmith.synth.grammar.variants import wrong_variants
from stepsmith.synth.seeds import SeedSource
from stepsmith.synth.signals import read_signals

SHOWN = 100  # characters of an input


def main() -> None:
    """Print a statement, its program, its inputs and its wrong variants."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--style", choices=("codeforces", "atcoder", "leetcode"), default="codeforces")
    parser.add_argument("--profile", choices=("contest", "micro"), default="contest")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--text-only", action="store_true", help="the statement alone")
    options = parser.parse_args()
    style: Style = options.style
    rng = random.Random(options.seed)
    seed = SeedSource().window(rng)
    composition = compose(rng, read_signals(seed), profile=options.profile, steps=options.steps)
    interface = interface_of(style) if options.profile == "contest" else "function"
    samples = [
        (format_case(composition, interface, case),
         format_answer(composition.answer, interface, evaluate(composition, case)))
        for case in sample_cases(rng, composition)
    ]  # fmt: skip
    statement = write_statement(composition, style, samples)
    print(f"# {statement.title}\n\n{statement.text}")
    if options.text_only:
        return
    print(f"{statement.starter_code}\n--- seed {seed.ref}; difficulty {difficulty(composition):.2f}")
    for use in composition.uses():
        print(f"    {use.name} {dict(use.params)} <- {use.signal or 'free choice'} {list(use.seed_lines)[:8]}")
    print(f"\n--- program\n{render_program(composition, interface)}\n--- inputs")
    for item in make_inputs(rng, composition):
        print(f"{item.kind:9} {format_case(composition, interface, item.case)[:SHOWN]!r}")
    print("\n--- wrong")
    for variant in wrong_variants(composition, interface, rng):
        print(f"    {variant.feature}: {variant.label}")


if __name__ == "__main__":
    main()
