"""One named text in a PNG: an iTXt chunk with UTF-8 text (PNG specification, third edition, 11.3.3.4)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 1 << 20  # bytes; a recipe with a dozen region masks has a tenth of it


def chunk(kind: bytes, body: bytes) -> bytes:
    """Frame one PNG chunk: length, kind, body, checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def text_chunk(keyword: str, text: str) -> bytes:
    """Frame `text` as an uncompressed iTXt chunk. Raises ValueError when it is too long."""
    body = text.encode("utf-8")
    if len(body) > MAX_TEXT:
        raise ValueError(f"text of {len(body)} bytes; a chunk holds at most {MAX_TEXT}")
    return chunk(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + body)


def chunks(png: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Walk over the chunks (kind, body) of a PNG up to IEND, or up to where the file breaks off."""
    view, at = memoryview(png), len(SIGNATURE)
    while at + 12 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        if at + 12 + length > len(png):
            return
        yield kind, view[at + 8 : at + 8 + length]
        if kind == b"IEND":
            return
        at += 12 + length


def read_text(png: bytes, keyword: str) -> str | None:
    """Read the iTXt or tEXt chunk of that keyword, inflating at most MAX_TEXT bytes; None when absent.

    Chunks too long or damaged count as absent: whoever wrote them, it was not us.
    """
    name = keyword.encode("latin-1") + b"\0"
    for kind, body in chunks(png):
        if kind not in (b"iTXt", b"tEXt") or len(body) > MAX_TEXT + 1024 or bytes(body[: len(name)]) != name:
            continue
        rest = bytes(body[len(name) :])
        if kind == b"tEXt":
            return rest.decode("latin-1")
        compressed, (_, _, text) = rest[:1] == b"\x01", [*rest[2:].split(b"\0", 2), b"", b""][:3]
        if compressed:
            inflate = zlib.decompressobj()
            try:
                text = inflate.decompress(text, MAX_TEXT)
            except zlib.error:
                continue
            if inflate.unconsumed_tail:
                continue
        return text.decode("utf-8", "replace")
    return None
