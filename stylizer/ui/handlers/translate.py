"""What the Translate tab does: models and their looks to requests, requests to the stage."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
import numpy as np

from stylizer.engine import (
    CancelToken,
    Recipe,
    RegionTranslation,
    RequestError,
    StyleResult,
    TranslateRequest,
)
from stylizer.engine.requests import Domains
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within
from stylizer.models.checkpoint import Card
from stylizer.models.roles import PHOTO as PHOTO_DOMAIN
from stylizer.ui import options
from stylizer.ui.handlers.regions import Desk
from stylizer.ui.handlers.stage import Answer, LivePicture
from stylizer.ui.history import RegionHistory
from stylizer.ui.messages import TRANSLATE, listed, sentence_of, status, title_line, written
from stylizer.ui.region_edits import AS_THE_PICTURE, KEEP, Dress, RegionPlan
from stylizer.ui.samples import PREVIEW_SIDE
from stylizer.ui.showing import Showing
from stylizer.ui.state import Session

MOST_SHARES = 8
"""Looks of a model whose shares of a mix have a slider; further ones join with half a share."""
HALF = 50
OWN_LOOK = "Own look"
PANEL = ("region_box", "region_title", "region_manner", "region_strength", "region_domains")
"""The widgets that show the chosen regions."""
SETTINGS = ("model", "domains", *(f"share{place}" for place in range(MOST_SHARES)))
SETTINGS = (*SETTINGS, "strength", "color", "stroke")
"""The widgets that a translation depends on, in the order in which handlers take their values."""
CONTROLS = (*SETTINGS, "about", "region_box")
"""The widgets that a recipe sets."""

TO_GRAY = "Your photo is in color: it was turned to black and white first."
COLORED = 6.0
"""Mean distance of the largest from the smallest channel, of 255, above which a photo is in color."""


@dataclass(frozen=True)
class TranslationPlan(RegionPlan):
    """Regions, and by which looks each is translated."""

    def worn(self, base: TranslateRequest) -> Domains:
        return base.domains

    def name(self, choice: tuple[str, float]) -> str:
        return written(choice[0])

    def request(self, base: TranslateRequest) -> TranslateRequest:
        """Return the picture's request with the regions and how each is translated."""
        dressed = [name for name, dress in self.dresses if dress != AS_THE_PICTURE]
        looks = tuple(self._look(name, base) for name in dressed if name in self.regions.names)
        return replace(base, regions=self.regions, region_styles=looks)

    def layer(self, name: str, base: TranslateRequest) -> str:
        """Name the previews that a region is cut from: "" for the picture's, "keep" for the photo."""
        dress, domains = self.dress(name), self._look(name, base).domains
        if dress.keeps:
            return KEEP
        return "" if domains == base.domains else hashlib.sha256(repr(domains).encode()).hexdigest()[:16]

    def layers(self, base: TranslateRequest) -> dict[str, TranslateRequest]:
        """Return the requests of the layers: the whole photo translated as a region is."""
        keys = {name: self.layer(name, base) for name in self.regions.names}
        return {
            key: replace(base, domains=self._look(name, base).domains)
            for name, key in keys.items()
            if key not in ("", KEEP)
        }

    def _look(self, name: str, base: TranslateRequest) -> RegionTranslation:
        dress = self.dress(name)
        strength = base.strength if dress.strength is None else dress.strength
        return RegionTranslation(name, 0.0 if dress.keeps else strength, dress.styles or base.domains)


