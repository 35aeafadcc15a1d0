import msgspec

from stepsmith.core.records import Contract, Example, Solution, TestCase, Verdict
from stepsmith.store import dataset
from stepsmith.verify.formats.reading import ProblemSource, count_problems, read_problems
from stepsmith.verify.verifier import VerifyOptions, verify_problem
from tests.records import a_problem

ATCODER = """Print twice N, the number of stones.

## Input

The input is given from Standard Input in the following format:

```
N
```

## Output

Print the answer on one line.

## Examples

### Input

```
3
```

### Output

```
6
```
"""


def _stored(tmp_path, *problems):
    dataset.write_rows(tmp_path / "problems.parquet", dataset.PROBLEM_SCHEMA, map(dataset.problem_row, problems))
    return ProblemSource(tmp_path)


def test_our_own_data_sets_can_be_verified_again(tmp_path, local_judge):
    problem = a_problem(
        validator="def validate(nums):\n    return len(nums) < 9\n",
        examples=(Example(input="([1, 2],)", output="2"), Example(input="([4],)", output="4")),
    )
    source = _stored(tmp_path, problem, problem)
    assert count_problems(source) == 2
    found, _ = read_problems(source)
    assert found == next(read_problems(ProblemSource(tmp_path / "problems.parquet")))
    assert found.problem_id == problem.id
    assert [c.verdict for c in found.candidates] == [Verdict.AC, Verdict.WA]
    report = verify_problem(found, local_judge, VerifyOptions())
    assert report.status == "accepted"
    assert report.audit.confirmed == len(problem.tests)
    assert report.audit.verdict_mismatches == ()


def test_examples_are_those_that_were_recorded(tmp_path, local_judge):
    """The statement describes its input under headings that look like an example's."""
    tests = tuple(TestCase(input=f"{n}\n", output=f"{2 * n}\n") for n in (3, 4, 7, 8))
    problem = msgspec.structs.replace(
        a_problem(),
        statement=ATCODER,
        contract=Contract(interface="stdio"),
        tests=tests,
        examples=(Example(input="3\n", output="6\n"),),
        golden=Solution(language="python", code="print(2 * int(input()))\n"),
        wrong=(),
    )
    (found,) = read_problems(_stored(tmp_path, problem))
    assert found.examples == problem.examples
    report = verify_problem(found, local_judge, VerifyOptions(strength=False))
    assert (report.status, report.reason) == ("accepted", "")
    unshown = msgspec.structs.replace(problem, examples=())
    (found,) = read_problems(_stored(tmp_path, unshown))
    assert found.examples == ()
