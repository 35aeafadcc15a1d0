"""A strong model's recorded answers, served again over HTTP: what the prompts and parsers are held to.

The recordings lie beside the project (``shared/data/strong``) and are not part of it; tests skip where they are absent.
A request is answered with the recording of the same kind that is most like it, so that prompts may change their words.
"""

import json
import math
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from stepsmith.llm.gateway import EndpointModel, Gateway
from stepsmith.llm.records import ModelSpec, Sampling

_FOLDERS = (parent / "shared" / "data" / "strong" for parent in Path(__file__).resolve().parents)
FOLDER = next((folder for folder in _FOLDERS if folder.is_dir()), None)
needs_recordings = pytest.mark.skipif(FOLDER is None, reason="no recordings of a strong model (shared/data/strong)")

# What each kind of request has and no other one.
MARKS = {
    "extract": "You catalogue what competitive programming",
    "evolve": "You extend a tree of the features",
    "plan": "You plan a programming contest problem",
    "statement": "You write the statement of a programming contest",
    "inputs": "test inputs for it that tell right solutions",
    "generator": "Write a Python program that generates test inputs",
    "propose": "## Seed",
    "refine": "## The last problem",
}
UNANSWERED = "There is no recording of an answer to this."


@dataclass(frozen=True)
class Exchange:
    """A request and its answers, each (text, reasoning, finish reason)."""

    id: str
    model: str
    messages: tuple[str, ...]
    answers: tuple[tuple[str, str, str], ...]

    @property
    def kind(self) -> str:
        """What was asked for."""
        return kind_of(self.messages)


def kind_of(messages: Sequence[str]) -> str:
    """Return the kind of a request, with ", repair" where an answer is sent back."""
    kind = next((name for name, mark in MARKS.items() if mark in messages[0]), "solve")
    environment = messages[0].partition("## The kind of problem: ")[2].partition("\n")[0]
    return " ".join([kind, environment]).strip() + (", repair" if len(messages) > 1 else "")


def load(name: str) -> list[Exchange]:
    """Return the exchanges of a file; those that were not answered are left out."""
    assert FOLDER is not None
    found = []
    for line in (FOLDER / name).read_text().splitlines():
        row = json.loads(line)
        messages = tuple(message["content"] for message in row.get("messages") or row["request"]["messages"])
        answers = tuple(_answer(answer) for answer in row.get("answers") or row.get("answer") or ())
        if answers and answers[0][0] != "cancelled":
            found.append(Exchange(str(row["id"]), row["request"]["model"], messages, answers))
    return found


def _answer(given: str | Mapping[str, str]) -> tuple[str, str, str]:
    if isinstance(given, str):
        return given, "", "stop"
    text = given.get("text") or given.get("content") or ""
    return text, given.get("reasoning", ""), given.get("finish") or given.get("finish_reason") or "stop"


@dataclass
class ReplayServer:
    """An OpenAI-compatible server on loopback that answers with recordings. ``asked`` counts requests by kind."""

    exchanges: Sequence[Exchange]
    asked: Counter[str] = field(default_factory=Counter)
    prompts: list[tuple[str, ...]] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = [_lines(exchange.messages) for exchange in self.exchanges]
        frequency = Counter(line for lines in self._lines for line in lines)
        self._weight = {line: math.log(1 + len(self.exchanges) / count) for line, count in frequency.items()}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"owner": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def best(self, model: str, messages: Sequence[str]) -> Exchange | None:
        """Return the recording that answers a request: of its kind, of its model if that was recorded, most like it."""
        kind, lines = kind_of(messages), _lines(messages)
        known = {exchange.model for exchange in self.exchanges}
        scored = [
            (sum(self._weight[line] for line in lines & own) / sum(self._weight[line] for line in own), -place)
            for place, (exchange, own) in enumerate(zip(self.exchanges, self._lines, strict=True))
            if exchange.kind == kind and (exchange.model == model or model not in known)
        ]
        score, place = max(scored, default=(0.0, 0))
        return self.exchanges[-place] if score > 0.25 else None

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a chat request; with what is recorded once more where more samples are asked for."""
        messages = tuple(str(message["content"]) for message in body["messages"])
        found = self.best(body["model"], messages)
        with self._lock:
            self.asked[kind_of(messages)] += 1
            self.prompts.append(messages)
            if found is None:
                self.unanswered.append(messages[-1])
        answers = found.answers if found else ((UNANSWERED, "", "stop"),)
        n, first = int(body.get("n") or 1), int(body.get("seed") or 0)
        chosen = [answers[(first + sample) % len(answers)] for sample in range(n)]
        choices = [
            {
                "index": index,
                "message": {"role": "assistant", "content": text, "reasoning_content": reasoning},
                "finish_reason": finish,
            }
            for index, (text, reasoning, finish) in enumerate(chosen)
        ]
        usage = {"prompt_tokens": 100, "completion_tokens": 50 * n, "total_tokens": 100 + 50 * n}
        return {"id": "r", "object": "chat.completion", "model": body["model"], "choices": choices, "usage": usage}


@contextmanager
def models(server: ReplayServer, *names: str) -> Iterator[list[EndpointModel]]:
    """Open models of the real client that ask ``server``."""
    specs = [
        ModelSpec(name=name, base_url=server.url, model=name, sampling=Sampling(max_tokens=4096)) for name in names
    ]
    with Gateway() as gateway:
        yield [gateway.model(spec) for spec in specs]


def _lines(messages: Iterable[str]) -> frozenset[str]:
    return frozenset(line.strip() for text in messages for line in text.splitlines() if line.strip())


class _Handler(BaseHTTPRequestHandler):
    owner: ReplayServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._send({"object": "list", "data": [{"id": "recorded", "object": "model", "created": 1, "owned_by": "t"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.owner.answer(body)
        if not body.get("stream"):
            self._send(answer)
            return
        chunks = [
            {"choices": [{"index": c["index"], "delta": c["message"], "finish_reason": c["finish_reason"]}]}
            for c in answer["choices"]
        ]
        chunks.append({"choices": [], "usage": answer["usage"]})
        base = {"id": "r", "created": 0, "model": body["model"], "object": "chat.completion.chunk"}
        events = "".join(f"data: {json.dumps(base | chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        self._respond(events.encode(), "text/event-stream")

    def _send(self, value: object) -> None:
        self._respond(json.dumps(value).encode(), "application/json")

    def _respond(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
