"""Which previews a stage lacks, in the order in which the artist needs them, and where they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from stylizer.engine import CancelToken
from stylizer.imaging.picture import Picture, save_picture
from stylizer.ui.region_edits import Strengths
from stylizer.ui.stage_state import StageState

MOST_TRUE = 4
"""True pictures that the stage holds beside the keyframes."""
TRUE = "true"


@dataclass(frozen=True)
class PreviewWork:
    """Previews to paint: of the picture (layer ""), of a region's layer, or a true picture with its key."""

    request: Any
    strengths: tuple[float, ...]
    layer: str = ""
    key: Strengths = ()


def missing_previews(
    stage: StageState, request: Any, strengths: tuple[float, ...], coarse: tuple[float, ...]
) -> Iterator[PreviewWork]:
    """List the previews that are missing, in the order in which the artist needs them.

    `strengths` are those of the keyframes, `coarse` those of a region's layer. They are in the style's color,
    of which the stage takes away; a true picture is painted as it will be.
    """
    true, request = request, replace(request, color=1.0)
    layers = stage.edits.layers(request) if stage.edits else {}
    present = 1.0 if stage.edits else request.strength or 1.0  # with regions it is not the true picture
    wanted = list(dict.fromkeys([present, 1.0, *strengths]))
    with stage.lock:
        unused = [path for key, layer in stage.layers.items() if key not in layers for path in layer.values()]
        stage.stale += unused
        stage.layers = {key: stage.layers.get(key, {}) for key in layers}
    for first, some in ((True, wanted[:2]), (False, wanted[2:])):
        missing = tuple(s for s in some if s not in stage.frames and (s,) not in stage.truth)
        for strength in missing:
            yield PreviewWork(request if strength in (1.0, *strengths) else true, (strength,))
        for key, layer in layers.items():
            missing = tuple(
                s for s in (coarse[:2] if first else coarse) if s not in stage.layers.get(key, ())
            )
            if missing:
                yield PreviewWork(layer, missing, key)


def keep_preview(
    stage: StageState,
    token: CancelToken,
    work: PreviewWork,
    strength: float,
    picture: Picture,
    strengths: tuple[float, ...],
) -> None:
    """Write a preview where the stage finds it; raises Cancelled when the turn is over."""
    file = stage.new_file(".webp" if picture.alpha is not None else ".jpg")
    save_picture(picture, file, quality=92, lasting=False)
    with stage.lock:
        token.check()
        if work.layer not in ("", TRUE):
            stage.layers.setdefault(work.layer, {})[strength] = file
        elif work.layer == "" and strength in (0.0, *strengths):
            stage.frames[strength] = file
        else:
            stage.truth[work.key or (strength,)] = file
        for old in list(stage.truth)[:-MOST_TRUE]:
            stage.stale.append(stage.truth.pop(old))
