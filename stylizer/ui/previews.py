"""The pictures that the stage blends: which are missing, and where they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stylizer.engine import CancelToken, StyleRequest
from stylizer.imaging.picture import Picture, save_picture
from stylizer.ui.region_plan import Strengths
from stylizer.ui.samples import COARSE, KEYFRAMES
from stylizer.ui.session import Session

TRUE = "true"
MOST_TRUE = 4
"""True pictures that the stage holds beside the keyframes."""


@dataclass(frozen=True)
class PreviewWork:
    """Previews to paint: of the picture (layer ""), of a region's layer, or a true picture with its key."""

    request: StyleRequest | None
    strengths: tuple[float, ...]
    layer: str = ""
    key: Strengths = ()


def missing_previews(session: Session, request: StyleRequest) -> Iterator[PreviewWork]:
    """List the previews that are missing, in the order in which the artist needs them."""
    layers = session.plan.layers(request) if session.plan else {}
    present = 1.0 if session.plan else request.strength or 1.0  # with regions it is not the true picture
    wanted = list(dict.fromkeys([1.0, present, *KEYFRAMES]))
    with session.lock:
        unused = [
            path for key, layer in session.layers.items() if key not in layers for path in layer.values()
        ]
        session.stale += unused
        session.layers = {key: session.layers.get(key, {}) for key in layers}
    for strengths in (wanted[:2], wanted[2:]):
        missing = tuple(s for s in strengths if s not in session.frames and (s,) not in session.truth)
        if missing:
            yield PreviewWork(request, missing)
        for key, layer in layers.items():
            coarse = COARSE[:2] if strengths == wanted[:2] else COARSE
            missing = tuple(s for s in coarse if s not in session.layers.get(key, ()))
            if missing:
                yield PreviewWork(layer, missing, key)


def keep_preview(
    session: Session, token: CancelToken, work: PreviewWork, strength: float, picture: Picture
) -> None:
    """Write a preview where the stage finds it; raises Cancelled when the turn is over."""
    file = session.new_file(".webp" if picture.alpha is not None else ".jpg")
    save_picture(picture, file, quality=92)
    with session.lock:
        token.check()
        if work.layer not in ("", TRUE):
            session.layers.setdefault(work.layer, {})[strength] = file
        elif work.layer == "" and strength in (0.0, *KEYFRAMES):
            session.frames[strength] = file
        else:
            session.truth[work.key or (strength,)] = file
        for old in list(session.truth)[:-MOST_TRUE]:
            session.stale.append(session.truth.pop(old))
