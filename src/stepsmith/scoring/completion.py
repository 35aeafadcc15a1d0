"""A completion: the text that a model returned for a prompt, as scoring gets it."""

from stepsmith.core.records import Record


class Completion(Record, frozen=True, kw_only=True):
    """The text of one completion; ``truncated`` if it was cut off at the length limit.

    >>> st.Completion(text="The answer is 42.").truncated
    False
    """

    text: str
    truncated: bool = False
    limit: int | None = None  # number of tokens at which it was cut off, if that is known
