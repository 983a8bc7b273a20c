"""Teach the studio a picture: study it, and put it among the styles with a thumbnail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from stylizer.engine.engine import Engine
from stylizer.engine.library import STYLES
from stylizer.engine.pipelines.study import sample_photos
from stylizer.engine.progress import ProgressReceiver, ignore_progress
from stylizer.engine.requests import StudyRequest, StyleChoice, StyleRequest
from stylizer.imaging.picture import Picture, save_picture
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.style_encoder import STYLE_SIDE, style_size
from stylizer.models.style_file import NamedStyle, save_style

THUMBNAIL = 224
"""Side of the square thumbnail, pixels."""


def learn_style(
    engine: Engine,
    picture: Picture,
    facts: NamedStyle,
    photos: Sequence[Picture],
    steps: int,
    seconds: float = 0.0,
    progress: ProgressReceiver = ignore_progress,
) -> NamedStyle:
    """Study a picture by `steps` steps at most and save it as a named style of the engine's folder.

    `facts` supplies name and texts; `photos` to practice on, the page's samples if there are none. With no
    step it is saved as it is read at first sight. Returns the style as saved.
    Raises StyleFileError for a name that no style can have, CheckpointError without the perceptual network.
    """
    painter, practice = engine.painter, tuple(photos) or tuple(sample_photos())
    style = to_tensor(
        resize_picture(picture, *style_size(picture.height, picture.width)), engine.device.torch
    )
    with torch.no_grad():
        code = painter.code(style)[0].float().cpu()
    if steps > 0:
        *_, found = engine.study(StudyRequest(picture, practice, steps, seconds), progress=progress)
        code = found.code
    learned = replace(facts, code=code, painter_sha=painter.checkpoint_sha, refined=steps > 0)
    folder = engine.library.folder / STYLES
    save_style(folder, learned)
    painted = engine.run(StyleRequest(_square(practice[0]), (StyleChoice(learned),))).picture
    save_picture(resize_picture(painted, THUMBNAIL, THUMBNAIL), folder / f"{learned.slug}.webp", quality=82)
    return learned


def _square(photo: Picture) -> Picture:
    side = min(photo.height, photo.width)
    top, left = (photo.height - side) // 2, (photo.width - side) // 2
    window = slice(top, top + side), slice(left, left + side)
    alpha = None if photo.alpha is None else photo.alpha[window]
    return fit_within(Picture(photo.rgb[window], alpha, photo.name), STYLE_SIDE)
