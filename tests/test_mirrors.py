"""Tests mirror the source: who changes a module finds its tests by its path.

``src/stepsmith/a/b.py`` is tested by ``tests/a/test_b.py`` (or ``test_b_cli.py``), or by tests in ``tests/a`` that
import it by name. A module whose tests are elsewhere is listed below, with the reason.
"""

import ast
from pathlib import Path

import stepsmith

SOURCE = Path(stepsmith.__file__).parent
TESTS = Path(__file__).parent

# Test file -> why it tests these modules, and the modules. Keep it short: a test beside its module is better.
ELSEWHERE: dict[str, tuple[str, str]] = {
    "audit/rewards/checks/test_broken.py": (
        "every check of rewards, over the table of rewards that are broken on purpose",
        "audit/reward_kinds audit/rewards/programs audit/rewards/cheating_programs audit/rewards/spellings "
        "audit/rewards/checks/batches audit/rewards/checks/cheats "
        "audit/rewards/checks/comparing audit/rewards/checks/faults "
        "audit/rewards/checks/isolation audit/rewards/checks/numbers audit/rewards/checks/spelling "
        "audit/rewards/checks/tests_missing audit/rewards/checks/trivial",
    ),
    "audit/rewards/test_ours.py": (
        "whole audits of our own rewards",
        "audit/rewards/caller audit/rewards/subject audit/rewards/specimens",
    ),
    "audit/rewards/test_hosted.py": (
        "programs for the process of a reward, which is called from outside",
        "audit/rewards/hosting/host audit/rewards/hosting/faults",
    ),
    "cli/test_audit_reward.py": ("the command, which makes the whole audit", "audit/rewards/auditing"),
    "benchmarks/test_data.py": (
        "every benchmark is read through the table",
        "benchmarks/benchmark benchmarks/evalplus benchmarks/evalplus_inputs benchmarks/fields benchmarks/humaneval "
        "benchmarks/mbpp",
    ),
    "benchmarks/test_harness.py": (
        "runs inside the sandbox, where it cannot be called",
        "benchmarks/files/endless benchmarks/files/harness benchmarks/files/run_check",
    ),
    "benchmarks/test_judging.py": (
        "runs inside the sandbox, where it cannot be called",
        "benchmarks/files/run_inputs",
    ),
    "benchmarks/rules/test_running.py": (
        "one table of cases over all rule sets, and what runs inside the sandbox",
        "benchmarks/rules/differences benchmarks/rules/rule_sets benchmarks/files/run_tests",
    ),
    "cli/test_evaluate_elsewhere.py": (
        "the commands",
        "evaluate/inspect_task evaluate/lm_eval evaluate/reconciling evaluate/files/inspect_task",
    ),
    "cli/test_evaluate.py": ("the command", "evaluate/contamination evaluate/session"),
    "envs/test_environments.py": (
        "the laws of every environment, over the table ENVIRONMENTS",
        "envs/environment envs/induction",
    ),
    "judge/checkers/test_checkers.py": (
        "one table of cases over all checkers, through `compare`, as the judge calls them",
        "judge/checkers/builtin judge/checkers/flags judge/checkers/literal judge/checkers/result "
        "judge/checkers/tokens judge/checkers/unordered",
    ),
    "judge/languages/test_languages.py": (
        "one table of programs over all languages",
        "judge/languages/javascript judge/languages/pypy judge/languages/python",
    ),
    "judge/test_conformance.py": ("the laws of the protocol, over every judge", "judge/protocol"),
    "llm/test_client.py": ("asks through the protocol", "llm/protocol"),
    "cli/test_terminal.py": ("every command with files and terminals that are odd", "core/files"),
    "train/verl/test_rendering.py": (
        "renders whole folders by the command and reads them as verl does",
        "train/verl/hydra train/verl/files/stepsmith_hooks",
    ),
    "exports/test_table.py": (
        "every form by the command, and its card",
        "cli/export exports/bundle exports/card exports/whole",
    ),
    "cluster/test_executor.py": (
        "one cluster of two nodes for everything that runs on Ray",
        "pipeline/cluster_models cli/cluster_view cli/executor",
    ),
    "pipeline/test_planning.py": ("the command, too", "cli/plan"),
    "store/test_shards.py": ("the command, too", "cli/shards"),
    "exports/test_importing.py": ("the command, too", "cli/imports"),
    "exports/test_kattis_package.py": (
        "both versions of the package, read back",
        "exports/kattis_legacy exports/kattis_2025",
    ),
    "exports/test_servers.py": (
        "the packages that ask a judge server",
        "exports/verifiers exports/nemo_gym exports/files/verifiers/init exports/files/verifiers/taskset "
        "exports/files/nemo_gym/app",
    ),
    "exports/test_harbor.py": ("grades as in a container", "exports/files/harbor/grade"),
    "exports/test_forms.py": ("all forms of rows, read back", "exports/trl"),
    "synth/llm/test_path.py": (
        "synthesis from the command to the data set, with scripted models",
        "pipeline/forecast pipeline/endpoint_roles synth/llm/solvers",
    ),
    "pipeline/test_synthesis.py": (
        "whole runs, whose problems are then checked",
        "pipeline/chain pipeline/counting pipeline/building pipeline/machine pipeline/stage_times synth/draft "
        "synth/simulated",
    ),
    "synth/test_seeds.py": ("seeds are read from files through their source", "synth/seed_files"),
    "pipeline/test_training.py": ("whole trainings, through `train`", "pipeline/training_run"),
    "sandbox/test_hostile.py": (
        "runs inside the sandbox, where it cannot be called: programs attack it",
        "sandbox/confinement sandbox/folder sandbox/memory_kills sandbox/namespaces sandbox/native_loop "
        "sandbox/python_child sandbox/solution sandbox/supervisor sandbox/task sandbox/warm_up sandbox/wire "
        "sandbox/zygote",
    ),
    "sandbox/test_like_python.py": (
        "programs under plain python3 and in the sandbox come out alike",
        "sandbox/devices sandbox/finalizing sandbox/values",
    ),
    "serve/test_apis.py": (
        "each API by the requests of its clients",
        "serve/code_judge serve/codeforces serve/ioi serve/native serve/openapi serve/piston serve/sandbox_fusion",
    ),
    "synth/grammar/test_statement.py": (
        "whole statements of random compositions",
        "synth/grammar/constraints synth/grammar/describe synth/grammar/show synth/grammar/stdio_text",
    ),
    "synth/grammar/catalog/laws.py": (
        "the laws of every feature",
        "synth/grammar/feature synth/grammar/graph_values synth/grammar/catalog/graph_shapes "
        "synth/grammar/catalog/micro synth/grammar/catalog/shapes",
    ),
    "synth/test_recall.py": ("a draft from a problem, for the teachers that can", "synth/llm/from_problem"),
    "synth/two_stage/test_generators.py": ("generators are written by models alone", "synth/generators"),
    "synth/tree/test_operations.py": ("extraction and evolution share them", "synth/tree/asking synth/tree/homes"),
    "train/test_cheats.py": ("policies that cheat, of which some must be noticed", "train/held_back"),
}  # fmt: skip


