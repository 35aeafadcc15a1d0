"""Many texts in one file: each is its length in 8 bytes, then itself. What is cut off at the end is not there."""

import struct

LENGTH = struct.Struct("<Q")


def pack(texts: list[bytes]) -> bytes:
    """Return the texts, framed."""
    return b"".join(LENGTH.pack(len(text)) + text for text in texts)


def unpack(data: bytes) -> list[bytes]:
    """Return the texts that are whole."""
    texts = []
    start = 0
    while start + LENGTH.size <= len(data):
        (size,) = LENGTH.unpack_from(data, start)
        start += LENGTH.size
        if start + size > len(data):
            break
        texts.append(data[start : start + size])
        start += size
    return texts
