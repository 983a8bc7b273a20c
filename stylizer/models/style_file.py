"""A named style is one small file: a code and what an artist wants to know of it."""

from __future__ import annotations

import json
import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from stylizer.errors import StyleFileError
from stylizer.imaging.files import write_whole

SUFFIX, THUMBNAIL_SUFFIX, PAINTING_SUFFIX = ".safetensors", ".webp", ".painting.webp"
LARGEST_FILE = 1 << 20
LARGEST_CODE = 1 << 18
LONGEST_TEXT = 200
MOST_TAGS = 24
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_SHA = re.compile(r"[0-9a-f]{64}")
_TEXTS = ("title", "artist", "year", "source", "painter_sha")
_ENTRIES = {*_TEXTS, "tags", "refined"}
_SPARE: dict[str, Any] = {"about": "", "credit": "", "place": 1000}
"""Entries that files of before had not, and what they mean by that."""


@dataclass(frozen=True, eq=False)
class NamedStyle:
    """A style with a name: `code` (code_size,) float32 for the painter whose weights hash to `painter_sha`.

    `refined` tells that the code was improved by gradient for its painting; `year` is text, for a year
    is often "about 1830", and empty where nobody knows. `about` says in a line what the style does to a
    photo, `place` where it hangs: the sought ones come first, from 0. `thumbnail` is a photo painted in it,
    `painting` a small rendition of the painting where its source allows one, by the license in `credit`.
    """

    slug: str
    title: str
    artist: str
    year: str
    tags: tuple[str, ...]
    code: Tensor
    painter_sha: str
    refined: bool = False
    source: str = ""
    about: str = ""
    credit: str = ""
    place: int = 1000
    thumbnail: Path | None = None
    painting: Path | None = None


def save_style(folder: str | os.PathLike[str], style: NamedStyle) -> Path:
    """Write `<slug>.safetensors` into the folder, all of it or nothing; the code is stored as float16.

    The pictures are not written: they lie beside it, `<slug>.webp` and `<slug>.painting.webp`.
    Raises StyleFileError for a name, text or code that `load_style` would refuse.
    """
    folder = Path(folder)
    facts = {name: getattr(style, name) for name in (*_TEXTS, *_SPARE)} | {
        "tags": list(style.tags),
        "refined": style.refined,
    }
    _check_facts(style.slug, facts)
    code = style.code.detach().cpu().to(torch.float16)
    _check_code(style.slug, code)
    data = safetensors.torch.save({"code": code.contiguous().clone()}, {"style": json.dumps(facts)})
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / (style.slug + SUFFIX), data)
    return folder / (style.slug + SUFFIX)


def slug_of(title: str) -> str:
    """Make a style's name of its title: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "style"


def load_style(path: str | os.PathLike[str], slug: str | None = None) -> NamedStyle:
    """Read one style file; `slug` is its name where the file has another.

    Raises StyleFileError, which names the style, what was found and what is expected.
    """
    path = Path(path)
    name = slug or path.stem[:80]
    data = _read(path, name)
    length = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + length] if length < len(data) else b"")
        facts = json.loads(header["__metadata__"]["style"])
        tensors = safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        raise StyleFileError(
            "style {name!r} is not a style file, or it is damaged; copy it again", name=name
        ) from None
    if set(tensors) != {"code"}:
        raise StyleFileError(
            "style {name!r} holds {count} tensors; expected one that is named 'code'",
            name=name,
            count=len(tensors),
        )
    facts = _SPARE | facts if isinstance(facts, dict) else facts
    _check_facts(name, facts)
    _check_code(name, tensors["code"])
    return NamedStyle(
        slug=name,
        code=tensors["code"].to(torch.float32),
        tags=tuple(facts["tags"]),
        refined=facts["refined"],
        thumbnail=_beside(path, THUMBNAIL_SUFFIX),
        painting=_beside(path, PAINTING_SUFFIX),
        **{text: facts[text] for text in (*_TEXTS, *_SPARE)},
    )


def style_files(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """List the style files of a folder by name; a folder that is not there holds none."""
    folder = Path(folder)
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.name[0] != "."))


def load_styles(folder: str | os.PathLike[str]) -> tuple[NamedStyle, ...]:
    """Read every style of a folder, by name; raises StyleFileError at the first that cannot be used."""
    return tuple(load_style(path) for path in style_files(folder))


def _beside(path: Path, suffix: str) -> Path | None:
    picture = path.with_suffix(suffix)
    return picture if picture.is_file() and not picture.is_symlink() else None


def _read(path: Path, name: str) -> bytes:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            raise StyleFileError(
                "style {name!r} is not a plain file of at most {most} bytes; copy it again",
                name=name,
                most=LARGEST_FILE,
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise StyleFileError(
            "style {name!r} is missing; list the styles to see which there are", name=name
        ) from None
    except OSError as error:
        raise StyleFileError(
            "style {name!r} cannot be read ({reason})", name=name, reason=error.strerror
        ) from None


def _check_facts(name: str, facts: object) -> None:
    if not _SLUG.fullmatch(name):
        raise StyleFileError(
            "style {name!r}: a name has small letters, digits and hyphens, 80 at most", name=name
        )
    entries = _ENTRIES | _SPARE.keys()
    if not isinstance(facts, dict) or set(facts) != entries:
        found = ", ".join(sorted(map(str, facts)))[:80] if isinstance(facts, dict) else "no object"
        found = "".join(letter if letter.isprintable() else "?" for letter in found)
        raise StyleFileError(
            "style {name!r} has the entries {found}; expected {known}",
            name=name,
            found=found,
            known=", ".join(sorted(entries)),
        )
    tags = facts["tags"]
    if not isinstance(tags, list) or len(tags) > MOST_TAGS:
        raise StyleFileError(
            "style {name!r}: tags must be a list of at most {most} words", name=name, most=MOST_TAGS
        )
    texts = [(key, facts[key]) for key in (*_TEXTS, "about", "credit")]
    for key, text in texts + [("tags", tag) for tag in tags]:
        if not isinstance(text, str) or len(text) > LONGEST_TEXT or not text.isprintable():
            raise StyleFileError(
                "style {name!r}: {key} is {text!r}; expected one line up to {most} long",
                name=name,
                key=key,
                text=str(text)[:30],
                most=LONGEST_TEXT,
            )
    if not isinstance(facts["place"], int) or not 0 <= facts["place"] <= 1000:
        raise StyleFileError(
            "style {name!r}: place is {place!r}; expected a number from 0 to 1000",
            name=name,
            place=str(facts["place"])[:30],
        )
    if not isinstance(facts["refined"], bool):
        raise StyleFileError(
            "style {name!r}: refined is {refined!r}; expected true or false",
            name=name,
            refined=str(facts["refined"])[:30],
        )
    if not _SHA.fullmatch(facts["painter_sha"]):
        raise StyleFileError(
            "style {name!r}: painter_sha must be the 64 digits of the painter's sha256", name=name
        )


def _check_code(name: str, code: Tensor) -> None:
    if (
        code.ndim != 1
        or not 0 < code.numel() <= LARGEST_CODE
        or code.dtype not in (torch.float16, torch.float32)
    ):
        raise StyleFileError(
            "style {name!r}: the code has shape {shape}, {kind}; expected at most {most} float16 numbers "
            "in one row",
            name=name,
            shape=tuple(code.shape),
            kind=str(code.dtype)[6:],
            most=LARGEST_CODE,
        )
    if not torch.isfinite(code).all():
        raise StyleFileError("style {name!r}: the code has values that are not finite", name=name)
