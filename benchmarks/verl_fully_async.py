"""Check a rendered fully_async.yaml against verl's own files: `python benchmarks/verl_fully_async.py FOLDER VERL`.

Needs `pip install hydra-core`. FOLDER is from `stepsmith train rl --backend verl --render-only`; VERL is an unpacked
wheel (`pip download --no-deps verl==0.9.1; unzip verl-*.whl`). Hydra composes the file as verl's
`fully_async_main` would. Then: every key of ours exists in verl's configuration, and what the source of its rollouter
and trainer asserts of the configuration holds. Nothing of verl is run.
"""

import ast
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

OPEN = ("reward.custom_reward_function.reward_kwargs", "ray_kwargs.ray_init.runtime_env")  # take any key


def composed(folder: Path, name: str, verl: Path) -> dict:
    """Compose a configuration; verl's files are found by their place, because importing verl needs torch."""
    with tempfile.TemporaryDirectory() as place:
        text = (folder / name).read_text().replace("pkg://verl.trainer.config", f"file://{verl}/verl/trainer/config")
        (Path(place) / name).write_text(text)
        with initialize_config_dir(place, version_base=None):
            return compose(name.removesuffix(".yaml"))


def keys(config: object, prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys of all values."""
    if OmegaConf.is_dict(config) and len(config):
        for name in config:
            yield from keys(config._get_node(name), f"{prefix}{name}.")
    else:
        yield prefix.rstrip(".")


def asserted(source: Path) -> Iterator[str]:
    """Yield the conditions on the configuration that a module asserts."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Assert) and "self.config." in (text := ast.unparse(node.test)):
            yield text


def main() -> None:
    """Compose, compare and say what was found."""
    folder, verl = map(Path.resolve, map(Path, sys.argv[1:3]))
    mode = verl / "verl" / "experimental" / "fully_async_policy"
    os.environ |= {"STEPSMITH_FOLDER": str(folder), "STEPSMITH_JUDGE_URL": "http://judge:8005"}
    os.environ.setdefault("PYTHONPATH", str(folder))
    ours = composed(folder, "fully_async.yaml", verl)
    theirs = composed(mode / "config", "fully_async_ppo_trainer.yaml", verl)
    known = set(keys(theirs))
    unknown = [k for k in keys(ours) if k not in known and not k.startswith(OPEN) and k.rpartition(".")[0] not in known]
    own = OmegaConf.load(mode / "config" / "fully_async_ppo_trainer.yaml")
    missing = [k for k in keys(own) if not k.startswith(("hydra", "defaults")) and OmegaConf.select(ours, k) is None]
    checked, broken = 0, []
    for source in ("fully_async_rollouter.py", "fully_async_trainer.py"):
        for condition in asserted(mode / source):
            if "resume_from_path" in condition or "reward_model" in condition:
                continue  # of a resumed run; of a model that rewards
            checked += 1
            if not eval(condition, {"self": SimpleNamespace(config=ours)}):
                broken.append(condition)
    print(f"{len(list(keys(ours)))} values; {checked} conditions of verl's source checked")
    print(f"hybrid_engine {ours.actor_rollout_ref.hybrid_engine}; reward {ours.reward.custom_reward_function.path}")
    for name, found in (
        ("verl does not know", unknown),
        ("left to verl's defaults", missing),
        ("verl asserts", broken),
    ):
        if found:
            print(f"{name}: {', '.join(found)}")
    sys.exit(bool(unknown or broken))


if __name__ == "__main__":
    main()
