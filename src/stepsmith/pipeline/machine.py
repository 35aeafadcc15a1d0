"""What the manifest of a training run says about the machine and its libraries. Needs torch."""

import platform
import resource
from importlib.metadata import PackageNotFoundError, version

import torch

import stepsmith

LIBRARIES = ("torch", "transformers", "trl", "datasets", "peft", "accelerate")


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that training uses, by name; those not installed are left out."""
    found = {"stepsmith": stepsmith.__version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def device_name() -> str:
    """Return the name of the GPU; without one, "CPU" and the number of torch's threads."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return f"CPU, {torch.get_num_threads()} threads"


def peak_memory_mb() -> float:
    """Return the peak memory of the GPU, or without one of this process, in MiB."""
    if torch.cuda.is_available():
        return float(round(torch.cuda.max_memory_allocated() / 2**20, 1))
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