def modules() -> set[str]:
    """Modules as paths without their ending. A package's ``__init__`` has no behaviour of its own."""
    paths = [path.relative_to(SOURCE).with_suffix("") for path in SOURCE.rglob("*.py")]
    return {path.as_posix() for path in paths if path.name not in ("__init__", "__main__")}


def imported(folder: Path) -> set[str]:
    """Modules of the source that the files under ``folder`` import by name."""
    found = set()
    for path in folder.rglob("*.py") if folder != TESTS else folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    return {name.removeprefix("stepsmith.").replace(".", "/") for name in found if name.startswith("stepsmith.")}


def without_a_mirror() -> set[str]:
    names = modules()
    assert len(names) > 300, "the source was not found"
    of_folder = {folder: imported(TESTS / folder) for folder in {str(Path(name).parent) for name in names}}
    return {
        name
        for name in names
        if name not in of_folder[str(Path(name).parent)]
        and not any((TESTS / Path(name).parent / f"test_{Path(name).name}{end}.py").exists() for end in ("", "_cli"))
    }


def test_every_package_has_a_package_of_tests() -> None:
    packages = [path.parent.relative_to(SOURCE) for path in SOURCE.rglob("__init__.py")]
    missing = [str(package) for package in packages if not list((TESTS / package).rglob("test_*.py"))]
    assert missing == []


def test_every_module_has_its_tests_where_one_looks_for_them() -> None:
    listed = {name for _, names in ELSEWHERE.values() for name in names.split()}
    assert without_a_mirror() - listed == set(), "add tests/FOLDER/test_MODULE.py"
    assert listed <= modules(), "these modules are gone: take them out of the list"


def test_the_listed_test_files_are_there() -> None:
    assert [name for name in ELSEWHERE if not (TESTS / name).exists()] == []
