"""Sample photos, and the finished example that greets a visitor."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from stylizer.engine import Engine, StyleChoice, StyleRequest
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import fit_within

FOLDER = Path(__file__).with_name("samples")
COARSE = (1.0, 0.5, 0.25, 0.75, 1.25, 1.5)
FINE = (1.125, 0.1, 1.375)
KEYFRAMES = (*COARSE, *FINE)
"""Strengths of the preview, in the order they are painted; the photo itself is strength 0.

The coarse ones come with every picture. The fine ones stand between them, where a blend is farthest from the
true picture (29 to 32 dB at worst), and are painted when somebody comes to the slider: most pictures are
looked at without. With all of them a blend is 33 dB from the truth at worst, and 37 in the median, at the
worst strength of eight styles on two photos; one style in sixteen takes a step at 1.31, where it is 27.
"""
PREVIEW_SIDE = 768


@dataclass(frozen=True)
class SamplePhoto:
    """A photo that everyone may use."""

    name: str
    title: str
    credit: str
    path: Path
    small: Path | None = None
    """A small copy, as the page shows it."""

    def open(self) -> Picture:
        return open_picture(self.path)


@dataclass(frozen=True)
class Example:
    """A sample photo painted beforehand: preview files by strength, and the style's name."""

    photo: SamplePhoto
    style: str
    frames: dict[float, Path]


CREDITS = {
    "mountains": ("Mountains", "Aitzol Berasategi, CC BY 4.0"),
    "astronaut": ("Astronaut", "Eileen Collins, NASA, public domain"),
    "pagoda": ("Pagoda", "Daniel Büchele, CC BY 2.0"),
    "fig": ("Fig", "Trevor “Freespace”, CC BY 4.0"),
    "chelsea": ("Cat", "Stefan van der Walt, CC0"),
}
"""Titles, and by whom and how the photos may be used: sky, a person, a building, a still life, an animal."""


def sample_photos(folder: Path = FOLDER) -> tuple[SamplePhoto, ...]:
    """List the photos shipped with the page."""
    return tuple(
        SamplePhoto(name, title, credit, folder / f"{name}.webp") for name, (title, credit) in CREDITS.items()
    )


def read_example(folder: Path = FOLDER / "example") -> Example | None:
    """Return the finished example, or None when none was painted yet."""
    note = folder / "example.json"
    if not note.is_file():
        return None
    facts = json.loads(note.read_text(encoding="utf-8"))
    photo = next(sample for sample in sample_photos() if sample.name == facts["photo"])
    frames = {strength: folder / _file_name(strength) for strength in (0.0, *facts["strengths"])}
    return Example(photo, facts["style"], frames)


def paint_example(engine: Engine, folder: Path, photo: SamplePhoto, style: str) -> Example:
    """Paint a sample photo at the coarse keyframes, for a light first page; raises what the engine raises."""
    content = fit_within(photo.open(), PREVIEW_SIDE)
    request = StyleRequest(content, (StyleChoice(engine.find_style(style)),))
    folder.mkdir(parents=True, exist_ok=True)
    save_picture(content, folder / _file_name(0.0), quality=82)
    for strength, painted in engine.keyframes(request, COARSE, PREVIEW_SIDE):
        save_picture(painted, folder / _file_name(strength), quality=82)
    facts = {"photo": photo.name, "style": style, "strengths": list(COARSE)}
    (folder / "example.json").write_text(json.dumps(facts), encoding="utf-8")
    return Example(photo, style, {strength: folder / _file_name(strength) for strength in (0.0, *COARSE)})


def _file_name(strength: float) -> str:
    return f"{round(100 * strength):03d}.webp"
