"""Ask a model one short question before a run, to find out whether it answers with its settings."""

from stepsmith.core.errors import ConfigError, RequestRefused
from stepsmith.core.model_outputs import ModelOutput
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message, Retries

QUESTION = "This is a test of the connection. Reply with the word OK and nothing else."
PURPOSE = "check"
IMPATIENT = Retries(attempts=2, patience_s=5.0)  # few retries, because a user is waiting


def check(model: LLM) -> ModelOutput:
    """Ask ``model`` the question and return its answer. Raises ``ConfigError`` if the endpoint refuses it."""
    try:
        (output,) = model.complete([Message(role="user", content=QUESTION)], 1, None, PURPOSE)
    except RequestRefused as refusal:
        raise ConfigError(str(refusal)) from None
    return output
