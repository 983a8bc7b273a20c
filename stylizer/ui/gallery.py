"""The gallery of styles: what hangs there in which order, and by what it is found."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import fit_within
from stylizer.models.style_file import NamedStyle
from stylizer.ui.language import say, words
from stylizer.ui.state import OwnStyle, Session

OWN = "Mine"
TECHNIQUES = (
    "brush", "swirls", "dots", "print", "line", "ink",
    "watercolor", "pastel", "mosaic", "geometry", "gold", "glass",
)  # fmt: skip
MOODS = ("bright", "soft", "warm", "blue", "green", "night", "dark", "mist", "black and white")
OWN_KEY = "own:"
THUMBNAIL_SIDE, LARGE_SIDE = 176, 400
"""Longest sides of what the page shows: a thumbnail, drawn at 128 px (half a hundred make the first page
heavy), and the chosen one."""
PARTICLES = ("van", "von")


@dataclass(frozen=True)
class StyleCard:
    """A style as the gallery shows it; `key` names it in this visit.

    `painting` is a small picture of what the style was taken from, where there is one to show, by its
    `credit`; `large` is what is shown of it when it is chosen.
    """

    key: str
    title: str
    artist: str
    year: str
    tags: tuple[str, ...]
    thumbnail: Path
    style: NamedStyle | Picture
    about: str = ""
    credit: str = ""
    painting: Path | None = None
    large: Path | None = None

    @property
    def by(self) -> str:
        return ", ".join(part for part in (self.artist, self.year) if part)

    @property
    def caption(self) -> str:
        return ", ".join(part for part in (self.title, self.by) if part)

    @property
    def surname(self) -> str:
        """The name by which people look for the artist."""
        *before, last = self.artist.split() or [""]
        return f"{before[-1].capitalize()} {last}" if before and before[-1] in PARTICLES else last

    @cached_property
    def labels(self) -> frozenset[str]:
        """What it may be found under."""
        return frozenset(filter(None, (self.surname, *map(chip_label, self.tags))))

    @cached_property
    def words(self) -> str:
        """What a search looks through: plain small letters."""
        return plain(" ".join((self.title, self.artist, self.year, *self.tags)))


class StyleGallery:
    """The styles with names, and beside them each visitor's own; `shelf` keeps copies of their pictures.

    The style called `first` hangs before all others: the one that is chosen when the page opens.
    """

    def __init__(self, styles: Iterable[NamedStyle], shelf: Path, first: str = "") -> None:
        self.shelf = shelf
        ordered = sorted(styles, key=lambda style: (style.slug != first, style.place, style.title))
        self.shipped = tuple(self._card(style) for style in ordered)
        self.groups = choose_groups(self.shipped)

    def cards(self, session: Session | None = None) -> list[StyleCard]:
        """List the cards, the visitor's own first."""
        return [*(self.own_cards(session) if session is not None else ()), *self.shipped]

    def own_cards(self, session: Session) -> list[StyleCard]:
        """List the cards of what a visitor has brought."""
        return [
            StyleCard(
                key,
                own.title,
                "",
                "",
                (OWN,),
                own.thumbnail,
                own.best,
                about=about_own(own, key == session.studying),
            )
            for key, own in session.own.items()
        ]

    def find(self, session: Session, key: str) -> StyleCard | None:
        """Find a card by its key among the shipped ones and the visitor's own."""
        return next((card for card in self.cards(session) if card.key == key), None)

    def _card(self, style: NamedStyle) -> StyleCard:
        gray = Picture(np.full((64, 64, 3), 128, np.uint8))
        thumbnail = self._copy(style.thumbnail or gray, f"{style.slug}.webp", THUMBNAIL_SIDE)
        painting = style.painting and self._copy(
            style.painting, f"{style.slug}.painting.webp", THUMBNAIL_SIDE
        )
        large = self._copy(style.painting or style.thumbnail or gray, f"{style.slug}.large.webp", LARGE_SIDE)
        facts = (style.slug, style.title, style.artist, style.year, style.tags)
        return StyleCard(*facts, thumbnail, style, style.about, style.credit, painting, large)

    def _copy(self, picture: Path | Picture, name: str, side: int) -> Path:
        """Copy a picture to the shelf, not larger than the page shows it."""
        opened = picture if isinstance(picture, Picture) else open_picture(picture)
        save_picture(fit_within(opened, side), self.shelf / name, quality=72)
        return self.shelf / name


def about_own(own: OwnStyle, studying: bool = False) -> str:
    """Say how well a style of the artist's own is known, and what that is good for."""
    if studying:
        return say("It is being studied now, and painted anew whenever something better is found.")
    if own.stopped_after:
        told = words("Studied up to step {step}, then stopped; it can be studied further, or kept as a file.")
        return say(told, step=own.stopped_after)
    if isinstance(own.best, NamedStyle):
        return say("Studied. Kept as a file, it can be dropped in again another day.")
    return say("Read at one glance. Studying it comes nearer, in two minutes at most.")


def choose_groups(cards: Iterable[StyleCard]) -> dict[str, tuple[str, ...]]:
    """List under what the wall can be narrowed: every artist, those with several works first, then kinds.

    A style without any of these stands under its first tag, among the techniques.
    """
    cards = list(cards)
    works = Counter(card.surname for card in cards if card.artist)
    found = {label for card in cards for label in card.labels}
    artists = sorted(works, key=lambda surname: (works[surname] == 1, plain(surname)))
    techniques, moods = (
        [label for label in map(chip_label, tags) if label in found] for tags in (TECHNIQUES, MOODS)
    )
    for card in cards:
        if card.labels and not card.labels & {*artists, *techniques, *moods}:
            techniques.append(min(card.labels))
    return {"artist": tuple(artists), "technique": tuple(techniques), "mood": tuple(moods)}


def chip_label(tag: str) -> str:
    return tag[:1].upper() + tag[1:]


def plain(text: str) -> str:
    """Write a text in small letters without accents, as people type it."""
    return "".join(
        letter for letter in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(letter)
    )


def equal_shares(count: int) -> tuple[int, ...]:
    """Share 100 among so many, in whole numbers."""
    return tuple(100 * (place + 1) // count - 100 * place // count for place in range(count))


def whole_shares(weights: Iterable[float]) -> tuple[int, ...]:
    """Turn weights into whole shares that sum to 100."""
    weights = list(weights)
    if not sum(weights) > 0:
        return equal_shares(len(weights))
    total, reached, shares = sum(weights), 0.0, []
    for weight in weights:
        before, reached = round(100 * reached / total), reached + weight
        shares.append(round(100 * reached / total) - before)
    return tuple(shares)
