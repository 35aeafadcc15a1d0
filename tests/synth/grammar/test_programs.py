"""Laws over random compositions: programs, their brute forces, their mistakes, inputs, formats and validators agree."""

import random
from collections import Counter

import pytest

from stepsmith.synth.grammar.compose import compose
from stepsmith.synth.grammar.composition import evaluate, total_work, trace
from stepsmith.synth.grammar.formats import format_answer, format_case, parse_case
from stepsmith.synth.grammar.inputs import KIND_OF_SIZE, draw_case, make_inputs
from stepsmith.synth.grammar.program import entry_point, render_program, starter_code
from stepsmith.synth.grammar.validator import argument_names, validator_program
from stepsmith.synth.grammar.values import contains
from stepsmith.synth.grammar.variants import brute_force, right_variants, wrong_variants

from .conftest import Drawn
from .running import accepts, output_of


def small_cases(composition, count: int = 6) -> list:
    rng = random.Random(composition.id)
    return [draw_case(rng, composition, rng.choice(["edge", "small"])) for _ in range(count)]


def test_every_right_program_gives_the_answer(compositions: list[Drawn]) -> None:
    for composition, interface in compositions:
        for case in small_cases(composition):
            wanted = format_answer(composition.answer, interface, evaluate(composition, case))
            for variant in right_variants(composition, interface):
                got = output_of(variant.code, composition, interface, case, entry_point(composition))
                assert got == wanted, (variant.label, case)


def test_every_value_on_the_way_lies_in_its_domain(compositions: list[Drawn]) -> None:
    for composition, _ in compositions:
        domains = composition.domains()
        for case in small_cases(composition):
            for domain, value in zip(domains, trace(composition, case), strict=True):
                assert contains(domain, value), (composition.steps, domain, value)


def test_programs_look_written_by_hand(compositions: list[Drawn]) -> None:
    for composition, interface in compositions:
        program = render_program(composition, interface)
        assert '"""' not in program
        defined = [line.split("(")[0] for line in program.split("\n") if line.startswith("def ")]
        assert len(defined) == len(set(defined))
        assert program.endswith("\n")
        assert "\n\n\n\n" not in program
        assert "_slow" not in "".join(variant.code for variant in right_variants(composition, interface))


def test_a_feature_that_occurs_twice_has_one_helper_or_two_names() -> None:
    found = 0
    for seed in range(400):
        composition = compose(random.Random(seed), steps=4)
        names = Counter(step.feature for step in composition.steps)
        twice = [n for n, c in names.items() if c > 1 and callable(composition.features[0].code)]
        if not twice:
            continue
        found += 1
        for picks in (["code"] * 4, ["code", "slow", "code", "code"]):
            if len(composition.steps) == 4 and all(
                pick == "code" or feature.slow for pick, feature in zip(picks, composition.features, strict=True)
            ):
                compile(render_program(composition, "stdio", picks), "p", "exec")
        if found == 3:
            return
    assert found


def test_wrong_programs_differ_from_the_right_one_and_from_each_other(compositions: list[Drawn]) -> None:
    told_apart = 0
    for composition, interface in compositions:
        wrong = wrong_variants(composition, interface, random.Random(1))
        codes = [variant.code for variant in wrong]
        assert len(codes) == len(set(codes))
        assert not set(codes) & {variant.code for variant in right_variants(composition, interface)}
        assert all(variant.label and variant.feature for variant in wrong)
        cases = small_cases(composition, 10)
        wanted = [format_answer(composition.answer, interface, evaluate(composition, case)) for case in cases]
        for variant in wrong[:4]:
            told_apart += any(
                fails(variant.code, composition, interface, c, w) for c, w in zip(cases, wanted, strict=True)
            )
    assert told_apart > 2.5 * len(compositions)  # most mistakes show on ten small inputs


def fails(code: str, composition, interface: str, case, wanted: str) -> bool:
    try:
        return output_of(code, composition, interface, case, entry_point(composition)) != wanted
    except Exception:
        return True


def test_there_are_brute_forces_and_they_are_other_programs(compositions: list[Drawn]) -> None:
    slow = [brute_force(composition, interface) for composition, interface in compositions]
    assert sum(code is not None for code in slow) > 0.9 * len(compositions)
    assert all(code != render_program(c, i) for code, (c, i) in zip(slow, compositions, strict=True))


