# mypy: ignore-errors
"""What verl has to be told: the order of problems, which replies were cut off, and that those are not learnt from.

Found by verl through ``pkg://stepsmith_hooks`` (this folder is on PYTHONPATH; see launch.sh and grpo.yaml).
"""

import json
from pathlib import Path

from verl.experimental.agent_loop.agent_loop import register
from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop
from verl.experimental.reward_loop.reward_manager import NaiveRewardManager
from verl.utils.dataset.rl_dataset import RLHFDataset


class CurriculumDataset(RLHFDataset):
    """The rows in the order of ``NAME.order.json`` beside ``NAME.parquet``, a list of places; as they are without it.

    A row comes as often as its place does. Places of rows that verl left out (prompts that are too long) are skipped.
    """

    def _read_files_and_tokenize(self):
        super()._read_files_and_tokenize()
        self._order = None
        order = Path(self.original_data_files[0]).with_suffix(".order.json")
        if order.exists():
            rows = {extra["index"]: row for row, extra in enumerate(self.dataframe["extra_info"])}
            self._order = [rows[place] for place in json.loads(order.read_text()) if place in rows]

    def __len__(self):
        return super().__len__() if self._order is None else len(self._order)

    def __getitem__(self, item):
        return super().__getitem__(item if self._order is None else self._order[item])


def truncated(response_ids, most, ends):
    """Whether a reply was cut off at ``most`` tokens: it has as many, and the last is no end of text."""
    return len(response_ids) >= most and int(response_ids[-1]) not in ends


def ends_of(tokenizer):
    """Tokens that end a reply."""
    turn = tokenizer.convert_tokens_to_ids("<|im_end|>")
    return {tokenizer.eos_token_id, turn} - {None, tokenizer.unk_token_id}


class RewardManager(NaiveRewardManager):
    """verl's own, which calls the reward function, with ``extra_info["truncated"]`` filled in."""

    async def run_single(self, data):
        """Score the last sequence of ``data``."""
        item = data[-1:][0]
        width = item.batch["responses"].shape[-1]
        length = int(item.batch["attention_mask"][-width:].sum())
        most = self.config.data.max_response_length
        cut = truncated(item.batch["responses"][:length], most, ends_of(self.tokenizer))
        item.non_tensor_batch["extra_info"]["truncated"] = cut
        return await super().run_single(data)


@register("stepsmith_masks_truncated")
class MaskTruncated(SingleTurnAgentLoop):
    """One turn; the tokens of a reply that was cut off take no part in the loss. Its reward counts in its group."""

    async def run(self, sampling_params, **kwargs):
        """Answer one prompt."""
        output = await super().run(sampling_params, **kwargs)
        if truncated(output.response_ids, self.response_length, ends_of(self.tokenizer)):
            output.response_mask = [0] * len(output.response_mask)
        return output
