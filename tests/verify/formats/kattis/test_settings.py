import pytest

from stepsmith.core.errors import CaseError
from stepsmith.verify.formats.kattis.settings import read_settings, read_text, read_yaml
from stepsmith.verify.formats.problems import UnsupportedError

NEW = "problem_format_version: 2025-09\n"


def _settings(tmp_path, text, **files):
    (tmp_path / "problem.yaml").write_text(text)
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    return read_settings(tmp_path)


def test_legacy_defaults(tmp_path):
    settings = _settings(tmp_path, "name: Sum\n")
    assert settings.legacy
    assert (settings.types, settings.custom) == (("pass-fail",), False)
    assert (settings.time_limit_s, settings.time_multiplier, settings.memory_mb, settings.output_mb) == (
        None,
        5,
        2048,
        8,
    )


def test_current_defaults(tmp_path):
    settings = _settings(tmp_path, NEW)
    assert not settings.legacy
    assert (settings.custom, settings.time_multiplier, settings.time_resolution_s) == (None, 2.0, 1.0)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        (
            "validation: default\nvalidator_flags: float_tolerance 1e-4\n",
            "validator_flags",
            ("float_tolerance", "1e-4"),
        ),
        ("validation: custom\n", "custom", True),
        ("validation: custom interactive\n", "types", ("pass-fail", "interactive")),
        ("type: scoring\n", "types", ("scoring",)),
        ("limits: {memory: 512, time_multiplier: 3}\n", "memory_mb", 512),
        ("limits: {memory: 2 GB}\n", "memory_mb", 2048),
        ("limits: {time_multiplier: 3}\n", "time_multiplier", 3.0),
        ("limits: {output: 64}\n", "output_mb", 64),
        ("problem_format_version: legacy-icpc\n", "legacy", True),
        (NEW + "type: [pass-fail, multi-pass]\nlimits: {validation_passes: 3}\n", "passes", 3),
        (NEW + "type: multi-pass interactive\n", "types", ("multi-pass", "interactive")),
        (NEW + "type: multi-pass\n", "passes", 2),
        (NEW + "limits:\n  time_limit: 1.5\n  time_resolution: 0.5\n", "time_limit_s", 1.5),
        (NEW + "limits: {time_multipliers: {ac_to_time_limit: 4}}\n", "time_multiplier", 4.0),
        (NEW.replace("2025-09", "2023-07-draft"), "legacy", False),
        ("name: x\nfoo: 1\nlimits: {bar: 2}\n", "unknown", ("problem.yaml: foo", "problem.yaml: limits.bar")),
    ],
)
def test_what_is_asked_for_is_read(tmp_path, text, name, value):
    assert getattr(_settings(tmp_path, text), name) == value


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({".timelimit": "2\n"}, 2.0),
        ({"domjudge-problem.ini": "probid = x\ntimelimit='3.5'\n"}, 3.5),
        ({"domjudge-problem.ini": "probid = x\n"}, None),
    ],
)
def test_time_limits_of_other_tools(tmp_path, files, limit):
    assert _settings(tmp_path, "name: x\n", **files).time_limit_s == limit


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("problem_format_version: 2031-01\n", "'2031-01'; served are legacy and 2025-09"),
        (NEW + "type: submit-answer\n", "submit-answer"),
        (NEW + "type: telepathic\n", "problem type telepathic"),
        ("validation: custom score\n", "gives scores"),
        ("validation: magic\n", "validation: magic"),
        ("type: scoring\nvalidation: custom\n", "scores are not computed"),
        ("limits: {validation_time: 120}\n", "validation_time 120 s; the judge gives 30 s"),
        ("limits: {validation_memory: 8 GB}\n", "validation_memory 8192 MB"),
        (NEW + "allow_file_writing: true\n", "allow_file_writing"),
    ],
)
def test_what_is_not_served_is_named(tmp_path, text, words):
    with pytest.raises(UnsupportedError, match=words):
        _settings(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("limits: {memory: lots}\n", "memory limit 'lots' cannot be read"),
        ("limits: {time_multiplier: often}\n", "time_multiplier is not a number"),
        ("limits: {time_multiplier: 0}\n", "must be above 0"),
        ("limits: plenty\n", "limits is not a mapping"),
        ("name: [a\n", "not YAML"),
        ("- a\n- b\n", "not a mapping"),
        ("validation: [custom]\n", "validation is not text"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text, words):
    with pytest.raises(CaseError, match=words):
        _settings(tmp_path, text)


def test_constants_are_put_in(tmp_path):
    settings = _settings(tmp_path, NEW + "constants:\n  n: 7\n  big: {value: 1000, tex: '1\\,000'}\n")
    (tmp_path / "a.txt").write_text("{{n}} {{n.value}} {{big}} {{big.tex}} {{other}} { {n} }")
    assert read_text(tmp_path / "a.txt", settings.constants) == "7 7 1000 1\\,000 {{other}} { {n} }"
    assert read_text(tmp_path / "a.txt").startswith("{{n}}")


def test_scalars_stay_as_they_are_written(tmp_path):
    (tmp_path / "a.yaml").write_text("args: [float_tolerance, 1.0e-6, 1e-9, yes, 010, ~]\nempty:\n")
    assert read_yaml(tmp_path / "a.yaml") == {
        "args": ["float_tolerance", "1.0e-6", "1e-9", "yes", "010", "~"],
        "empty": "",
    }
    (tmp_path / "b.yaml").write_bytes(b"\xff")
    with pytest.raises(CaseError, match="not UTF-8"):
        read_yaml(tmp_path / "b.yaml")
