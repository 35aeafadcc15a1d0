import pytest

from stepsmith.audit.rewards.checks import batches, numbers


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send fewer answers in a batch, and start fewer processes: every answer costs a process for each test."""
    monkeypatch.setattr(batches, "PATTERNS", ("RWWRWR", "RRR", "WW"))
    monkeypatch.setattr(batches, "LARGE", "RNNNNNNWNNNNRNNNNN")
    monkeypatch.setattr(numbers, "SEEDS", 2)
