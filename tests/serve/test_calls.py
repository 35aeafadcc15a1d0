"""The API of a fleet's client, as it comes over the wire."""

import json

import msgspec
import pytest

from stepsmith.cluster.fleet.calls import (
    ABOUT_PATH,
    CALL_PATH,
    CONTENT_TYPE,
    FACTS_HEADER,
    CallAnswer,
    JudgeCall,
    decode,
    encode,
)
from stepsmith.core.records import Contract, Limits, Solution, TestCase, Verdict
from tests.serve.conftest import Reply, ScriptedJudge, running

CALL = JudgeCall(
    solution=Solution(language="python", code="WA"), contract=Contract(interface="stdio"),
    tests=(TestCase(input="", output=""),),
)  # fmt: skip


def test_a_call_and_what_the_server_is(scripted: ScriptedJudge) -> None:
    with running(scripted, workers=3, time_factors={"java": 3.0}) as address:
        reply = address.request("POST", CALL_PATH, encode(CALL), {"Content-Type": CONTENT_TYPE})
        about = address.get(ABOUT_PATH).json
        assert 'stepsmith_judge_verdicts_total{verdict="WA"} 1.0' in address.get("/metrics").body.decode()
        assert address.get("/health").headers[FACTS_HEADER] == reply.headers[FACTS_HEADER] != ""
    judgement = decode(reply.body, CallAnswer).judgement
    assert judgement is not None
    assert judgement.verdict is Verdict.WA
    assert (about["node"]["isolation"], about["node"]["judges"], about["time_factors"]) == ("L0", 3, {"java": 3.0})


def limited(limits: Limits) -> JudgeCall:
    return msgspec.structs.replace(CALL, contract=Contract(interface="stdio", limits=limits))


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (encode(CALL), "application/json", 415),
        (b"\xc1", CONTENT_TYPE, 422),
        (b"\x91" * 100_000, CONTENT_TYPE, 422),
        (encode(limited(Limits(time_s=1e9))), CONTENT_TYPE, 422),
        (encode(limited(Limits(output_mb=1e9))), CONTENT_TYPE, 422),
    ],
)
def test_what_is_no_call_is_refused(body: bytes, kind: str, status: int, scripted: ScriptedJudge) -> None:
    with running(scripted) as address:
        reply: Reply = address.request("POST", CALL_PATH, body, {"Content-Type": kind})
    assert reply.status == status
    assert json.loads(reply.body)["message"]
    assert scripted.done == []
