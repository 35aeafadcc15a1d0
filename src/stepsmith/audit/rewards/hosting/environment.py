# mypy: ignore-errors
"""A package of verifiers as a reward, for the process that holds it: API v1 (task sets, 0.4) and v0 (rubrics)."""

import asyncio
import inspect


class PackageOfVerifiers:
    """A task set whose tasks have rewards, or an environment with a rubric. A row names its task."""

    kind = "verifiers"

    def __init__(self, module, arguments, plain):
        self.arguments, self.plain = arguments, plain
        taskset = self._taskset(module)
        if taskset is not None:
            self.found = {str(task.key): task for task in taskset.load()}
            self.score = self._score_task
            return
        if not hasattr(module, "load_environment"):
            raise TypeError(f"{module.__name__} has neither a task set of verifiers nor load_environment")
        self.env = module.load_environment(**arguments)
        rows = self.env.get_dataset() if hasattr(self.env, "get_dataset") else self.env.dataset
        self.found = {str(k): dict(row) for k, row in enumerate(rows)}
        self.score = self._score_row

    def _taskset(self, module):
        try:
            import verifiers.v1 as v1
        except ImportError:
            return None
        for name in getattr(module, "__all__", dir(module)):
            one = getattr(module, name, None)
            if isinstance(one, type) and issubclass(one, v1.Taskset) and one.__module__.split(".")[0] != "verifiers":
                return one(self._config(one, v1))
        return None

    def _config(self, taskset, v1):
        for base in getattr(taskset, "__orig_bases__", ()):
            for argument in getattr(base, "__args__", ()):
                if isinstance(argument, type) and issubclass(argument, v1.TasksetConfig):
                    return argument(**self.arguments)
        return v1.TasksetConfig(**self.arguments)

    def tasks(self):
        """Return the names and the prompt of each task, by key."""
        shown = {}
        for key, task in self.found.items():
            if isinstance(task, dict):
                prompt, names = task.get("prompt", task.get("question", "")), [key]
                names += [
                    str(task[n]) for n in ("id", "task_id", "problem_id", "example_id") if task.get(n) is not None
                ]
            else:
                data = task.data
                prompt, names = data.prompt, [key, str(getattr(data, "id", "")), str(getattr(data, "name", ""))]
            if isinstance(prompt, (list, tuple)):
                parts = [part.get("content", "") if isinstance(part, dict) else str(part) for part in prompt]
                prompt = "\n".join(str(part) for part in parts)
            shown[key] = {"names": names, "prompt": str(prompt)}
        return shown

    async def _score_task(self, key, text):
        import verifiers.v1 as v1

        task = self.found[key]
        trace = v1.Trace(
            task=v1.TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash),
            agent=v1.AgentInfo(config=v1.AgentConfig(), name="audit", trainable=False),
            root_reply=text,
            is_completed=True,
            ok=True,
        )
        trace.nodes.append(v1.MessageNode(message=v1.AssistantMessage(content=text), sampled=True))
        await task.score(trace)
        if not any(reward is not None for reward in trace.rewards.values()):
            raise RuntimeError("the task gave no reward; rewards that need a runtime are not audited")
        return trace.reward

    async def _score_row(self, key, text):
        import verifiers

        row = self.found[key]
        prompt = row.get("prompt", row.get("question", ""))
        if isinstance(prompt, str):
            prompt = [{"role": "user", "content": prompt}]
        state = {
            **row, "prompt": prompt, "completion": [{"role": "assistant", "content": text}], "input": row,
            "answer": row.get("answer", ""), "info": row.get("info") or {}, "task": row.get("task", "default"),
            "responses": [], "turn": 1, "trajectory": [], "timing": {"scoring_ms": 0.0, "total_ms": 0.0},
            "metrics": {}, "reward": None, "is_completed": True, "is_truncated": False,
        }  # fmt: skip
        kind = getattr(verifiers, "State", dict)
        state = kind(state) if issubclass(kind, dict) else state
        rubric = self.env.rubric
        names = list(inspect.signature(rubric.score_rollout).parameters)
        if names[:2] == ["prompt", "completion"]:  # before 0.1.9
            result = await rubric.score_rollout(
                prompt=prompt, completion=state["completion"], answer=state["answer"], state=state,
                task=state["task"], info=state["info"],
            )  # fmt: skip
            return getattr(result, "reward", None)
        await rubric.score_rollout(state)
        return state.get("reward")

    def rewards(self, call):
        """Return the rewards of one call."""
        return self.together([call])[0]

    def together(self, calls):
        """Return the rewards of calls that are made at once."""

        async def one(call):
            pairs = zip(call["rows"], call["completions"])
            found = await asyncio.gather(*(self.score(row["task"], text) for row, text in pairs))
            return [self.plain(reward) for reward in found]

        async def every():
            return await asyncio.gather(*(one(call) for call in calls))

        return asyncio.run(every())
