"""Masterworks of pairs, kept in a folder: each takes a minute or more, so none is worked out twice."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from tqdm import tqdm

from stylizer import CHECKPOINTS
from stylizer.imaging.picture import save_picture
from stylizer.imaging.tensors import to_picture
from stylizer.models.bare_skin import skin_in
from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.masterwork import MasterworkOptions, MasterworkPart, fitted, paint_masterwork
from stylizer.models.number_type import fast_type
from stylizer.models.perceptual import load_perceptual
from stylizer.models.roles import Segmenter

from .evaluator import PairEvaluator, System, folder_system
from .images import at_size, image_tensor, open_rgb

LARGEST_PAINTING = 1024


def masterworks(
    folder: Path,
    evaluator: PairEvaluator,
    device: torch.device,
    options: MasterworkOptions,
) -> System:
    """Work out the pairs that a folder lacks, at `options.side`, and take the folder as a system.

    Each is saved as soon as it is done, so that a stopped comparison goes on where it was. Faces are kept as
    the page keeps them, by the segmenter that ships.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = folder_system(folder)
    missing = [pair for pair in evaluator.pairs if known.result(pair) is None]
    if missing:
        network = load_perceptual(dtype=fast_type(device.type)).to(device)
        segmenter = cast(Segmenter, load_checkpoint(CHECKPOINTS / "segmenter", device))
    for pair in tqdm(missing, unit="masterwork"):
        photo = image_tensor(at_size(open_rgb(pair.photo), evaluator.size)).to(device)
        painting = image_tensor(open_rgb(pair.painting)).to(device)
        if max(painting.shape[2:]) > LARGEST_PAINTING:
            painting = fitted(painting, LARGEST_PAINTING)
        with torch.inference_mode():
            found = skin_in(photo, segmenter, plain=False)
        skin = None if found is None else found.mask.clone()
        parts = [MasterworkPart(((painting, 1.0),))]
        *_, last = paint_masterwork(photo, parts, network, options, skin=skin)
        save_picture(to_picture(last.picture), folder / f"{pair.stem}.png")
    return known
