# mypy: ignore-errors
"""The process that holds a reward under audit: it loads the callable, calls it, and answers in JSON lines.

It runs under the target's own interpreter, so it and its siblings use the standard library alone and plain syntax. The
descriptor of the conversation is its first argument; the second is the description of the target. Faults are
armed after loading.
"""

import asyncio
import functools
import importlib
import importlib.util
import inspect
import json
import math
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HIGH_DESCRIPTOR = 200  # samples that write to every small descriptor must not reach the conversation


def sibling(name):
    """Load a file of this folder, which is not on the path: the target's imports must not find it."""
    spec = importlib.util.spec_from_file_location(
        "stepsmith_audit_" + name, str(Path(__file__).with_name(name + ".py"))
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(reference):
    """Return (module, attribute or None) for ``module:name`` or ``file.py:name``."""
    place, _, name = reference.rpartition(":")
    if not place:
        place, name = reference, ""
    if place.endswith(".py"):
        path = Path(place)
        sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(path.stem, str(path))
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
    else:
        sys.path.insert(0, os.getcwd())
        module = importlib.import_module(place)
    found = functools.reduce(getattr, name.split("."), module) if name else None
    return module, found


def kind_of(function):
    """Return which interface a callable has, by the names of its parameters."""
    names = set(inspect.signature(function).parameters)
    if "solution_strs" in names:
        return "verl-batch"
    if "completions" in names:
        return "trl"
    if "solution_str" in names or "ground_truth" in names:
        return "verl"
    return "trl" if len(names) <= 2 else "verl"


def accepted(function, given):
    """Return those of ``given`` that the function has a parameter for; all where it takes any."""
    parameters = inspect.signature(function).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return given
    names = {one.name for one in parameters}
    return {name: value for name, value in given.items() if name in names}


def plain(value):
    """Return a reward as JSON: a number, None, or ``{"odd": text}`` for what is no finite number."""
    if isinstance(value, dict):
        value = value.get("score", value.get("reward", value))
    elif isinstance(value, tuple) and value:
        value = value[0]
    if value is None:
        return None
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        return {"odd": repr(value)[:200]}
    return number if math.isfinite(number) else {"odd": repr(number)}


def listed(rewards):
    """Return what a function of a batch returned as a list of rewards."""
    rewards = rewards.tolist() if hasattr(rewards, "tolist") else rewards
    if not isinstance(rewards, (list, tuple)):
        return {"odd": repr(rewards)[:200]}
    return [plain(one) for one in rewards]


def messages(text, form):
    """Return a completion as TRL passes it: a text, or a list with the assistant's message."""
    return [{"role": "assistant", "content": text}] if form == "chat" else text


class HostedFunction:
    """A function with the interface of TRL or verl."""

    def __init__(self, function, kind, arguments):
        self.function, self.kind, self.arguments = function, kind, arguments
        target = function if inspect.isroutine(function) else getattr(function, "__call__", function)
        while isinstance(target, functools.partial):
            target = target.func
        self.is_async = inspect.iscoroutinefunction(target)

    def tasks(self):
        return None

    def jobs(self, call):
        """Return functions whose results are the rewards of a call, and whether each gives a list."""
        texts, rows, form = call["completions"], call["rows"], call["form"]
        if self.kind == "trl":
            names = sorted({name for row in rows for name in row} - {"prompt", "completion", "completions", "prompts"})
            given = {name: [row.get(name) for row in rows] for name in names}
            given["prompts"] = [self.prompt(row, form) for row in rows]
            given["completions"] = [messages(text, form) for text in texts]
            given["completion_ids"] = [[ord(letter) for letter in text] for text in texts]
            given["trainer_state"] = None
            given.update(self.arguments)
            chosen = accepted(self.function, given)
            if "completions" not in chosen:  # positional, under other names
                return [functools.partial(self.function, given["completions"])], True
            return [functools.partial(self.function, **chosen)], True
        each = [self.verl(text, row) for text, row in zip(texts, rows)]
        if self.kind == "verl-batch":
            given = {name + "s": [one[name] for one in each] for name in ("data_source", "solution_str")}
            given["ground_truths"] = [one["ground_truth"] for one in each]
            given["extra_infos"] = [one["extra_info"] for one in each]
            given.update(self.arguments)
            return [functools.partial(self.function, **accepted(self.function, given))], True
        jobs = []
        for one in each:
            chosen = accepted(self.function, {**one, **self.arguments})
            if "solution_str" in chosen:
                jobs.append(functools.partial(self.function, **chosen))
            else:  # such as prime_code.compute_score(completion, test_cases)
                chosen.pop("ground_truth", None)
                jobs.append(functools.partial(self.function, one["solution_str"], one["ground_truth"], **chosen))
        return jobs, False

    def verl(self, text, row):
        model = row.get("reward_model") or {}
        extra = dict(row.get("extra_info") or {})
        return {
            "data_source": row.get("data_source", "audit"),
            "solution_str": text,
            "ground_truth": model.get("ground_truth", row.get("ground_truth")),
            "extra_info": extra,
        }

    @staticmethod
    def prompt(row, form):
        prompt = row.get("prompt", "")
        if form == "chat" and isinstance(prompt, str):
            return [{"role": "user", "content": prompt}]
        if form == "text" and isinstance(prompt, list):
            return "\n".join(str(part.get("content", "")) for part in prompt if isinstance(part, dict))
        return prompt

    def rewards(self, call):
        jobs, whole = self.jobs(call)
        if self.is_async:

            async def gathered():
                return await asyncio.gather(*(job() for job in jobs))

            results = asyncio.run(gathered())
        else:
            results = [job() for job in jobs]
        return listed(results[0]) if whole else [plain(one) for one in results]

    def together(self, calls):
        if self.is_async:

            async def one(call):
                jobs, whole = self.jobs(call)
                results = await asyncio.gather(*(job() for job in jobs))
                return listed(results[0]) if whole else [plain(result) for result in results]

            async def every():
                return await asyncio.gather(*(one(call) for call in calls))

            return asyncio.run(every())
        with ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(self.rewards, calls))


