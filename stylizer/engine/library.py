"""What lies in the checkpoints folder, or on the Hub: networks, styles with names, our own pictures."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

import torch
from torch import nn

from stylizer import CHECKPOINTS
from stylizer.engine.checks import check_model_name, on_the_hub
from stylizer.engine.hub import fetched, from_pretrained
from stylizer.engine.requests import PAINTER
from stylizer.errors import CheckpointError, RequestError, Sentence, StyleFileError
from stylizer.imaging.folders import SUFFIXES
from stylizer.imaging.picture import Picture, open_picture
from stylizer.models.checkpoint import CONFIG, Card, load_checkpoint, read_card
from stylizer.models.perceptual import Perceptual, load_perceptual
from stylizer.models.published_segmenter import open_published
from stylizer.models.roles import Shipped
from stylizer.models.style_file import PAINTING_SUFFIX, NamedStyle, load_style, style_files

STYLES, ORIGINALS, SEGMENTER = "styles", "originals", "segmenter"
SWATCHES = "swatches"


class Library:
    """Read the checkpoints folder once, when first asked; a file that cannot be used becomes a problem.

    `painter` is the folder of another painter than the one in there; styles made for another are problems.
    """

    def __init__(self, folder: Path = CHECKPOINTS, painter: Path | None = None) -> None:
        self.folder = Path(folder)
        self.painter = painter or self.folder / PAINTER
        self._lock = threading.RLock()

    def load_painter(self) -> nn.Module:
        """Load the painter; raises CheckpointError with a sentence on what is missing or damaged."""
        return _load(self.painter, "stylizer")

    def load_segmenter(self, published: str | Path | None = None) -> nn.Module:
        """Load the segmenter, or a published one: a folder, or a repository's name, which is downloaded.

        Raises CheckpointError or PublishedSegmenterError with a sentence on what is missing or damaged.
        """
        if published is not None:
            return open_published(published)
        if not (self.folder / SEGMENTER / CONFIG).exists():
            raise CheckpointError(
                "there is no checkpoint {segmenter!r}, so parts of photos are not recognized here; select "
                "them by click, brush or mask",
                segmenter=SEGMENTER,
            )
        return _load(self.folder / SEGMENTER, "segmenter")

    def load_perceptual(self, dtype: torch.dtype) -> Perceptual:
        """Load the network that judges strokes; raises CheckpointError."""
        try:
            return load_perceptual(dtype=dtype)
        except (OSError, ValueError):
            raise CheckpointError(
                "the perceptual network is missing or damaged; copy checkpoints/perceptual again"
            ) from None

    def load_model(self, name: str, role: str) -> nn.Module:
        """Load a model of that role by its name: a folder here, or org/name, which is fetched from the Hub.

        Raises RequestError for a name that is not there, CheckpointError for what cannot be used.
        """
        if on_the_hub(check_model_name(name)):
            with fetched(name) as folder:
                return _load(folder, role)
        self._check_folder(name, role)
        return _load(self.folder / name, role)

    def find_model(self, name: str, role: str) -> Card:
        """Return the card of a folder here; raises as `load_model` does."""
        self._check_folder(check_model_name(name), role)
        return read_card(self.folder / name)

    def _check_folder(self, name: str, role: str) -> None:
        if not (self.folder / name).is_dir():
            known = ", ".join(card.name for card in self.models if card.role == role)
            raise RequestError(
                "there is no {role} called {name!r}; there are {known}",
                role=role,
                name=name,
                known=known or Sentence("none"),
            )

    @property
    def models(self) -> tuple[Card, ...]:
        """List the cards of all checkpoints that can be read, by name."""
        return self._read[0]

    @property
    def styles(self) -> tuple[NamedStyle, ...]:
        """List the named styles that the painter here can paint, by name."""
        return self._read[1]

    @property
    def problems(self) -> tuple[str, ...]:
        """List what is in the folder but cannot be used, one sentence each."""
        return self._read[2]

    @property
    def originals(self) -> dict[str, Path]:
        """Return the style pictures that were drawn for this project, by name."""
        folder = self.folder / ORIGINALS
        if not folder.is_dir():
            return {}
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        return {path.stem: path for path in files}

    def painting_of(self, style: NamedStyle) -> Picture | None:
        """Open what is here of the painting of a style with a name; None where nothing of it may be shown.

        The first of these: its swatch (a cloth of its strokes without a motif), the original that was drawn
        for this project, the small rendition that the gallery shows.
        """
        files = [self.folder / SWATCHES / f"{style.slug}.webp"]
        files += [self.originals[style.slug]] if style.slug in self.originals else []
        files += [self.folder / STYLES / f"{style.slug}{PAINTING_SUFFIX}"]
        file = next((file for file in files if file.is_file()), None)
        return open_picture(file) if style.slug and file else None

    def find_named(self, name: str) -> NamedStyle | Picture:
        """Find a style by its name: a named style, or an original.

        Raises RequestError, or what keeps a style that is there from being used.
        """
        for style in self.styles:
            if style.slug == name:
                return style
        if name in self.originals:
            return open_picture(self.originals[name])
        self._check_unusable(name)
        raise RequestError("there is no style called {name!r}; `styles` lists the names", name=name[:60])

    def _check_unusable(self, name: str) -> None:
        """Raise the first cause when a style is there and cannot be used, or none can."""
        if not self.folder.is_dir():
            raise RequestError(
                "there is no folder {name!r} with checkpoints; check its name", name=self.folder.name
            )
        file = next((path for path in style_files(self.folder / STYLES) if path.stem == name), None)
        if file is not None:
            read_card(self.painter)
            load_style(file)
            raise StyleFileError("style {name!r} was made for another painter; make it again", name=name)

    def find_style(self, name_or_path: str | Path) -> NamedStyle | Picture:
        """Find a style by its name, open the picture file, or fetch org/name from the Hub.

        Raises RequestError, PictureError, CheckpointError or StyleFileError.
        """
        text = str(name_or_path)
        try:
            return self.find_named(text)
        except RequestError:
            path = Path(text)
            if path.suffix.lower() in SUFFIXES or path.is_file():
                return open_picture(path)
            if text.count("/") != 1 or path.exists():
                raise
        found = from_pretrained(text)
        if not isinstance(found, NamedStyle):
            raise RequestError("{name!r} on the Hugging Face Hub is a network, no style", name=text[:60])
        return found

    @cached_property
    def _read(self) -> tuple[tuple[Card, ...], tuple[NamedStyle, ...], tuple[str, ...]]:
        with self._lock:
            cards, styles, problems = [], [], []
            folders = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
            for folder in folders:
                if folder.name[0] != "." and (folder / CONFIG).exists():
                    try:
                        cards.append(read_card(folder))
                    except CheckpointError as error:
                        problems.append(str(error))
            shas = {card.sha256 for card in cards if card.name == PAINTER}
            if self.painter.parent != self.folder:  # elsewhere: what is wrong with it is said at once
                shas = {read_card(self.painter).sha256}
            for path in style_files(self.folder / STYLES):
                try:
                    style = load_style(path)
                except StyleFileError as error:
                    problems.append(str(error))
                    continue
                if style.painter_sha in shas:
                    styles.append(style)
                else:
                    problems.append(f"style {style.slug!r} was made for another painter; make it again")
            return tuple(cards), tuple(styles), tuple(problems)


def _load(folder: Path, role: str) -> nn.Module:
    """Load a checkpoint of that role."""
    card = read_card(folder)
    if card.role != role:
        raise CheckpointError(
            "checkpoint {name!r} has the role {found}; choose one with {role}",
            name=folder.name,
            found=card.role,
            role=role,
        )
    return load_checkpoint(folder)


def license_notes(name: str, network: Shipped) -> list[str]:
    """Tell the license of a model that came from the Hub."""
    stated = network.license or Sentence("not stated")
    return [Sentence("{name}: license {license}", name=name, license=stated)] if on_the_hub(name) else []
