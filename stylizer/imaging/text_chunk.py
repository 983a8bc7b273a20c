"""PNG chunks, and one named text among them: an iTXt chunk with UTF-8 text (PNG, third edition, 11.3.3.4)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from stylizer.imaging.bounds import MAX_PARTS

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


def frames(png: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Walk over the chunks of a PNG, kind and whole frame, up to IEND or to where the file breaks off.

    Raises OSError for more than MAX_PARTS.
    """
    view, at, count = memoryview(png), len(SIGNATURE), 0
    while at + 12 <= len(png):
        count += 1
        if count > MAX_PARTS:
            raise OSError("too many chunks")
        length, kind = struct.unpack_from(">I4s", png, at)
        if at + 12 + length > len(png):
            return
        yield kind, view[at : at + 12 + length]
        if kind == b"IEND":
            return
        at += 12 + length


def chunks(png: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Walk over the chunks (kind, body) of a PNG, as `frames` does."""
    return ((kind, frame[8:-4]) for kind, frame in frames(png))


def is_whole(frame: memoryview) -> bool:
    """Tell whether a chunk's checksum is right."""
    return zlib.crc32(frame[4:-4]) == int.from_bytes(frame[-4:], "big")


def inflated(packed: bytes, most: int) -> bytes | None:
    """Unpack at most that many bytes; None for more, and for what is damaged or breaks off."""
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(packed, most + 1)
    except zlib.error:
        return None
    return plain if inflate.eof and len(plain) <= most else None


def read_text(png: bytes, keyword: str) -> str | None:
    """Read the first iTXt or tEXt chunk of that keyword, inflating at most MAX_TEXT bytes; None when absent.

    One that is too long or damaged counts as absent: whoever wrote it, it was not us. Those after it are not
    looked at: forty megabytes may hold 36,000 that inflate to a megabyte each.
    """
    name = keyword.encode("latin-1") + b"\0"
    for kind, body in chunks(png):
        if kind not in (b"iTXt", b"tEXt") or bytes(body[: len(name)]) != name:
            continue
        if len(body) > MAX_TEXT + 1024:
            return None
        rest = bytes(body[len(name) :])
        if kind == b"tEXt":
            return rest.decode("latin-1")
        compressed, (_, _, text) = rest[:1] == b"\x01", [*rest[2:].split(b"\0", 2), b"", b""][:3]
        whole = inflated(text, MAX_TEXT) if compressed else text
        return None if whole is None else whole.decode("utf-8", "replace")
    return None