def answer(target, request):
    """Return the answer to one request: for each call its rewards, or how it failed."""
    calls = request["calls"]
    if request["together"] and len(calls) > 1:
        try:
            return [{"rewards": rewards} for rewards in target.together(calls)]
        except BaseException as error:
            return [raised(error) for _ in calls]
    replies = []
    for call in calls:
        try:
            replies.append({"rewards": target.rewards(call)})
        except BaseException as error:  # SystemExit of a sample, too
            replies.append(raised(error))
    return replies


def raised(error):
    """Return an exception as an answer."""
    return {"raised": f"{type(error).__name__}: {str(error)[:500]}"}


def main():
    """Load the target, then answer requests until the conversation ends."""
    import fcntl

    given = int(sys.argv[1])
    descriptor = fcntl.fcntl(given, fcntl.F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR)
    os.close(given)
    described = json.loads(sys.argv[2])
    channel = socket.socket(fileno=descriptor)
    lines = channel.makefile("rb")
    send = functools.partial(say, channel.sendall, json.dumps)
    sys._stepsmith_audit = os.getpid()  # what a sample sees if it shares this interpreter
    sys.path.pop(0)  # this folder
    if described["cores"]:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: described["cores"]])
    faults = sibling("faults").Faults()
    try:
        module, found = load(described["reference"])
        kind = described["kind"]
        if kind == "verifiers" or (kind == "auto" and found is None and not hasattr(module, "compute_score")):
            target = sibling("environment").PackageOfVerifiers(module, described["arguments"], plain)
        else:
            function = found if found is not None else module.compute_score
            if isinstance(function, type) or not callable(function):
                raise TypeError("{} is no function".format(described["reference"]))
            target = HostedFunction(function, kind_of(function) if kind == "auto" else kind, described["arguments"])
            if kind == "verl" and kind_of(function) == "verl-batch":
                target.kind = "verl-batch"
        if described["fault"]:
            faults.arm(described["fault"])
    except BaseException as error:
        send({"failed": f"{type(error).__name__}: {str(error)[:2000]}"})
        return
    send({"kind": target.kind, "tasks": target.tasks(), "python": sys.version.split()[0]})
    for line in lines:
        send({"replies": answer(target, json.loads(line)), "hits": faults.hits})


def say(sendall, dumps, content):
    """Send one line. The functions are bound early, because samples may replace those of the modules."""
    sendall(dumps(content).encode() + b"\n")


if __name__ == "__main__":
    main()
