# mypy: ignore-errors
"""Extensions of verl: the order of problems, and masks for completions that were cut off.

verl finds this module as ``pkg://stepsmith_hooks``, because its folder is on PYTHONPATH (see launch.sh and grpo.yaml).
"""

import json
from pathlib import Path

from verl.experimental.agent_loop.agent_loop import register
from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop
from verl.experimental.reward_loop.reward_manager import NaiveRewardManager
from verl.utils.dataset.rl_dataset import RLHFDataset


class CurriculumDataset(RLHFDataset):
    """The rows of ``NAME.parquet`` in the order of ``NAME.order.json``, a list of row numbers, if that file exists.

    A row number that occurs several times repeats the row. Rows that verl left out (prompts that are too long) are
    skipped.
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
    """Return whether a completion was cut off: it has ``most`` tokens, and the last is not an end token."""
    return len(response_ids) >= most and int(response_ids[-1]) not in ends


def ends_of(tokenizer):
    """Return the tokens that end a completion."""
    turn = tokenizer.convert_tokens_to_ids("<|im_end|>")
    return {tokenizer.eos_token_id, turn} - {None, tokenizer.unk_token_id}


class RewardManager(NaiveRewardManager):
    """verl's own reward manager, which calls the reward function; this one also sets ``extra_info["truncated"]``."""

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
    """One turn. The tokens of a completion that was cut off are left out of the loss; its reward stays in its group."""

    async def run(self, sampling_params, **kwargs):
        """Generate the completion of one prompt."""
        output = await super().run(sampling_params, **kwargs)
        if truncated(output.response_ids, self.response_length, ends_of(self.tokenizer)):
            output.response_mask = [0] * len(output.response_mask)
        return output
