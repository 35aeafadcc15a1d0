"""A model in X-Coder's formats that is played by the offline grammar, and a server that lends it an endpoint.

It keeps no state: a number in the strategy and in the title names the composition that a problem is of, and every
answer follows from the question alone. Mistakes are injected at stated rates, by a hash of the question.
"""

import io
import json
import random
import re
import threading
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from unittest import mock

from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.core.records import Direction, Interface, Style
from stepsmith.llm.check import QUESTION
from stepsmith.llm.records import Message, Sampling
from stepsmith.synth.grammar.compose import compose
from stepsmith.synth.grammar.composition import Composition
from stepsmith.synth.grammar.formats import format_case
from stepsmith.synth.grammar.inputs import draw_case
from stepsmith.synth.grammar.program import entry_point, render_program
from stepsmith.synth.grammar.refine import refine
from stepsmith.synth.grammar.samples import sample_cases
from stepsmith.synth.grammar.statement import interface_of, write_statement
from stepsmith.synth.grammar.validator import validator_program
from stepsmith.synth.skill import SkillModel

MOVES: dict[str, Direction] = {"h": "harder", "e": "easier", "s": "sideways"}
TOKEN = re.compile(r"\[(\d+[hes]*)-(codeforces|atcoder|leetcode)\]")
FILLER = (
    "The whole thing goes back to an old custom of the place. Every year the people come to the market, put "
    "down what was counted, and read the figures aloud. Nobody may change a figure once it has been read, and "
    "the order in which the figures were read is kept. Whoever comes late has to take the figures as they are. The "
    "mayor writes the result on a board, where it stays until the next year, and the schoolmaster checks it with the "
    "older children. Disputes have been known to last for weeks, since the board is only wiped when everybody agrees. "
    "This time you have been asked to find the result, so that the evening can go on with music and food as it should. "
    "Take care: the people of the place know the rules by heart, and they will notice when a special case is not "
    "treated as the custom has it."
)


HOPELESS = SkillModel(skill=-20.0)


