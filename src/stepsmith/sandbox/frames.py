"""Pack many texts into one file: for each its length in 8 bytes, then the text. A text that was cut off is ignored."""

import struct

LENGTH = struct.Struct("<Q")


def pack(texts: list[bytes]) -> bytes:
    """Return the packed texts."""
    return b"".join(LENGTH.pack(len(text)) + text for text in texts)


def unpack(data: bytes) -> list[bytes]:
    """Return the complete texts."""
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
