#!/usr/bin/env bash
# Starts this training with verl. Run it on the head node of a Ray cluster, or on a single machine with GPUs.
#
#   GPUS=8 NODES=1 STEPSMITH_JUDGE_URL=http://judge:8005 ./launch.sh [verl overrides, like trainer.save_freq=20]
#
# With ROLLOUT_GPUS=4 (and ROLLOUT_NODES) the mode is fully asynchronous: so many GPUs of other nodes generate meanwhile.
#
# Start the judge with `stepsmith judge serve --host ... --token ...` on a machine that every node can reach. Export
# STEPSMITH_TOKEN here, and on every node before `ray start`. This folder must have the same path on every node.
set -euo pipefail

STEPSMITH_FOLDER="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export STEPSMITH_FOLDER
export STEPSMITH_JUDGE_URL="${STEPSMITH_JUDGE_URL:-@JUDGE_URL@}"
export PYTHONPATH="$STEPSMITH_FOLDER${PYTHONPATH:+:$PYTHONPATH}"
PYTHON="${PYTHON:-python3}"

"$PYTHON" "$STEPSMITH_FOLDER/reward.py" "$STEPSMITH_JUDGE_URL"  # stops here if the judge does not work

main=verl.trainer.main_ppo config=grpo more=()
if [ -n "${ROLLOUT_GPUS:-}" ]; then
    main=verl.experimental.fully_async_policy.fully_async_main config=fully_async
    more=(rollout.nnodes="${ROLLOUT_NODES:-1}" rollout.n_gpus_per_node="$ROLLOUT_GPUS")
fi

exec "$PYTHON" -m "$main" \
    --config-path "$STEPSMITH_FOLDER" --config-name "$config" ${more[@]+"${more[@]}"} \
    trainer.nnodes="${NODES:-1}" trainer.n_gpus_per_node="${GPUS:-8}" \
    "$@"
