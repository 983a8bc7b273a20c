"""The gallery of styles: what it shows under which chip, and by what words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import fit_within
from stylizer.models.style_file import NamedStyle
from stylizer.ui.state import Session

ALL, OWN = "All", "Mine"
MOST_CHIPS = 9
OWN_KEY = "own:"
THUMBNAIL_SIDE = 176
"""Longest side of a thumbnail, which is drawn at 128 px; half a hundred make the first page heavy."""


@dataclass(frozen=True)
class StyleCard:
    """A style as the gallery shows it; `key` names it in this visit."""

    key: str
    title: str
    credit: str
    tags: tuple[str, ...]
    thumbnail: Path
    style: NamedStyle | Picture

    @property
    def caption(self) -> str:
        return ", ".join(part for part in (self.title, self.credit) if part)


class StyleGallery:
    """The styles with names, and beside them each visitor's own; `shelf` keeps copies of the thumbnails."""

    def __init__(self, styles: Iterable[NamedStyle], shelf: Path) -> None:
        self.shelf = shelf
        self.shipped = tuple(self._card(style) for style in styles)
        counted = Counter(tag for card in self.shipped for tag in card.tags)
        often = sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))
        self.chips = (ALL, *(tag for tag, _ in often[:MOST_CHIPS]))

    def cards(self, session: Session | None = None, chip: str = ALL) -> list[StyleCard]:
        """List the cards under a chip, the visitor's own first."""
        own = []
        if session is not None:
            for key, brought in session.own.items():
                own.append(StyleCard(key, brought.title, "", (OWN,), brought.thumbnail, brought.style))
        return [card for card in (*own, *self.shipped) if chip == ALL or chip in card.tags]

    def find(self, session: Session, key: str) -> StyleCard | None:
        """Find a card by its key among the shipped ones and the visitor's own."""
        return next((card for card in self.cards(session) if card.key == key), None)

    def pictures(self, session: Session | None = None, chip: str = ALL) -> list[tuple[str, str]]:
        """List thumbnails and captions, as the gallery takes them."""
        return [(str(card.thumbnail), card.caption) for card in self.cards(session, chip)]

    def choices(self, session: Session | None = None) -> list[tuple[str, str]]:
        """List words and keys, as the list of further styles takes them."""
        return [(card.caption, card.key) for card in self.cards(session)]

    def chips_for(self, session: Session) -> list[str]:
        """List the chips; a visitor with styles of their own has one for them."""
        return [ALL, *([OWN] if session.own else []), *self.chips[1:]]

    def _card(self, style: NamedStyle) -> StyleCard:
        credit = ", ".join(part for part in (style.artist, style.year) if part)
        copy = self.shelf / f"{style.slug}.webp"
        gray = Picture(np.full((64, 64, 3), 128, np.uint8))
        small = gray if style.thumbnail is None else fit_within(open_picture(style.thumbnail), THUMBNAIL_SIDE)
        save_picture(small, copy, quality=74)
        return StyleCard(style.slug, style.title, credit, style.tags, copy, style)
