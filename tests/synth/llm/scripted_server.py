"""An OpenAI-compatible server on loopback that plays teacher, solver and student in Deep Dive's formats.

As teacher it answers with problems of the offline grammar, and makes mistakes at stated rates; as student it answers
with the programs and values of a stated skill model. So the whole path through prompts, client, parsing, filters and
books is driven by somebody whose talent is known. It remembers the problems that it made, as a model would find them
in its prompt; everything else follows from the request alone.
"""

import hashlib
import json
import random
import re
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from stepsmith.core.records import Direction, Seed
from stepsmith.llm.check import QUESTION
from stepsmith.synth.grammar.compose import compose
from stepsmith.synth.grammar.composition import Composition
from stepsmith.synth.grammar.formats import format_case
from stepsmith.synth.grammar.inputs import draw_case
from stepsmith.synth.grammar.program import Pick, render_program
from stepsmith.synth.grammar.refine import refine
from stepsmith.synth.grammar.samples import sample_cases
from stepsmith.synth.grammar.statement import write_statement
from stepsmith.synth.grammar.validator import validator_program
from stepsmith.synth.grammar.variants import brute_force, wrong_variants
from stepsmith.synth.signals import read_signals
from stepsmith.synth.skill import SkillModel

TEACHER, STUDENT = SkillModel(skill=5.0), SkillModel(skill=2.2)
INPUTS = 5

# What the teacher does wrong. The first four can be repaired, and half of the repairs succeed.
UNREADABLE = ("prose", "no-message", "wrong-literal", "too-few-inputs")
FAULTY = ("non-deterministic", "constant", "crash", "leak", "earlier")
# What the student does wrong besides being wrong.
MUTE = ("truncated", "silent")

_PROGRAM = re.compile(r"The program:\n\n```python\n(.*?)\n```", re.DOTALL)
_SEED = re.compile(r"real Python code\.\n\n(`{3,})python\n(.*?)\n\1", re.DOTALL)
_KIND = re.compile(r"## The kind of problem: (\w+)")
# How a student's prompt is told: the same program may be asked about forwards and backwards.
_QUESTIONS = {
    "fuzzing": "`f` has a mistake. Give arguments",
    "deduction": "Work out the value it returns",
    "abduction": "A call of `f` returned",
    "induction": "has to return the same as `f`",
}
_MOVES: dict[str, Direction] = {"**harder**": "harder", "**easier**": "easier", "**another**": "sideways"}


@dataclass(frozen=True)
class Entry:
    """A problem that the teacher made; ``marks`` are what the student's prompt shows of it."""

    environment: str
    composition: Composition
    code: str
    inputs: tuple[str, ...]  # argument tuples
    marks: tuple[str, ...]
    failing: str = ""  # fuzzing: an input on which the property fails


@dataclass
class Bill:
    """One request that was answered."""

    model: str
    prompt: str
    samples: int
    tokens_in: int
    tokens_out: int