class Translations(LivePicture):
    """Handlers of the Translate tab."""

    tab = TRANSLATE
    plan_type = TranslationPlan
    # a strength is a mean of photo and translation, which the stage draws exactly from these two

    # -- models -----------------------------------------------------------------------------------------

    def models(self) -> list[tuple[str, str]]:
        """List the translators, those that convince first: words and names."""
        cards = sorted(self.engine.models("translator"), key=lambda card: bool(card.status))
        return [
            (f"{called(card)} ({card.status})" if card.status else called(card), card.name) for card in cards
        ]

    def card(self, model: str) -> Card:
        """Return a translator's card; raises RequestError."""
        for card in self.engine.models("translator"):
            if card.name == model:
                return card
        raise RequestError("this model is not here any more; choose another")

    def choose_model(self, visit: str, model: str) -> Answer:
        """Take another model, with the first of its looks everywhere."""
        showing = self.open(visit)
        plan = showing.plan
        if plan is not None and any(dress.styles for _, dress in plan.dresses):
            showing.change(
                plan.dressed(
                    plan.regions.names, lambda dress: dress if dress.keeps else replace(dress, styles=None)
                )
            )
        card = self.card(model)
        return {"turn": showing.renew(), **looks_of(card, looks(card)[:1])}

    def choose_domains(self, visit: str, model: str, domains: list[str]) -> Answer:
        """Take another look, or a mix of several."""
        showing, card = self.open(visit), self.card(model)
        if not domains:
            raise RequestError("no look is chosen; choose at least one")
        return {"turn": showing.renew(), **share_sliders(card, domains)}

    # -- the live picture -------------------------------------------------------------------------------

    def enter(self, visit: str) -> Answer:
        """Come to the tab; the first time there is a picture to begin."""
        first = self.open(visit).turn == 0
        answer = super().enter(visit)
        return {"turn": self.open(visit).renew()} if first and not answer else answer

    def showing(self, session: Session) -> Showing:
        return session.translation

    def other(self, session: Session) -> Showing:
        return session

    def request(self, showing: Showing, values: tuple) -> TranslateRequest:
        model, domains, *shares, strength, color, stroke = values
        if showing.photo is None:
            raise RequestError("There is no photo yet. Open one, or choose a sample.")
        offered = looks(self.card(model))
        chosen = [name for name in offered if name in (domains or ())] or offered[:1]
        weights = dict(zip(offered, shares, strict=False)) if len(chosen) > 1 else {}
        return TranslateRequest(
            showing.photo,
            model,
            tuple((name, weights.get(name, HALF)) for name in chosen),
            options.to_request("strength", strength),
            options.to_request("color", color),
            options.to_request("stroke", stroke),
        )

    def previews(
        self, request: TranslateRequest, strengths: tuple[float, ...], token: CancelToken
    ) -> Iterator[tuple[float, Picture]]:
        return self.engine.translation_keyframes(request, strengths, PREVIEW_SIDE, token)

    def paint_full(self, request: TranslateRequest, token: CancelToken, progress: Any) -> StyleResult:
        return self.engine.translate(request, token, progress)

    def names(self, request: TranslateRequest) -> list[str]:
        card = self.card(request.model)
        return [called(card)] if len(looks(card)) < 2 else [written(name) for name, _ in request.domains]

    def alt(self, showing: Showing) -> str:
        if showing.photo is None or showing.base is None:
            return ""
        return f"{showing.photo.name}, translated: {listed(self.names(showing.base))}."

    def done(self, showing: Showing, request: TranslateRequest) -> str:
        told = [f"Translated: {listed(self.names(request))}."]
        if self.card(request.model).architecture == "colorizer" and in_color(showing.photo):
            told.append(TO_GRAY)
        return " ".join(told)

    def restore(self, showing: Showing, recipe: Recipe, notes: tuple[str, ...], sample: Picture) -> Answer:
        request, more = self.engine.restore(recipe, showing.photo)
        card = self.card(request.model)
        showing.history = None
        if request.regions is not None:
            worn = ((look.name, Dress(look.domains, look.strength)) for look in request.region_styles)
            showing.history = RegionHistory(TranslationPlan(request.regions, tuple(worn)))
        showing.selected = ()
        showing.forget_truth()
        heaviest = max((weight for _, weight in request.domains), default=1.0)
        shares = {name: round(100 * weight / heaviest) for name, weight in request.domains}
        told = ("Settings are back.", *(sentence_of(RequestError(note)) for note in (*notes, *more)))
        return {
            "turn": showing.renew(),
            "model": request.model,
            **looks_of(card, [name for name in looks(card) if name in shares] or looks(card)[:1], shares),
            **{
                name: options.to_page(name, getattr(request, name))
                for name in ("strength", "color", "stroke")
            },
            "region_box": gr.Column(visible=False),
            "status": status(" ".join(told)),
        }


