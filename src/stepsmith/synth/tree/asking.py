"""Send many requests for JSON at once; extraction and evolution use this."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from stepsmith.llm.parsing import ParseFailure, ask, parse_json
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message

if TYPE_CHECKING:
    from stepsmith.prompts.library import PromptLibrary  # needs the extra `llm`

REPAIR = "features/repair"
AT_ONCE = 16  # requests in flight

_T = TypeVar("_T")


def ask_each(
    llm: LLM, prompts: "PromptLibrary", texts: Sequence[str], schema: type[_T], purpose: str, at_once: int = AT_ONCE
) -> list[_T | ParseFailure]:
    """Send every prompt of ``texts``, ``at_once`` at a time; return the answers as ``schema``, in their order.

    A completion that cannot be read is sent back once. The first error (a budget that is used up, an endpoint that is
    down) is raised after the requests in flight have ended; further requests are not sent.
    """

    def one(text: str) -> _T | ParseFailure:
        return ask(
            llm,
            [Message(role="user", content=text)],
            lambda answer: parse_json(answer, schema),
            lambda failure: prompts.render(REPAIR, detail=failure.detail),
            purpose=purpose,
        )

    with ThreadPoolExecutor(max(1, min(at_once, len(texts)))) as pool:
        futures = [pool.submit(one, text) for text in texts]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