@dataclass
class ScriptedServer:
    """Use as a context manager; ``url`` is the base URL. The model's name picks the role: "teacher", or any student."""

    rates: Mapping[str, float] = field(default_factory=dict)  # mistake → how often
    student: SkillModel = STUDENT
    solver: SkillModel = TEACHER
    delay_s: float = 0.0
    key: str | None = None
    bills: list[Bill] = field(default_factory=list)
    checks: list[Bill] = field(default_factory=list)  # of the question that each model is asked before a run
    in_flight: int = 0
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)  # by environment and code
    made: Counter[str] = field(default_factory=Counter)  # mistakes that were made

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def tokens(self) -> int:
        """Tokens of all answers."""
        return sum(bill.tokens_in + bill.tokens_out for bill in (*self.bills, *self.checks))

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a request in flight."""
        with self._lock:
            self.in_flight += 1
        try:
            time.sleep(self.delay_s)
            yield
        finally:
            with self._lock:
                self.in_flight -= 1

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer a chat request, with its bill."""
        messages, n = body["messages"], int(body.get("n") or 1)
        choices = []
        first = int(body.get("seed") or 0)  # clients that ask one by one say so by the seed
        for sample in range(n):
            text, reason = self._speak(body["model"], [str(m["content"]) for m in messages], first + sample)
            message = {"role": "assistant", "content": text}
            choices.append({"index": sample, "message": message, "finish_reason": reason})
        tokens_in = sum(_tokens(m["content"]) for m in messages)
        tokens_out = sum(_tokens(c["message"]["content"]) for c in choices)
        with self._lock:
            bill = Bill(body["model"], messages[-1]["content"], n, tokens_in, tokens_out)
            (self.checks if bill.prompt == QUESTION else self.bills).append(bill)
        usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
        return {"id": "s", "object": "chat.completion", "model": body["model"], "choices": choices, "usage": usage}

    def _speak(self, model: str, messages: Sequence[str], sample: int) -> tuple[str, str]:
        if messages[0] == QUESTION:
            return "OK", "stop"
        rng = random.Random(hashlib.sha256(json.dumps([model, *messages, sample]).encode()).digest())
        if "You design programming problems" in messages[0]:
            return self._teach(messages[0], repairing=len(messages) > 1), "stop"
        return self._attempt(messages[0], self.solver if "solver" in model else self.student, rng)

    # The teacher

    def _teach(self, prompt: str, *, repairing: bool) -> str:
        rng = random.Random(hashlib.sha256(prompt.encode()).digest())
        mistake = _drawn(self.rates, (*UNREADABLE, *FAULTY), rng)
        if repairing and rng.random() < 0.5:
            mistake = ""
        entry, message = self._problem(prompt, rng)
        with self._lock:
            self.made[mistake or "none"] += 1
            self.entries[entry.environment, entry.code.strip()] = entry
        return _written(entry, message, mistake)

    def _problem(self, prompt: str, rng: random.Random) -> tuple[Entry, str]:
        kind = _KIND.search(prompt)
        assert kind
        if previous := _PROGRAM.search(prompt):
            direction = next(move for mark, move in _MOVES.items() if mark in prompt)
            known = self.entries[kind[1], previous[1].strip()].composition
            composition, _ = refine(rng, known, direction, ())
        else:
            seed = _SEED.search(prompt)
            assert seed
            signals = read_signals(Seed(source="seed.py", first_line=1, code=seed[2]))
            composition = compose(rng, signals, profile="micro")
        return _entry(kind[1], composition)

    # The student

    def _attempt(self, prompt: str, skill: SkillModel, rng: random.Random) -> tuple[str, str]:
        asked = next((kind for kind, question in _QUESTIONS.items() if question in prompt), "")
        entries = [entry for (kind, _), entry in list(self.entries.items()) if kind == asked]
        fitting = [entry for entry in entries if all(mark in prompt for mark in entry.marks)]
        if not fitting:
            return "I do not know this problem.", "stop"
        entry = max(fitting, key=lambda e: sum(map(len, e.marks)))
        mistake = _drawn(self.rates, MUTE, rng)
        with self._lock:
            self.made[mistake] += bool(mistake)
        thinking = "<think>\nLet me go through the examples one by one.\n</think>\n"
        text = f"{thinking}Here is my answer.\n\n```python\n{_answer(entry, prompt, skill, rng)}\n```\n"
        if mistake == "truncated":
            return text[: len(text) - 6], "length"
        return (
            ("I could not find it.", "stop")
            if mistake == "silent" or rng.random() < skill.no_answer
            else (text, "stop")
        )


def _entry(kind: str, composition: Composition) -> tuple[Entry, str]:
    """Make a problem of a composition: program, five distinct inputs, message. The same program is the same problem,
    so that it does not matter in which order chains come upon it.
    """
    code = render_program(composition, "function", name="f")
    rng = random.Random(f"{kind}\n{code}")
    cases = [format_case(composition, "function", case) for case in sample_cases(rng, composition, 2)]
    for _ in range(500):
        case = format_case(composition, "function", draw_case(rng, composition, rng.choice(("edge", "small"))))
        if len(cases) < INPUTS and case not in cases:
            cases.append(case)
    message = write_statement(composition, "leetcode", [], rng.randrange(100)).text.splitlines()[0]
    if kind != "fuzzing":
        mark = message if kind == "induction" else code.strip()
        return Entry(kind, composition, code, tuple(cases), (mark,)), message
    faulty, failing, holding = _faulty(composition, cases, rng)
    form = validator_program(composition, "function", "pre_test_f")
    parameters = re.search(r"^def f\((.*)\)", code, re.MULTILINE)
    expected = re.sub(r"\bdef f\(", "def expected(", brute_force(composition, "function") or code)
    test = (
        f"def test_f({parameters[1] if parameters else ''}):\n{textwrap.indent(expected.strip(), '    ')}\n\n"
        f"    return f({parameters[1] if parameters else ''}) == expected({parameters[1] if parameters else ''})\n"
    )
    inputs = list(dict.fromkeys([failing, holding, *cases]))[:INPUTS] if failing else cases
    whole = f"{faulty.strip()}\n\n\n{form.strip()}\n\n\n{test.strip()}\n"
    return Entry(kind, composition, whole, tuple(inputs), (faulty.strip(), test.strip()), failing), message