def test_inputs_are_distinct_valid_and_of_every_kind(compositions: list[Drawn]) -> None:
    for composition, interface in compositions[:40]:
        inputs = make_inputs(random.Random(7), composition)
        texts = [format_case(composition, interface, item.case) for item in inputs]
        assert len(set(texts)) == len(texts)
        assert {item.kind for item in inputs} == set(KIND_OF_SIZE.values())
        assert inputs == make_inputs(random.Random(7), composition)
        validator = validator_program(composition, interface)
        for item, text in zip(inputs, texts, strict=True):
            assert parse_case(composition, interface, text) == item.case
            if len(text) < 3000:
                assert accepts(validator, composition, interface, text), text


def test_validators_agree_with_the_domains_on_spoilt_inputs(compositions: list[Drawn]) -> None:
    """Take a valid input, change one token, and compare the validator with ``contains``."""
    rng = random.Random(11)
    verdicts = Counter()
    for composition, interface in compositions:
        validator = validator_program(composition, interface)
        for case in small_cases(composition, 4):
            text = spoilt(rng, format_case(composition, interface, case))
            try:
                parsed = parse_case(composition, interface, text)
                laid_out = interface == "function" or format_case(composition, interface, parsed) == text
                valid = laid_out and all(contains(d, v) for d, v in zip(composition.case_domains, parsed, strict=True))
            except (ValueError, IndexError):
                valid = False
            try:
                accepted = accepts(validator, composition, interface, text)
            except (TypeError, SyntaxError, ValueError):  # no argument tuple of this arity, or none at all
                accepted = False
            assert accepted == valid, (composition.sources, text)
            verdicts[valid] += 1
    assert min(verdicts.values()) > 20


def spoilt(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    change = rng.choice(["drop", "double", "digit", "huge", "blank"])
    if change == "drop":
        return text[:at] + text[at + 1 :]
    if change == "double":
        return text[:at] + text[at] + text[at:]
    if change == "blank":
        return text[:at] + " " + text[at:]
    digits = [i for i, c in enumerate(text) if c.isdigit()]
    if not digits:
        return text + "x\n"
    at = rng.choice(digits)
    return text[:at] + (str(rng.randint(0, 9)) if change == "digit" else "99999999999") + text[at + 1 :]


@pytest.mark.parametrize("text", ["", "1\n", "\n\n\n", "x y z\n", "1 2 3\n4 5\n", "()", "nothing"])
def test_other_texts_are_refused_not_crashed_on(compositions: list[Drawn], text: str) -> None:
    for composition, interface in compositions[:20]:
        try:
            case = parse_case(composition, interface, text)
        except ValueError:
            continue
        assert len(case) == len(composition.case_domains)


def test_boundary_inputs_show_more_than_the_first_draws(compositions: list[Drawn]) -> None:
    told, drawn, silent, silent_drawn = 0, 0, 0, 0
    for composition, interface in compositions:
        chosen = [item.case for item in make_inputs(random.Random(5), composition) if item.kind == "boundary"]
        assert len(chosen) == 3
        assert all(contains(d, v) for case in chosen for d, v in zip(composition.case_domains, case, strict=True))
        first = [draw_case(random.Random(f"edge {k}"), composition, "edge") for k in range(3)]
        wrong = wrong_variants(composition, interface, random.Random(1))[:6]
        by_chosen, by_first = (killed_by(cases, wrong, composition, interface) for cases in (chosen, first))
        told, drawn = told + by_chosen, drawn + by_first
        silent, silent_drawn = silent + (by_chosen == 0), silent_drawn + (by_first == 0)
    assert told > 1.1 * drawn
    assert silent < 0.8 * silent_drawn


def killed_by(cases: list, wrong: list, composition, interface: str) -> int:
    wanted = [format_answer(composition.answer, interface, evaluate(composition, case)) for case in cases]
    return sum(
        any(fails(variant.code, composition, interface, c, w) for c, w in zip(cases, wanted, strict=True))
        for variant in wrong
    )


def test_the_reference_program_stays_within_its_work(compositions: list[Drawn]) -> None:
    for composition, _ in compositions:
        if composition.profile == "contest":
            assert total_work(composition.steps, composition.domains()) <= 120_000


def test_signature_and_arguments_belong_together(compositions: list[Drawn]) -> None:
    for composition, _ in compositions:
        stub = starter_code(composition)
        names = [part.split(":")[0].strip() for part in stub[stub.index("(") + 1 : stub.index(")")].split(", ")]
        assert tuple(names) == argument_names(composition)
        assert stub.startswith(f"def {entry_point(composition)}(")
