"""Content ids (equal content has equal ids, on every machine) and derived random generators."""

import hashlib
import random

import msgspec

ID_BYTES = 16  # 128 bits: below 10^15 records no collision is to be expected

_encoder = msgspec.msgpack.Encoder(order="deterministic")


def content_id(prefix: str, *content: object) -> str:
    """Return ``prefix_<32 hex digits>``, a BLAKE2b-128 digest of the canonical MessagePack of ``content``.

    Structs are encoded by field name, dictionaries with sorted keys, so neither field order nor insertion order
    changes the id. Raises ``TypeError`` for content that msgspec cannot encode.
    """
    digest = hashlib.blake2b(_encoder.encode(content), digest_size=ID_BYTES).hexdigest()
    return f"{prefix}_{digest}"


def derive_rng(seed: int, *path: str | int) -> random.Random:
    """Return a generator that depends only on ``seed`` and ``path``. Different paths give independent streams."""
    digest = hashlib.blake2b(_encoder.encode((seed, path)), digest_size=16).digest()
    return random.Random(int.from_bytes(digest, "big"))
