"""NeMo Gym: `POST /verify` of the resources server in its own web application, and its own aggregation of the group."""

import importlib.util
import json
import sys

from common import arguments, groups, in_threads, write
from fastapi.testclient import TestClient
from nemo_gym.reward_profile import select_measured
from nemo_gym.server_utils import ServerClient

folder, replies, out, judge_url = arguments()
module = sys.argv[5]
place = folder / "resources_servers" / module
sys.path.insert(0, str(place))
spec = importlib.util.spec_from_file_location("app", place / "app.py")
app = importlib.util.module_from_spec(spec)
sys.modules["app"] = app
spec.loader.exec_module(app)
config = app.ProblemsServerConfig(
    host="127.0.0.1", port=1, entrypoint="app.py", name=module, domain="coding", judge_url=judge_url
)
server = app.ProblemsServer(config=config, server_client=ServerClient.model_construct())
rows = {}
for half in ("train", "validation"):
    for line in (place / "data" / f"{half}.jsonl").read_text().splitlines():
        row = json.loads(line)
        rows[row["verifier_metadata"]["problem"]] = row
results = {}


def judged(reply):
    message = {
        "id": "m", "type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": reply["reply"], "annotations": []}],
    }  # fmt: skip
    response = {
        "id": "r", "created_at": 0.0, "model": "m", "object": "response", "output": [message],
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    }  # fmt: skip
    answer = client.post("/verify", json={**rows[reply["problem"]], "response": response})
    answer.raise_for_status()
    result = results[reply["id"]] = answer.json()
    if result["mask_sample"]:
        assert result["failure_kind"] == "verifier_error", result
        return None
    return result["reward"]


with TestClient(server.setup_webserver()) as client:
    rewards = in_threads(judged, replies)
means = {}
for problem, names in groups(replies).items():
    numbered = [{**results[name], "_ng_task_index": 0, "_ng_rollout_index": k} for k, name in enumerate(names)]
    _, measured, _, _ = select_measured([], numbered)
    means[problem] = sum(one["reward"] for one in measured) / len(measured) if measured else None
write(out, rewards, means, "mean over what NeMo Gym's select_measured keeps")
