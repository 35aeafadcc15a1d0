"""The manifests for judge servers: valid by their schemas, and their options are those of the command.

They were not run: there is no Docker and no Kubernetes here.
"""

import re
import shlex
from pathlib import Path

import compose_spec
import kubernetes_validate
import pytest
import yaml

from tests.cli.commands import run_here

FOLDER = Path(__file__).parents[1] / "examples" / "fleet"


def kubernetes() -> list[dict]:
    return list(yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text()))


def compose() -> dict:
    return yaml.safe_load((FOLDER / "compose.yaml").read_text())


@pytest.mark.parametrize("version", ["1.27", "1.34"])
def test_kubernetes_takes_the_manifests(version: str) -> None:
    for document in kubernetes():
        kubernetes_validate.validate(document, version, strict=True)


def test_a_wrong_manifest_would_be_seen() -> None:
    (wrong,) = [document for document in kubernetes() if document["kind"] == "StatefulSet"]
    wrong["spec"]["replicas"] = "three"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.34", strict=True)


def test_compose_takes_the_file() -> None:
    plain = {key: value for key, value in compose().items() if key != "x-judge"}
    found = compose_spec.PyCompose.from_yaml(yaml.safe_dump(plain))
    assert sorted(found.service_names()) == ["judge-1", "judge-2", "judge-3"]
    with pytest.raises(ValueError, match=r"images|image"):
        compose_spec.PyCompose.from_yaml("services: {a: {images: 3}}")


def test_the_options_and_paths_exist() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    entry, cmd = (re.search(rf"^{word} (\[.*\])$", text, re.MULTILINE) for word in ("ENTRYPOINT", "CMD"))
    assert entry is not None
    assert cmd is not None
    (judge,) = [document for document in kubernetes() if document["kind"] == "StatefulSet"]
    pod = judge["spec"]["template"]["spec"]
    words = [*yaml.safe_load(entry[1])[3:], *yaml.safe_load(cmd[1]), *pod["containers"][0]["args"]]
    words += [word for service in compose()["services"].values() for word in service["command"]]
    known = run_here("judge", "serve", "--help").out
    assert [word for word in words if word.startswith("--") and word not in known] == []
    grace = int(pod["containers"][0]["args"][-1])
    assert pod["terminationGracePeriodSeconds"] > grace + 5
    for source in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        assert all((FOLDER.parents[1] / name).exists() for name in shlex.split(source))
