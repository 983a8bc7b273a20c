"""Teach the studio a picture: study it, and put it among the styles with a thumbnail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError

import stylizer
from stylizer.engine.engine import Engine
from stylizer.engine.library import STYLES
from stylizer.engine.requests import StyleChoice, StyleRequest
from stylizer.errors import RequestError
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.tensors import to_tensor
from stylizer.models.perceptual import Perceptual, load_perceptual
from stylizer.models.study import StudyOptions, study
from stylizer.models.style_encoder import STYLE_SIDE, style_size
from stylizer.models.style_file import NamedStyle, save_style

THUMBNAIL = 224
"""Side of the square thumbnail, pixels."""
SAMPLES = Path(stylizer.__file__).parent / "ui" / "samples"


def learn_style(
    engine: Engine,
    picture: Picture,
    facts: NamedStyle,
    photos: Sequence[Picture],
    perceptual: Path | None,
    steps: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NamedStyle:
    """Study a picture by `steps` steps at most and save it as a named style of the engine's folder.

    `facts` supplies name and texts; `photos` to practice on, the page's samples if there are none;
    `perceptual` is a VGG-16 file, or None for the one that ships. Returns the style as saved.
    Raises StyleFileError for a name that no style can have, RequestError for an unusable VGG-16 file.
    """
    painter = engine.painter
    practice = photos or sample_photos()
    style = to_tensor(
        resize_picture(picture, *style_size(picture.height, picture.width)), engine.device.torch
    )
    with torch.no_grad():
        code = painter.code(style)
    if steps > 0:
        judge = _load_judge(perceptual).to(engine.device.torch)
        tensors = [to_tensor(fit_within(photo, STYLE_SIDE))[0] for photo in practice]
        for found in study(painter, style, tensors, judge, StudyOptions(steps=steps, show_every=1)):
            code = found.code[None]
            progress(found.step, found.steps)
    learned = replace(
        facts, code=code[0].float().cpu(), painter_sha=painter.checkpoint_sha, refined=steps > 0
    )
    folder = engine.library.folder / STYLES
    save_style(folder, learned)
    painted = engine.run(StyleRequest(_square(practice[0]), (StyleChoice(learned),))).picture
    save_picture(resize_picture(painted, THUMBNAIL, THUMBNAIL), folder / f"{learned.slug}.webp", quality=82)
    return learned


def _load_judge(file: Path | None) -> Perceptual:
    try:
        return load_perceptual(file, torch.bfloat16)
    except (SafetensorError, ValueError, RuntimeError, OSError) as error:
        name = "the perceptual network" if file is None else file.name
        reason = getattr(error, "strerror", None) or error  # an OSError's own text would show the path
        raise RequestError(f"{name} cannot be used: {reason}") from error


def sample_photos() -> list[Picture]:
    """Return the sample photos that ship with the page: nothing is fetched."""
    return [open_picture(file) for file in sorted(SAMPLES.glob("*.webp"))]


def _square(photo: Picture) -> Picture:
    side = min(photo.height, photo.width)
    top, left = (photo.height - side) // 2, (photo.width - side) // 2
    window = slice(top, top + side), slice(left, left + side)
    alpha = None if photo.alpha is None else photo.alpha[window]
    return fit_within(Picture(photo.rgb[window], alpha, photo.name), STYLE_SIDE)
