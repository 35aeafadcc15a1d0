# mypy: ignore-errors
"""A resources server whose replies are judged by a running `stepsmith judge serve`.

What the judge cannot judge is masked (`mask_sample`, `failure_kind="verifier_error"`): its 0 is no measurement.
"""

import asyncio
import functools
import os
from typing import Any

from judging import LeftOutError, compute_score
from nemo_gym.base_resources_server import (
    BaseResourcesServerConfig,
    BaseRunRequest,
    BaseVerifyRequest,
    BaseVerifyResponse,
    ReverifyMode,
    SimpleResourcesServer,
)


class ProblemsServerConfig(BaseResourcesServerConfig):
    """How replies are judged."""

    REVERIFY_MODE = ReverifyMode.STATELESS
    judge_url: str = "@JUDGE_URL@"
    reward: str = "binary"


class ProblemRunRequest(BaseRunRequest):
    """A row of the data set."""

    verifier_metadata: dict[str, Any]


class ProblemVerifyRequest(ProblemRunRequest, BaseVerifyRequest):
    """A reply to a row."""


class ProblemVerifyResponse(BaseVerifyResponse):
    """The reward, and what else is worth a metric."""

    verifier_metadata: dict[str, Any] | None = None
    tests_passed: float = 0.0
    no_answer: float = 0.0


class ProblemsServer(SimpleResourcesServer):
    """Judges replies."""

    config: ProblemsServerConfig

    async def verify(self, body: ProblemVerifyRequest) -> ProblemVerifyResponse:
        """Ask the judge."""
        cut = body.response.incomplete_details
        judge = functools.partial(
            compute_score,
            body.response.output_text or "",
            body.verifier_metadata["ground_truth"],
            {"truncated": bool(cut and cut.reason == "max_output_tokens")},
            judge_url=os.environ.get("STEPSMITH_JUDGE_URL", self.config.judge_url),
            reward=self.config.reward,
            held_back=False,
        )
        try:
            scored = await asyncio.to_thread(judge)
        except LeftOutError as error:
            return ProblemVerifyResponse(
                **body.model_dump(),
                reward=0.0,
                mask_sample=True,
                failure_kind="verifier_error",
                failure_reason=str(error),
            )
        return ProblemVerifyResponse(
            **body.model_dump(),
            reward=scored["score"],
            tests_passed=scored["tests_passed"],
            no_answer=scored["no_answer"],
        )


if __name__ == "__main__":
    ProblemsServer.run_webserver()
