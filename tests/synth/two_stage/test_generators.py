import pytest

from stepsmith.synth.generators import run_generator

HEAD = "import json, random, sys, time\n"
CYARON = (
    HEAD
    + """import cyaron
random.seed(int(sys.argv[1]))
for kind in ("nominal", "complex", "boundary", "stress", "adversarial"):
    n = cyaron.randint(3, 9)
    tree = cyaron.Graph.tree(n)
    lines = [str(n)] + [f"{e.start} {e.end}" for e in tree.iterate_edges()]
    print(json.dumps({"kind": kind, "input": "\\n".join(lines)}))
"""
)


def test_a_cyaron_program_runs_in_the_sandbox_with_a_seed(judge):
    pytest.importorskip("cyaron")
    one = run_generator(judge, CYARON, 1, "stdio")
    assert one.reason == ""
    assert [item.kind for item in one.inputs] == ["nominal", "complex", "boundary", "stress", "adversarial"]
    for item in one.inputs:
        n, *edges = item.text.splitlines()
        assert len(edges) == int(n) - 1
        assert item.text.endswith("\n")
    assert run_generator(judge, CYARON, 1, "stdio") == one
    assert run_generator(judge, CYARON, 2, "stdio").inputs != one.inputs


def test_arguments_of_functions_and_lines_that_are_none(judge):
    code = HEAD + (
        "print(json.dumps({'kind': 'stress', 'input': [[1, 2], 'a', None]}))\n" * 2
        + "print('rubbish')\nprint(json.dumps({'kind': 'odd', 'input': [1]}))\n"
        + "print(json.dumps({'kind': 'nominal', 'input': ['x' * 99]}))\n"
    )
    run = run_generator(judge, code, 0, "function", longest=50)
    assert [(item.kind, item.text) for item in run.inputs] == [("stress", "([1, 2], 'a', None)")]
    assert (run.unreadable, run.too_long, run.runs) == (2, 1, 2)


@pytest.mark.parametrize(
    ("body", "reason", "word"),
    [
        ("raise SystemExit('no tree today')", "generator-fails", "no tree today"),
        ("while True: pass", "generator-fails", "TLE"),
        ("def (", "generator-fails", "CE"),
        ("print(json.dumps({'kind': 'nominal', 'input': str(time.time_ns())}))", "generator-unseeded", "same seed"),
        ("print('1 2 3')", "generator-unreadable", "none of the 1 lines"),
        ("print(json.dumps({'kind': 'stress', 'input': '1' * 200001}))", "inputs-too-long", "longer than 200000"),
        ("open('/etc/passwd').read()", "generator-fails", ""),
    ],
)
def test_a_generator_that_cannot_be_used(judge, body, reason, word):
    run = run_generator(judge, HEAD + body, 0, "stdio", time_s=0.3)
    assert run.reason == reason
    assert word in run.detail
    assert run.inputs == ()
