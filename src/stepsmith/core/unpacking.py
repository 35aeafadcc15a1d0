"""Unpack compressed data from other people, at most so many bytes: a small file can unpack to terabytes."""

import pickletools
import zlib

MOST_BYTES = 1 << 30  # our choice; the largest tests of LiveCodeBench are a tenth of it

_TEXT = ("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8")
_AROUND = ("PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP")


def unpacked(data: bytes, most: int = MOST_BYTES) -> bytes:
    """Return the content of zlib or gzip data.

    Raises ``ValueError`` for other data, data that ends early, and data that unpacks to more than ``most`` bytes.
    """
    parts: list[bytes] = []
    size = 0
    while data:
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: zlib or gzip, by the header
        try:
            part = stream.decompress(data, most - size + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        size += len(part)
        if size > most:
            raise ValueError(f"it unpacks to more than {most} bytes")
        if not stream.eof:
            raise ValueError("it ends too early")
        parts.append(part)
        data = stream.unused_data.lstrip(b"\0")  # gzip files may be joined, and padded with zeros
    return b"".join(parts)


def pickled_text(data: bytes) -> str:
    """Return the text that a pickle holds, without unpickling: its operations are read, and none is carried out.

    Raises ``ValueError`` for a pickle of anything else.
    """
    texts: list[str] = []
    for operation, argument, _ in pickletools.genops(data):
        if operation.name in _TEXT:
            texts.append(str(argument))
        elif operation.name not in _AROUND:
            raise ValueError(f"the pickle holds something else than text ({operation.name})")
    if len(texts) != 1:
        raise ValueError(f"the pickle holds {len(texts)} texts, not one")
    return texts[0]