@dataclass
class ScriptedModel:
    """Answers every prompt of the feature tree and of the two stages. ``rates`` says how often a mistake is made:

    "prose" (no JSON at all), "hint", "short", "several-blocks", "syntax", "cut".
    """

    solver: SkillModel = field(default_factory=lambda: SkillModel(skill=4.0))
    student: SkillModel = field(default_factory=lambda: SkillModel(skill=1.6))
    rates: dict[str, float] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    prompts: list[str] = field(default_factory=list)

    def answer(self, model: str, messages: Sequence[dict[str, str]], sample: int) -> tuple[str, str]:
        """Return (text, finish reason)."""
        prompt = messages[0]["content"]
        if prompt == QUESTION:
            return "OK", "stop"
        repaired = len(messages) > 1
        kind = next((name for name, mark in MARKS.items() if mark in prompt), "solve")
        if sample == 0:
            self.asked[kind + (", repair" if repaired else "")] += 1
            self.prompts.append(prompt)
        wrong = {name for name, rate in self.rates.items() if _share(name, prompt, sample, repaired) < rate}
        if "prose" in wrong and kind not in ("solve", "generator"):
            return "Let me think about what would be a good answer here. I would rather not say.", "stop"
        text = getattr(self, f"_{kind}")(prompt, wrong, model, sample)
        return (text[: len(text) // 2], "length") if kind == "solve" and "cut" in wrong else (text, "stop")

    def _extract(self, prompt: str, *_: object) -> str:
        features = {
            "sort": "Algorithm/Sorting/custom orders/several keys",
            "heap": "data structures/heap/lazy deletions",
            "for ": "implementation logic/iteration/single-pass/running extremum",
            "[": "mathematics/number theory/divisor/perfect numbers",
        }
        snippets = prompt.split("## Snippet ")[1:]
        named = [
            {"snippet": number, "features": [path for word, path in features.items() if word in text]}
            for number, text in enumerate(snippets, 1)
        ]
        return f"Here you are:\n```json\n{json.dumps({'snippets': named})[:-1]},}}\n```"

    def _evolve(self, prompt: str, *_: object) -> str:
        listed = prompt.partition("at each of the following nodes")[2].partition("For each node")[0]
        nodes = [
            {
                "path": path,
                "siblings": [f"Sibling of {path.rsplit('/', 1)[1]} {word}" for word in ("one", "two")],
                "children": [f"kind {word} of {path.rsplit('/', 1)[1]}" for word in ("one", "two")],
            }
            for path in re.findall(r"^- (.+)$", listed, re.MULTILINE)
        ]
        return json.dumps({"nodes": nodes})

    def _plan(self, prompt: str, *_: object) -> str:
        leaves = re.findall(r"^- (.+)$", prompt.partition("## Features")[2].partition("## What to do")[0], re.MULTILINE)
        kept = re.findall(
            r"^- (.+)$", prompt.partition("go on from there")[2].partition("## What to do")[0], re.MULTILINE
        )
        leaves = list(dict.fromkeys([*kept, *leaves]))
        least = int(re.search(r"Choose (\d+)", prompt)[1])  # type: ignore[index]
        token = str(zlib.crc32(prompt.encode()) % 10**6)
        if last := TOKEN.search(prompt):
            token = last[1] + ("h" if "**harder**" in prompt else "e" if "**easier**" in prompt else "s")
        reply = {
            "uses": [{"feature": leaf, "use": f"Makes the solver think of {leaf.split('/')[-1]}."} for leaf in leaves],
            "chosen": leaves[:least],
            "strategy": f"Scripted plan {token}: each step works on what the step before it gives.",
        }
        return f"<think>Some thought.</think>\n```json\n{json.dumps(reply)}\n```"

    def _statement(self, prompt: str, wrong: set[str], *_: object) -> str:
        token = re.search(r"Scripted plan (\w+)", prompt)[1]  # type: ignore[index]
        style: Style = next(s for s in ("codeforces", "atcoder", "leetcode") if f"style of {s}" in prompt.lower())  # type: ignore[misc]
        problem = Scripted(token, style)
        written = write_statement(problem.composition, style, [], 1)
        body = written.text.replace("## Examples", "").replace("heap", "pile").strip()
        body = f"{body}\n\n{FILLER}" if "short" not in wrong else body[:200]
        if "hint" in wrong:
            body += "\n\nNote that dynamic programming helps."
        samples = [
            {"input": _jsonable(text, problem.interface), "output": problem.output(text)} for text in problem.samples()
        ]
        starter = f"<starter_code>\n{written.starter_code}\n</starter_code>\n" if style == "leetcode" else ""
        return (
            f"<title>\n{written.title} [{token}-{style}]\n</title>\n<statement>\n{body}\n</statement>\n{starter}"
            f"<samples>\n{json.dumps(samples)}\n</samples>\n"
            f"<validator>\n```python\n{validator_program(problem.composition, problem.interface)}```\n</validator>"
        )

    def _inputs(self, prompt: str, *_: object) -> str:
        problem = Scripted.of(prompt)
        rng = random.Random(f"inputs {problem.token}")
        drawn = [
            {"size": said, "input": _jsonable(problem.draw(rng, size), problem.interface)}
            for said, size, count in (("edge", "edge", 4), ("small", "small", 5), ("medium", "random", 4))
            for _ in range(count)
        ]
        broken = "nonsense" if problem.interface == "stdio" else ["nonsense"]
        drawn += [{"size": "Large", "input": _jsonable(problem.draw(rng, "large"), problem.interface)}]
        return json.dumps([*drawn, {"size": "small", "input": broken}])

    def _generator(self, prompt: str, wrong: set[str], *_: object) -> str:
        problem = Scripted.of(prompt)
        rng = random.Random(f"generator {problem.token}")
        sizes = {
            "nominal": "small",
            "complex": "random",
            "boundary": "edge",
            "stress": "large",
            "adversarial": "random",
        }
        pool = [
            (kind, [_jsonable(problem.draw(rng, size), problem.interface) for _ in range(5)])
            for kind, size in sizes.items()
        ]
        code = (
            "import json\nimport random\nimport sys\n\nimport cyaron\n\n"
            f"random.seed(int(sys.argv[1]))\npool = {pool!r}\n"
            "for kind, inputs in pool:\n"
            "    for _ in range(3):\n"
            "        print(json.dumps({'kind': kind, 'input': inputs[cyaron.randint(0, len(inputs) - 1)]}))\n"
        )
        return f"```python\n{code}```"

    def _solve(self, prompt: str, wrong: set[str], model: str, sample: int) -> str:
        problem = Scripted.of(prompt)
        skill = {"student": self.student, "hopeless": HOPELESS}.get(model, self.solver)
        picks = skill.believe(problem.composition, random.Random(f"{model} {sample} {problem.token}"))
        code = render_program(problem.composition, problem.interface, picks)
        if "syntax" in wrong:
            code = f"def broken(:\n{code}"
        more = "```python\nprint(1)\n```\n" if "several-blocks" in wrong else ""
        return f"<think>Thinking.</think>\n{more}```python\n{code}```"


# What each prompt has and no other one.
MARKS = {
    "extract": "You catalogue what competitive programming",
    "evolve": "You extend a tree of the features",
    "plan": "You plan a programming contest problem",
    "statement": "You write the statement of a programming contest",
    "inputs": "test inputs for it that tell right solutions",
    "generator": "Write a Python program that generates test inputs",
}


@dataclass(frozen=True)
class Scripted:
    """A problem of the grammar: ``token`` is a seed and the moves that followed, h, e or s."""

    token: str
    style: Style

    @classmethod
    def of(cls, prompt: str) -> "Scripted":
        """The problem whose title stands in a prompt."""
        found = TOKEN.search(prompt)
        assert found, prompt[:2000]
        return cls(found[1], found[2])  # type: ignore[arg-type]

    @property
    def interface(self) -> Interface:
        return interface_of(self.style)

    @property
    def composition(self) -> Composition:
        return _composition(self.token)

    def samples(self) -> list[str]:
        cases = sample_cases(random.Random(f"samples {self.token}"), self.composition, 2)
        return [format_case(self.composition, self.interface, case) for case in cases]

    def draw(self, rng: random.Random, size: str) -> str:
        return format_case(self.composition, self.interface, draw_case(rng, self.composition, size))  # type: ignore[arg-type]

    def output(self, text: str) -> object:
        """What the right program gives: printed text, or a value."""
        code = render_program(self.composition, self.interface, ["code"] * len(self.composition.steps))
        space: dict[str, Any] = {"__name__": "__main__"}
        if self.interface == "function":
            exec(code, space)
            return space[entry_point(self.composition)](*eval(text))
        printed = io.StringIO()
        with _printing, mock.patch("sys.stdin", io.StringIO(text)), redirect_stdout(printed):
            exec(code, space)
        return printed.getvalue()


_printing = threading.Lock()


@lru_cache(maxsize=256)
def _composition(token: str) -> Composition:
    base = re.match(r"\d+", token)[0]  # type: ignore[index]
    composition = compose(random.Random(int(base)), (), profile="contest")
    for place, move in enumerate(token[len(base) :]):
        composition, _ = refine(random.Random(f"{base} {place}"), composition, MOVES[move])
    return composition


def _jsonable(text: str, interface: Interface) -> object:
    """A function's arguments as text: JSON has no tuples."""
    return text if interface == "stdio" or "(" in text[1:] else list(eval(text))


def _share(name: str, prompt: str, sample: int, repaired: bool) -> float:
    return random.Random(f"{name} {sample} {repaired} {prompt}").random()


class ScriptedLLM:
    """The model without a server. Implements ``LLM``."""

    def __init__(self, brain: ScriptedModel, name: str = "teacher") -> None:
        self.brain = brain
        self.name = name

    def complete(
        self,
        messages: Sequence[Message],
        n: int = 1,
        sampling: Sampling | None = None,
        purpose: str = "",
        *,
        first: int = 0,
    ) -> list[ModelOutput]:
        plain = [{"role": message.role, "content": message.content} for message in messages]
        answers = [self.brain.answer(self.name, plain, sample) for sample in range(first, first + n)]
        return [
            ModelOutput(content=text, finish_reason=reason, model=self.name, sample=sample, usage=Usage())
            for sample, (text, reason) in enumerate(answers, start=first)
        ]


class ScriptedServer:
    """The model behind a real HTTP server on loopback. ``url`` ends in /v1; teacher, solver and student answer."""

    def __init__(self, brain: ScriptedModel) -> None:
        self.brain = brain
        handler = type("Handler", (_Handler,), {"brain": brain})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    brain: ScriptedModel
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        names = ("teacher", "solver", "student")
        self._send(
            {"object": "list", "data": [{"id": n, "object": "model", "created": 0, "owned_by": ""} for n in names]}
        )

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        first = int(body.get("seed") or 0)
        answers = [self.brain.answer(body["model"], body["messages"], first + k) for k in range(body.get("n") or 1)]
        sent = sum(len(message["content"]) for message in body["messages"]) // 4
        got = sum(len(text) for text, _ in answers) // 4
        usage = {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}
        base = {"id": "x", "created": 0, "model": body["model"]}
        if not body.get("stream"):
            choices = [
                {"index": k, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
                for k, (text, reason) in enumerate(answers)
            ]
            self._send(base | {"object": "chat.completion", "choices": choices, "usage": usage})
            return
        lines = [
            {"choices": [{"index": k, "delta": {"role": "assistant", "content": text}, "finish_reason": reason}]}
            for k, (text, reason) in enumerate(answers)
        ]
        lines.append({"choices": [], "usage": usage})
        events = [json.dumps(base | {"object": "chat.completion.chunk"} | line) for line in lines]
        self._respond("".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]).encode(), "text/event-stream")

    def _send(self, value: object) -> None:
        self._respond(json.dumps(value).encode(), "application/json")

    def _respond(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
