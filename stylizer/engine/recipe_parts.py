"""What recipes of every kind are made of: names, digests and regions that anyone may have written."""

from __future__ import annotations

import base64
import re
from typing import Any

import numpy as np

from stylizer.errors import RecipeError
from stylizer.imaging.mask_files import pack_mask, unpack_mask
from stylizer.imaging.regions import MOST_REGIONS, REST, WHOLE, Regions, RegionsError, check_name, whole

FORMAT = 1
LONGEST_NAME = 120
_SHA = re.compile(r"[0-9a-f]{16,128}")


def plain_name(value: Any) -> str:
    """Return a name as harmless text: one line, no folder, no control characters, of bounded length."""
    if not isinstance(value, str):
        return ""
    text = "".join(letter for letter in value[-4096:] if letter.isprintable())
    return re.split(r"[/\\]", text)[-1].strip()[:LONGEST_NAME]


def plain_sha(value: Any) -> str:
    """Return a digest in hexadecimal, or nothing."""
    return value if isinstance(value, str) and _SHA.fullmatch(value) else ""


def plain_part(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an entry that is an object, or an empty one."""
    return data[name] if isinstance(data.get(name), dict) else {}


def pack_regions(regions: Regions, looks: list[dict[str, Any]]) -> dict[str, Any]:
    """Write regions, and how each looks, as an entry of JSON."""
    packed = [base64.b64encode(pack_mask(mask)).decode("ascii") for mask in regions.masks[1:]]
    return {
        "size": list(regions.size),
        "names": list(regions.names[1:]),
        "masks": packed,  # the rest is what they leave of 255
        "looks": looks,
    }


def unpack_regions(found: Any) -> tuple[Regions | None, list[dict[str, Any]]]:
    """Read regions, and the entries of their looks; raises RecipeError when they are damaged."""
    if found is None:
        return None, []
    refused = RecipeError("the regions in the picture's recipe are damaged; make them anew")
    try:
        names = [check_name(name) for name in found["names"][:MOST_REGIONS]]
        masks = [unpack_mask(base64.b64decode(text, validate=True)) for text in found["masks"][:MOST_REGIONS]]
        if not masks:
            regions = whole(tuple(int(side) for side in found["size"]))
        else:
            rest = WHOLE - np.sum(masks, 0, dtype=np.int32)
            if rest.min() < 0:
                raise refused
            regions = Regions(np.stack([rest.astype(np.uint8), *masks]), (REST, *names))
        looks = [entry for entry in found["looks"][:MOST_REGIONS] if entry["name"] in regions.names]
    except (RegionsError, ValueError, TypeError, KeyError, MemoryError):
        raise refused from None
    return regions, looks
