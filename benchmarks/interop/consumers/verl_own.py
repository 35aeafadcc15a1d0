"""verl's own `codecontests` scorer over rows of ours, at our SandboxFusion address."""

import threading

import pyarrow.parquet as pq
from common import arguments, in_threads, write
from verl.utils.reward_score import default_compute_score

folder, replies, out, judge_url = arguments()
tables = [folder / "codecontests" / f"{half}.parquet" for half in ("train", "test")]
rows = {
    row["extra_info"]["problem"]: row for table in tables if table.exists() for row in pq.read_table(table).to_pylist()
}
limit = threading.Semaphore(16)


def judged(reply):
    row = rows[reply["problem"]]
    return default_compute_score(
        row["data_source"], reply["reply"], row["reward_model"]["ground_truth"], row["extra_info"],
        sandbox_fusion_url=f"{judge_url}/run_code", concurrent_semaphore=limit, memory_limit_mb=512,
    )  # fmt: skip


write(out, in_threads(judged, [reply for reply in replies if reply["problem"] in rows]), {}, "")
