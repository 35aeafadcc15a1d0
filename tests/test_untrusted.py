"""No code comes from data: every use of a means that could run it is in a list, with the reason."""

import ast
from pathlib import Path

import stepsmith

SOURCE = Path(stepsmith.__file__).parent
MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "tarfile"}
CALLS = {
    "eval", "exec", "__import__", "import_module", "importlib.import_module", "os.system", "os.popen", "yaml.load",
    "yaml.unsafe_load", "yaml.full_load", "torch.load", "zipfile.ZipFile", "shutil.unpack_archive",
    "zlib.decompress", "gzip.decompress", "gzip.open", "pickle.load", "pickle.loads", "marshal.load", "marshal.loads",
}  # fmt: skip
OPTIONS = {"shell", "trust_remote_code", "allow_pickle"}  # that must not be True

# (file, what) -> why it is not untrusted data, or why that does no harm.
ALLOWED = {
    ("__init__.py", "import_module"): "a constant name",
    ("audit/rewards/hosting/host.py", "importlib.import_module"): "the reward that the user names, in its own process",
    ("benchmarks/files/endless.py", "pickle"): "inside the sandbox; it only writes, to compare states",
    ("benchmarks/files/harness.py", "__import__"): "inside the sandbox, before a program",
    ("benchmarks/files/run_check.py", "exec"): "inside the sandbox",
    ("benchmarks/files/run_inputs.py", "eval"): "inside the sandbox",
    ("benchmarks/files/run_inputs.py", "exec"): "inside the sandbox",
    ("benchmarks/files/run_inputs.py", "marshal"): "inside the sandbox; outside it values stay text",
    ("benchmarks/files/run_inputs.py", "marshal.loads"): "the same",
    ("benchmarks/files/run_inputs.py", "pickle"): "the same",
    ("benchmarks/files/run_inputs.py", "pickle.loads"): "the same",
    ("benchmarks/files/run_tests.py", "exec"): "inside the sandbox",
    ("cli/commands.py", "import_module"): "a name of our own table of commands",
    ("exports/vendored.py", "zipfile.ZipFile"): "writes an archive of our own source",
    ("judge/languages/java.py", "zipfile.ZipFile"): "writes an archive of compiled classes",
    ("report/life.py", "zlib.decompress"): "a run folder of ours",
    ("sandbox/python_child.py", "exec"): "inside the sandbox: it runs the program",
    ("sandbox/values.py", "eval"): "inside the sandbox: it reads a test's input, with no names but constants",
    ("sandbox/wire.py", "marshal"): "from the judge to its own fork server; the way back is parsed as text",
    ("sandbox/wire.py", "marshal.loads"): "the same",
    ("sandbox/zygote.py", "__import__"): "modules of the table of packages, by the judge's own settings",
    ("store/attempts.py", "gzip.open"): "a run folder of ours, read line by line",
    ("store/completion_cache.py", "zlib.decompress"): "our own cache",
    ("store/runfolder.py", "zlib.decompress"): "our own run folder",
    ("synth/grammar/composition.py", "eval"): "text of our own grammar",
    ("view/index.py", "zlib.decompress"): "a run folder of ours",
    ("verify/formats/kattis/settings.py", "yaml.load"): "BaseLoader makes only text, lists and mappings",
}


def uses(path: Path) -> set[str]:
    """Return what a file uses of the means above."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            found.add(str(node.module))
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            found |= {name} & CALLS
            for option in node.keywords:
                trusted = isinstance(option.value, ast.Constant) and option.value.value is False
                if option.arg in OPTIONS and not trusted:
                    found.add(f"{name}({option.arg}=)")
    return found


def test_every_means_to_run_data_is_known() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 300, "the source was not found"
    found = {(path.relative_to(SOURCE).as_posix(), use) for path in files for use in uses(path)}
    assert found - set(ALLOWED) == set(), "is it untrusted data? Then read it another way; else say why in ALLOWED"


def test_yaml_is_read_by_the_loader_that_makes_no_objects() -> None:
    text = (SOURCE / "verify/formats/kattis/settings.py").read_text()
    assert text.count("yaml.load(") == text.count("Loader=yaml.BaseLoader") == 1


def test_tokens_are_compared_in_constant_time() -> None:
    """A comparison with ``==`` ends at the first wrong character, whose place the time would tell."""
    paths = [path for part in ("serve", "cluster", "view", "cli") for path in (SOURCE / part).rglob("*.py")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
                sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
                secret = [side for side in sides if side in ("token", "given_token") or side.endswith(".token")]
                assert not secret, f"{path}:{node.lineno} compares a token; use hmac.compare_digest"
    assert "hmac.compare_digest" in (SOURCE / "serve/app.py").read_text()


def test_the_search_finds_what_it_should(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text(
        "import pickle, marshal\nfrom pickle import loads\nyaml.load(x)\neval(x)\n"
        "f(shell=True)\nf(trust_remote_code=wanted)\nf(shell=False)\n"
    )
    assert uses(file) == {"pickle", "marshal", "yaml.load", "eval", "f(shell=)", "f(trust_remote_code=)"}
