"""The widgets' values that a painting depends on, and the request they make."""

from __future__ import annotations

from dataclasses import dataclass

from stylizer.engine import RequestError, StyleChoice, StyleRequest
from stylizer.ui import options
from stylizer.ui.gallery import Wall
from stylizer.ui.state import Session


@dataclass(frozen=True)
class Settings:
    """The values of the widgets that a painting depends on, in the order of `wiring`'s inputs."""

    strength: float
    color: float
    colors_only: bool
    stroke: float
    detail: float
    further: list[str]
    shares: tuple[float, ...]

    @classmethod
    def read(cls, values: tuple) -> Settings:
        strength, color, colors_only, stroke, detail, further, *shares = values
        return cls(strength, color, colors_only, stroke, detail, list(further or ()), tuple(shares))

    def request(self, session: Session, wall: Wall) -> StyleRequest:
        """Make the request; raises RequestError when no style is chosen."""
        keys = list(dict.fromkeys([session.chosen, *self.further]))
        cards = [card for card in (wall.find(session, key) for key in keys) if card is not None]
        if session.photo is None:
            raise RequestError("There is no photo yet. Open one, or choose a sample.")
        if not cards:
            raise RequestError("No style is chosen. Choose a painting.")
        weights = self.shares if len(cards) > 1 else (1.0,)
        styles = tuple(StyleChoice(card.style, share) for card, share in zip(cards, weights, strict=False))
        names = ("strength", *options.LOOK)
        return StyleRequest(
            session.photo, styles, **{name: options.to_request(name, getattr(self, name)) for name in names}
        )