def _faulty(composition: Composition, cases: Sequence[str], rng: random.Random) -> tuple[str, str, str]:
    """A wrong program, an input on which it is wrong and one on which it is right; "" where none was found."""
    right = render_program(composition, "function", name="f")
    draws = [format_case(composition, "function", draw_case(rng, composition, "small")) for _ in range(20)]
    for variant in wrong_variants(composition, "function", rng):
        wrong = re.sub(r"\bdef \w+\(", "def f(", variant.code, count=1)
        same = {case: _run(right, case) == _run(wrong, case) for case in [*cases, *draws]}
        failing = [case for case, equal in same.items() if not equal]
        holding = [case for case, equal in same.items() if equal]
        if failing and holding:
            return wrong, failing[0], holding[0]
    return right, "", ""


def _written(entry: Entry, message: str, mistake: str) -> str:
    """The reply, with a mistake in it."""
    code, inputs = entry.code, [text.strip()[1:-1].rstrip(",") for text in entry.inputs]
    if mistake == "prose":
        return "I would make a problem about lists, in which one has to sort them in an unusual way."
    if mistake == "non-deterministic":
        code = (
            re.sub(r"\bdef f\(", "def g(", code) + "\n\ndef f(*a):\n    import time\n    return g(*a), time.time_ns()\n"
        )
        code = code.replace("def f(*a):", "def f(x):").replace("g(*a)", "g(x)")
    elif mistake == "constant":
        code = re.sub(r"\bdef f\(", "def g(", code) + "\n\ndef f(x):\n    return 7\n"
    elif mistake == "crash":
        code = (
            re.sub(r"\bdef f\(", "def g(", code) + f"\n\ndef f(x):\n    return g(x) if x != {inputs[1]} else 1 // 0\n"
        )
    elif mistake == "leak":
        message += "\nIn other words:\n" + code
    elif mistake == "earlier":
        message = "A harder version of the previous problem. " + message
    elif mistake == "wrong-literal":
        inputs[2] = "[i * i for i in range(4)]"
    elif mistake == "too-few-inputs":
        inputs = inputs[:3]
    blocks = [f"```python\n{code.strip()}\n```", *(f"```input\n{text}\n```" for text in inputs)]
    if mistake != "no-message":
        fence = "````" if "```" in message else "```"
        blocks.append(f"{fence}message\n{message}\n{fence}")
    return "<think>\nWhat could this code inspire?\n</think>\n\nHere is a problem.\n\n" + "\n\n".join(blocks) + "\n"


def _answer(entry: Entry, prompt: str, skill: SkillModel, rng: random.Random) -> str:
    """What a student of a skill answers: a program, an output, or an input."""
    composition = entry.composition
    picks = skill.believe(composition, rng)
    if entry.environment == "induction":
        return _program(composition, picks).strip()
    if entry.environment == "deduction":
        called = re.search(r"called as\n\n```python\nf\((.*)\)\n```", prompt)
        assert called
        return _run(_program(composition, picks), f"({called[1]},)")
    known = random.Random(entry.code)
    ideas = [format_case(composition, "function", draw_case(known, composition, "small")) for _ in range(5)]
    if entry.environment == "fuzzing":
        ideas.insert(0, entry.failing or ideas[0])
        return ideas[0] if skill.notices(composition, rng) else rng.choice(ideas)
    shown = re.search(r"returned\n\n```python\n(.*?)\n```", prompt, re.DOTALL)
    assert shown
    ideas = [*entry.inputs, *ideas]
    fitting = [idea for idea in ideas if _run(_program(composition, picks), idea) == shown[1]]
    return rng.choice(fitting or ideas)


def _program(composition: Composition, picks: tuple[Pick, ...]) -> str:
    return render_program(composition, "function", picks, name="f")


def _run(code: str, arguments: str) -> str:
    """Run a program of the grammar, which is ours, in this process."""
    names: dict[str, Any] = {}
    try:
        exec(code, names)
        return repr(eval(f"f(*{arguments})", names))
    except Exception as error:
        return f"'{type(error).__name__}'"


def _drawn(rates: Mapping[str, float], kinds: Sequence[str], rng: random.Random) -> str:
    draw = rng.random()
    for kind in kinds:
        draw -= rates.get(kind, 0.0)
        if draw < 0:
            return kind
    return ""


def _tokens(text: str) -> int:
    return len(text) // 4 + 1


class _Handler(BaseHTTPRequestHandler):
    owner: ScriptedServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._send(
            200, {"object": "list", "data": [{"id": "scripted", "object": "model", "created": 1, "owned_by": "t"}]}
        )

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.owner.key and self.headers["Authorization"] != f"Bearer {self.owner.key}":
            return self._send(401, {"error": {"message": "wrong key", "code": "invalid_api_key"}})
        with self.owner.working():
            return self._send(200, self.owner.answer(body))

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass
