"""A completion: what a model wrote in answer to a prompt, as scoring sees it."""

from stepsmith.core.records import Record


class Completion(Record, frozen=True, kw_only=True):
    """The text of one completion; ``truncated`` if it was cut off at the length limit.

    >>> st.Completion(text="The answer is 42.").truncated
    False
    """

    text: str
    truncated: bool = False
    limit: int | None = None  # of tokens, at which it was cut off, where that is known
