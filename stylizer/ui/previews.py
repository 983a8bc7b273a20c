"""The pictures that the stage blends: which are missing, and where they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stylizer.engine import CancelToken
from stylizer.imaging.picture import Picture, save_picture
from stylizer.ui.region_edits import Strengths
from stylizer.ui.showing import Showing

TRUE = "true"
MOST_TRUE = 4
"""True pictures that the stage holds beside the keyframes."""


@dataclass(frozen=True)
class PreviewWork:
    """Previews to paint: of the picture (layer ""), of a region's layer, or a true picture with its key."""

    request: Any
    strengths: tuple[float, ...]
    layer: str = ""
    key: Strengths = ()


def missing_previews(
    showing: Showing, request: Any, strengths: tuple[float, ...], coarse: tuple[float, ...]
) -> Iterator[PreviewWork]:
    """List the previews that are missing, in the order in which the artist needs them.

    `strengths` are those of the keyframes, `coarse` those of a region's layer.
    """
    layers = showing.plan.layers(request) if showing.plan else {}
    present = 1.0 if showing.plan else request.strength or 1.0  # with regions it is not the true picture
    wanted = list(dict.fromkeys([1.0, present, *strengths]))
    with showing.lock:
        unused = [
            path for key, layer in showing.layers.items() if key not in layers for path in layer.values()
        ]
        showing.stale += unused
        showing.layers = {key: showing.layers.get(key, {}) for key in layers}
    for first, some in ((True, wanted[:2]), (False, wanted[2:])):
        missing = tuple(s for s in some if s not in showing.frames and (s,) not in showing.truth)
        if missing:
            yield PreviewWork(request, missing)
        for key, layer in layers.items():
            missing = tuple(
                s for s in (coarse[:2] if first else coarse) if s not in showing.layers.get(key, ())
            )
            if missing:
                yield PreviewWork(layer, missing, key)


def keep_preview(
    showing: Showing,
    token: CancelToken,
    work: PreviewWork,
    strength: float,
    picture: Picture,
    strengths: tuple[float, ...],
) -> None:
    """Write a preview where the stage finds it; raises Cancelled when the turn is over."""
    file = showing.new_file(".webp" if picture.alpha is not None else ".jpg")
    save_picture(picture, file, quality=92)
    with showing.lock:
        token.check()
        if work.layer not in ("", TRUE):
            showing.layers.setdefault(work.layer, {})[strength] = file
        elif work.layer == "" and strength in (0.0, *strengths):
            showing.frames[strength] = file
        else:
            showing.truth[work.key or (strength,)] = file
        for old in list(showing.truth)[:-MOST_TRUE]:
            showing.stale.append(showing.truth.pop(old))
