"""verifiers: the installed task set's own scoring, inside the error boundary that a rollout has."""

import asyncio
import sys

import verifiers.v1 as vf
from common import arguments, groups, write
from verifiers.v1.state import state_cls
from verifiers.v1.trace import Trace, TraceTask

folder, replies, out, judge_url = arguments()
module = sys.argv[5]
tasks = {}
for half in ("train", "test"):
    config = vf.taskset_config_type(module)(id=module, half=half, task={"judge_url": judge_url})
    tasks |= {task.data.id: task for task in vf.load_taskset(config)}


async def judged(reply):
    task = tasks[reply["problem"]]
    trace = Trace(
        task=TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash),
        state=state_cls(type(task))(),
        agent=vf.AgentInfo(config=vf.AgentConfig(), name="replay", trainable=True),
        root_reply=reply["reply"],
    )
    try:
        await task.score(trace)
    except vf.TaskError as error:
        trace.record_error(error)
    reward = trace.rewards["judged"]
    assert (reward is None) == bool(trace.errors)
    return None if reward is None else reward.score


async def main():
    scored = await asyncio.gather(*map(judged, replies))
    rewards = {reply["id"]: reward for reply, reward in zip(replies, scored, strict=True)}
    means = {}
    for problem, names in groups(replies).items():
        kept = [rewards[name] for name in names if rewards[name] is not None]
        means[problem] = sum(kept) / len(kept) if kept else None
    write(out, rewards, means, "mean over traces without an error")


asyncio.run(main())
