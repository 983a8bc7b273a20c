"""`patterns`: a test card in every named style on one sheet, for what photos hide.

A flat gray, a ramp, the ramp with noise of one level, a disc and letters: marks that a painter stamps
wherever it finds nothing, steps in a smooth ramp, halos and lost letters are seen at a glance.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from tqdm import tqdm

from stylizer.imaging.keep_color import luma
from stylizer.models.roles import Stylizer
from stylizer.models.strength import calibrate, code_weights, painted_share
from stylizer.models.transfer_network import stack_codes

from ..publishing.runs import open_network
from ..run.config import UserMistake
from ..run.processes import open_device
from .images import image_tensor, to_image
from .options import PatternOptions
from .sheet import check_sheet, contact_sheet, save_sheet
from .stylizer import stored_codes

_GRAIN = 1.0  # deviation of the noise, levels of 255


def draw_patterns(side: int) -> dict[str, Image.Image]:
    """Draw the patterns, square pictures of `side` pixels, by name."""
    across = np.broadcast_to(np.linspace(0.15, 0.85, side)[None, :, None], (side, side, 3))
    grain = torch.randn(side, side, 1, generator=torch.Generator().manual_seed(0)).numpy() * _GRAIN / 255
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    inside = np.clip(0.3 * side - np.hypot(rows, columns) + 0.5, 0, 1)[..., None]
    letters = Image.new("RGB", (side, side), (235, 235, 230))
    pen = ImageDraw.Draw(letters)
    for line, size in enumerate((0.16, 0.11, 0.08, 0.055)):
        font = ImageFont.load_default(max(8, round(size * side)))
        pen.text((0.06 * side, (0.06 + 0.23 * line) * side), "Brush & Ink 1889", (25, 25, 35), font=font)
    return {
        "flat": _image(np.full((side, side, 3), 0.5)),
        "ramp": _image(across),
        "noisy ramp": _image(across + grain),
        "disc": _image(0.8 - 0.55 * inside * np.array([0.4, 1.0, 1.0])),
        "text": letters,
    }


def _image(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.round(np.clip(values, 0, 1) * 255).astype(np.uint8))


def unrest(picture: Tensor) -> float:
    """Return the deviation of a picture's luminance, levels of 255: of a flat pattern, what was made up."""
    return 255 * luma(picture.float()).std().item()


@torch.no_grad()
def paint_patterns(
    painter: Stylizer,
    codes: Mapping[str, Tensor],
    patterns: Mapping[str, Image.Image],
    strength: float,
    device: torch.device | str = "cpu",
) -> dict[str, list[Tensor]]:
    """Paint every pattern in every style, codes (1, L) by name: pictures (1, 3, H, W) in [0, 1]."""
    painted: dict[str, list[Tensor]] = {name: [] for name in codes}
    for image in patterns.values():
        pattern = image_tensor(image).to(device)
        content = painter.encode(pattern)
        own = painter.own_code(content)
        weights = code_weights([1.0], calibrate(strength, painter.calibration)).to(device)
        for name, code in tqdm(codes.items(), unit="style", leave=False, disable=None):
            both = stack_codes([own[0], code[0].to(device)])  # a studied style is longer
            made = painter.decode(content, both, weights).float()
            painted[name].append(torch.lerp(pattern, made, painted_share(strength)).cpu())
    return painted


def patterns_sheet(options: PatternOptions) -> Path:
    """Paint the test card in every named style and save the sheet, a row a style; raises UserMistake.

    Prints how restless each style's flat pattern is, the worst first.
    """
    check_sheet(options.out)
    network, role = open_network(options.checkpoint)
    device = open_device(options.device)
    painter: object = network.to(device)
    if not isinstance(painter, Stylizer):
        raise UserMistake(f"{options.checkpoint.name} is for {role}; a test card needs a stylizer.")
    codes = stored_codes(options.styles, painter)
    patterns = draw_patterns(options.size)
    painted = paint_patterns(painter, codes, patterns, options.strength, device)
    restless = {name: unrest(row[0]) for name, row in painted.items()}
    order = sorted(restless, key=lambda name: -restless[name])
    print("\n".join(f"{name}: flat {restless[name]:.1f} levels" for name in order))
    rows = [[None, *patterns.values()]]
    rows += [[_title(name, options.size), *map(to_image, painted[name])] for name in sorted(painted)]
    return save_sheet(contact_sheet(rows, ["style", *patterns], options.cell), options.out)


def _title(name: str, side: int) -> Image.Image:
    title = Image.new("RGB", (side, side), (250, 250, 248))
    font = ImageFont.load_default(max(8, side // 10))
    ImageDraw.Draw(title).text((4, side // 2), Path(name).stem[:22], (30, 30, 30), font=font)
    return title
