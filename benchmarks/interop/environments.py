"""The environments of the consumers, each a folder of ``.interop/`` in the checkout; made once."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).parents[2] / ".interop"


class Step(NamedTuple):
    """One call of pip."""

    packages: str
    options: str = ""


# NeMo Gym asks for Python 3.13 and Harbor for 3.12, of which no package index has an interpreter. Both are installed
# without their requirements under the Python at hand; what of them runs there is said in docs/exports.md.
STEPS: dict[str, list[Step]] = {
    "kattis": [Step("problemtools==1.20260907")],
    "bapc": [Step("bapctools==2026.10.0")],
    "verifiers": [Step("verifiers==0.4.0 hatchling editables")],
    "nemo": [
        Step("nemo-gym==0.7.0", "--no-deps --ignore-requires-python"),
        Step(
            "openai==2.44.0 pydantic devtools fastapi mcp>=1.28.1,<2 anyio itsdangerous uvicorn httptools uvloop "
            "hydra-core omegaconf rich scipy aiohttp yappi ray[default] jinja2 psutil datasets orjson tqdm "
            "python-multipart anthropic<=0.109.2 PyJWT pydot GitPython wandb sqlparse mlflow-skinny"
        ),
    ],
    "harbor": [
        Step("harbor==0.25.0", "--no-deps --ignore-requires-python"),
        Step(
            "pydantic pyyaml toml httpx rich typer jinja2 python-dotenv packaging pathspec dirhash shortuuid "
            "platformdirs semver msgspec"
        ),
    ],
    "inspect": [Step("inspect-ai==0.3.285")],
    "lm-eval": [Step("lm-eval==0.4.13", "--no-deps"), Step("numpy jinja2 pyyaml pytablewriter requests tqdm")],
    "lcb": [Step("lighteval==0.13.0", "--no-deps"), Step("numpy tqdm datasets")],
    "verl": [Step("torch==2.13.0"), Step("verl==0.9.1 tensordict==0.10.0 transformers==5.9.0 ray==2.60.0")],
}


def python_of(name: str) -> Path:
    """The interpreter of an environment, which is made if it is not there. Raises ``CalledProcessError``."""
    folder = HOME / name
    python = folder / "bin" / "python"
    if (folder / ".ready").exists():
        return python
    print(f"making {folder}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    for step in STEPS[name]:
        words = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*words, *step.options.split(), *step.packages.split()], check=True, stderr=subprocess.DEVNULL)
    (folder / ".ready").touch()
    return python