class TranslationDesk(Desk):
    """Handlers of the regions of the Translate tab."""

    own = OWN_LOOK

    def invitation(self, what: str) -> str:
        return f"Choose a look or a strength for {what}."

    def set_domains(self, visit: str, domains: list[str], *values: Any) -> Answer:
        """Give the chosen regions looks of their own, all alike."""
        showing, base = self._chosen(visit, values)
        if not domains:
            raise RequestError("no look is chosen; choose at least one")
        own = tuple((name, 1.0) for name in domains)
        showing.change(showing.plan.dressed(showing.selected, lambda dress: replace(dress, styles=own)))
        return self._answer(showing, base, "Painting.")

    def panel(self, showing: Showing, base: TranslateRequest) -> Answer:
        plan, names = showing.plan, showing.selected
        if plan is None or not names:
            return {"region_box": gr.Column(visible=False)}
        look = plan.request(base).region_style(names[0])
        title = " and ".join(names)
        offered = looks(self.live.card(base.model))
        return {
            "region_box": gr.Column(visible=True),
            "region_title": title_line(title[:1].upper() + title[1:]),
            "region_manner": self._manner(plan, names),
            "region_strength": options.to_page("strength", look.strength),
            "region_domains": gr.CheckboxGroup(
                choices=worded(offered), value=[name for name, _ in look.domains], visible=len(offered) > 1
            ),
        }


def looks(card: Card) -> list[str]:
    """List what a translator translates to; the photo itself is strength 0, and not offered."""
    return [name for name in getattr(card.config, "domains", ()) if name != PHOTO_DOMAIN]


def worded(domains: list[str]) -> list[tuple[str, str]]:
    return [(written(name), name) for name in domains]


def called(card: Card) -> str:
    """Return a model's title; a folder's name is written as people write."""
    return written(card.name) if card.title == card.name else card.title


def about_line(card: Card) -> str:
    """Say what a model does, and whether it convinces."""
    return title_line(
        " ".join(filter(None, (card.about, "Experimental: look twice." if card.status else "")))
    )


def looks_of(card: Card, chosen: list[str], shares: dict[str, int] | None = None) -> Answer:
    """Show the looks that a model has; with one there is nothing to choose."""
    offered = looks(card)
    return {
        "about": about_line(card),
        "domains": gr.CheckboxGroup(choices=worded(offered), value=chosen, visible=len(offered) > 1),
        **share_sliders(card, chosen, shares),
    }


def share_sliders(card: Card, chosen: list[str], shares: dict[str, int] | None = None) -> Answer:
    """Show a slider for each look of a mix."""
    answer: Answer = {f"share{place}": gr.Slider(visible=False) for place in range(MOST_SHARES)}
    for place, name in enumerate(looks(card)[:MOST_SHARES]):
        settings = {"value": shares[name]} if name in (shares or {}) else {}
        mixed = len(chosen) > 1 and name in chosen
        answer[f"share{place}"] = gr.Slider(visible=mixed, label=f"Share of {written(name)}", **settings)
    return answer


def in_color(photo: Picture) -> bool:
    """Tell whether a photo is in color."""
    small = fit_within(photo, 64).rgb.astype(np.float32)
    return float(np.ptp(small, axis=2).mean()) * 255 / np.iinfo(photo.rgb.dtype).max > COLORED
