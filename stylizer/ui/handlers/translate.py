"""The handlers of the Translate tab: models and their looks to requests, requests to the stage."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
import numpy as np

from stylizer.engine import (
    CancelToken,
    Recipe,
    RegionTranslation,
    RequestError,
    Result,
    TranslateRequest,
)
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within
from stylizer.models.checkpoint import Card
from stylizer.ui import options
from stylizer.ui.handlers.hints import PANEL as HINT_PANEL
from stylizer.ui.handlers.hints import shown_hints
from stylizer.ui.handlers.regions import RegionHandlers
from stylizer.ui.handlers.saving import SavingHandlers
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.language import say, words
from stylizer.ui.looks import Look, called, colors, convincing, find_looks, looks, takes_hints
from stylizer.ui.messages import TRANSLATE, capital, listed, picked, region_words, title_line, written
from stylizer.ui.options import MOST_SHARES, TranslateSettings, hints_for, written_hints
from stylizer.ui.region_edits import RegionEdits
from stylizer.ui.samples import PREVIEW_SIDE
from stylizer.ui.state import Session

HALF = 50
OWN_LOOK = "Own look"
PANEL = ("region_box", "region_title", "region_manner", "region_strength", "region_domains")
"""The widgets that show the chosen regions."""
WALLS = ("looks", "trials")
"""The two walls of samples: of what convinces, and of what is experimental."""
CONTROLS = (*TranslateSettings.WIDGETS, *WALLS, "about", "region_box", *HINT_PANEL)
"""The widgets that a recipe sets."""

TO_GRAY = words("The photo was turned gray first.")
"""Short: beside the stage's tools there is room for two lines, and a third moves the slider."""
COLORED = 6.0
"""Mean distance of the largest from the smallest channel, of 255, above which a photo is in color."""


@dataclass(frozen=True)
class TranslationEdits(RegionEdits):
    """Regions, and by which looks each is translated."""

    def none_of(self, name: str) -> RegionTranslation:
        return RegionTranslation(name)

    def has_own_styles(self, name: str) -> bool:
        return self.own_of(name).domains is not None

    def with_own_styles(self, names: Iterable[str], base: TranslateRequest) -> TranslationEdits:
        edits = self
        for name in names:
            edits = edits.override([name], domains=self.own_of(name).domains or base.domains)
        return edits

    def words(self, name: str) -> str:
        if name in self.kept:
            return say("photo")
        return listed([written(domain) for domain, _ in self.own_of(name).domains or ()])

    def whole(self, name: str, base: TranslateRequest) -> TranslateRequest:
        return replace(base, domains=self.resolved(name, base).domains)

    def identity(self, own: RegionTranslation) -> tuple[Any, ...]:
        return (own.domains,)

    def _kept(self, name: str) -> RegionTranslation:
        return replace(self.own_of(name), strength=0.0)


class TranslateHandlers(SavingHandlers):
    """Handlers of the stage of the Translate tab."""

    tab, stage_name, settings_type = TRANSLATE, "translate", TranslateSettings
    edits_type = TranslationEdits
    working = words("Translating.")
    # a strength is a mean of photo and translation, which the stage draws exactly from these two

    # -- models -----------------------------------------------------------------------------------------

    def models(self) -> list[tuple[str, str]]:
        """List the translators, those that convince first: words and names."""
        return [(called(card), card.name) for card in convincing(self.engine)]

    @functools.cached_property
    def looks(self) -> list[Look]:
        """List what every translator can do, with a sample each, in the order of the page."""
        return find_looks(self.engine)

    def card(self, model: str) -> Card:
        """Return a translator's card; raises RequestError."""
        for card in self.engine.models("translator"):
            if card.name == model:
                return card
        raise RequestError(say("this model is not here any more; choose another"))

    def widgets(self, session: Session) -> Answer:
        values = session.values[self.stage_name]
        card = self.card(values["model"])
        shares = {name: values[f"share{place}"] for place, name in enumerate(looks(card)[:MOST_SHARES])}
        names = ("model", "hints", *options.TRANSLATION)
        chosen = self.show_looks(session, card, list(values["domains"]), shares)
        return {name: values[name] for name in names if name in values} | chosen

    def choose_model(self, visit: str, model: str) -> Answer:
        """Take another model, with the first of its looks everywhere."""
        session = self.sessions.find(visit)
        stage = self.stage(session)
        edits = stage.edits
        if edits is not None and any(own.domains for own in edits.own):
            stage.change(replace(edits, own=tuple(replace(own, domains=None) for own in edits.own)))
        card = self.card(model)
        return {"turn": stage.renew(), **self.show_looks(session, card, looks(card)[:1])}

    def wall(self, name: str) -> list[Look]:
        """List the looks of one of the two walls."""
        return [look for look in self.looks if look.experimental == (name == "trials")]

    def choose_look(self, visit: str, moment: float, event: gr.SelectData) -> Answer:
        """Take a look that convinces, by its sample."""
        return self._choose("looks", visit, moment, event.index)

    def choose_trial(self, visit: str, moment: float, event: gr.SelectData) -> Answer:
        """Take an experimental look, by its sample."""
        return self._choose("trials", visit, moment, event.index)

    def _choose(self, wall: str, visit: str, moment: float, place: int) -> Answer:
        session = self.sessions.find(visit)
        if not session.newest_click(moment):
            return {}
        look = picked(self.wall(wall), place)
        answer = self.choose_model(visit, look.model)
        chosen = self.show_looks(session, self.card(look.model), [look.domain])
        return {**answer, "model": look.model, **chosen}

    def show_looks(
        self, session: Session, card: Card, chosen: list[str], shares: dict[str, int] | None = None
    ) -> Answer:
        """Show the looks of a model, and remember those that are chosen."""
        session.looks = {card.name: chosen}
        return {**self.ring(card, chosen), **looks_of(card, chosen, shares)}

    def ring(self, card: Card, chosen: list[str]) -> Answer:
        """Ring the sample of what is chosen; of a mix, the first."""
        domain = (chosen or looks(card))[0]
        answer: Answer = {}
        for name in WALLS:
            ways = [(look.model, look.domain) for look in self.wall(name)]
            place = ways.index((card.name, domain)) if (card.name, domain) in ways else None
            answer[name] = gr.Gallery(selected_index=place)
        return answer

    def current(self, session: Session, settings: TranslateSettings) -> TranslateSettings:
        """Take the looks that were chosen last: the browser paints before the box with them has followed."""
        return replace(settings, domains=session.looks.get(settings.model, settings.domains))

    def choose_domains(self, visit: str, model: str, domains: list[str]) -> Answer:
        """Take another look, or a mix of several."""
        session, card = self.sessions.find(visit), self.card(model)
        stage = self.stage(session)
        if not domains:
            raise RequestError(say("no look is chosen; choose at least one"))
        session.looks = {card.name: domains}
        return {"turn": stage.renew(), **self.ring(card, domains), **share_sliders(card, domains)}

    # -- the live picture -------------------------------------------------------------------------------

    def enter(self, visit: str | None) -> Answer:
        """Come to the tab; the first time there is a picture to begin."""
        stage = self.stage(self.sessions.find(visit))
        first = stage.turns.number == 0
        answer = super().enter(visit)
        return {"turn": stage.renew()} if first and not answer else answer

    def request(self, session: Session, settings: TranslateSettings) -> TranslateRequest:
        photo = self.stage(session).photo
        if photo is None:
            raise RequestError(say("There is no photo yet. Open one, or choose a sample."))
        card = self.card(settings.model)
        offered = looks(card)
        chosen = [name for name in offered if name in (settings.domains or ())] or offered[:1]
        weights = dict(zip(offered, settings.shares, strict=False)) if len(chosen) > 1 else {}
        return TranslateRequest(
            photo,
            settings.model,
            tuple((name, weights.get(name, HALF)) for name in chosen),
            **{name: options.to_request(name, getattr(settings, name)) for name in options.TRANSLATION},
            hints=hints_for(settings.hints, photo.digest) if takes_hints(card) else (),
        )

    def paint(self, visit: str, settings: TranslateSettings) -> Iterator[Answer]:
        yield self.hint_panel(self.sessions.find(visit), settings)
        yield from super().paint(visit, settings)

    def hint_panel(self, session: Session, settings: TranslateSettings) -> Answer:
        """Show the photo's color hints, for a model that takes them."""
        photo = self.stage(session).photo
        if photo is None or not takes_hints(self.card(settings.model)):
            return {}
        return shown_hints(photo, hints_for(settings.hints, photo.digest))

    def previews(
        self, request: TranslateRequest, strengths: tuple[float, ...], token: CancelToken
    ) -> Iterator[tuple[float, Picture]]:
        return self.engine.keyframes(request, strengths, PREVIEW_SIDE, token)

    def paint_full(self, request: TranslateRequest, token: CancelToken, progress: Any) -> Result:
        return self.engine.run(request, token, progress)

    def names(self, request: TranslateRequest) -> list[str]:
        card = self.card(request.model)
        return [called(card)] if len(looks(card)) < 2 else [written(name) for name, _ in request.domains]

    def alt(self, session: Session) -> str:
        stage = self.stage(session)
        if stage.photo is None or stage.request is None:
            return ""
        names = listed(self.names(stage.request))
        return say("{photo}, translated: {names}.", photo=stage.photo.name, names=names)

    def done(self, session: Session, request: TranslateRequest) -> str:
        if not colors(self.card(request.model)):
            return say("Translated: {names}.", names=listed(self.names(request)))
        return " ".join([say("Colored."), *([say(TO_GRAY)] if in_color(request.content) else [])])

    def restore(self, session: Session, recipe: Recipe, notes: tuple[str, ...], sample: Picture) -> Answer:
        stage = self.stage(session)
        request, more = self.engine.restore(recipe, stage.photo)
        if not isinstance(request, TranslateRequest):
            raise ValueError(f"a recipe of a {recipe.kind} came to the Translate tab")
        card = self.card(request.model)
        stage.edits = None
        if request.regions is not None:
            stage.edits = TranslationEdits(request.regions, request.region_styles)
        stage.selected = ()
        stage.forget_truth()
        heaviest = max((weight for _, weight in request.domains), default=1.0)
        shares = {name: round(100 * weight / heaviest) for name, weight in request.domains}
        return {
            "turn": stage.renew(),
            "model": request.model,
            "hints": written_hints(request.hints, request.content.digest),
            **self.show_looks(
                session, card, [name for name in looks(card) if name in shares] or looks(card)[:1], shares
            ),
            **{name: options.to_page(name, getattr(request, name)) for name in options.TRANSLATION},
            "region_box": gr.Column(visible=False),
            **self.settings_are_back(session, recipe, (*notes, *more)),
        }


class TranslateRegionHandlers(RegionHandlers):
    """Handlers of the regions of the Translate tab."""

    own = OWN_LOOK
    handlers: TranslateHandlers

    def invitation(self, what: str) -> str:
        return say("Choose a look or a strength for {what}.", what=what)

    def set_domains(self, visit: str, domains: list[str], settings: TranslateSettings) -> Answer:
        """Give the chosen regions looks of their own, all alike."""
        session, stage, edits, base = self._chosen(visit, settings)
        if not domains:
            raise RequestError(say("no look is chosen; choose at least one"))
        own = tuple((name, 1.0) for name in domains)
        stage.change(edits.override(stage.selected, domains=own))
        return self._answer(session, base, say("Translating."))

    def panel(self, session: Session, base: TranslateRequest) -> Answer:
        stage = self.handlers.stage(session)
        edits, names = stage.edits, stage.selected
        if edits is None or not names:
            return {"region_box": gr.Column(visible=False)}
        own = edits.resolved(names[0], base)
        title = capital(listed(region_words(names)))
        offered = looks(self.handlers.card(base.model))
        return {
            "region_box": gr.Column(visible=True),
            "region_title": title_line(title),
            "region_manner": self._manner(edits, names),
            "region_strength": options.to_page("strength", own.strength),
            "region_domains": gr.CheckboxGroup(
                choices=worded(offered), value=[name for name, _ in own.domains], visible=len(offered) > 1
            ),
        }


def worded(domains: list[str]) -> list[tuple[str, str]]:
    return [(written(name), name) for name in domains]


def about_line(card: Card) -> str:
    """Say what a model does, and whether it convinces."""
    return title_line(
        " ".join(filter(None, (card.about, say("Experimental: look twice.") if card.status else "")))
    )


def looks_of(card: Card, chosen: list[str], shares: dict[str, int] | None = None) -> Answer:
    """Show the looks that a model has; with one there is nothing to choose."""
    offered = looks(card)
    return {
        "about": about_line(card),
        "hint_box": gr.Column(visible=takes_hints(card)),
        "domains": gr.CheckboxGroup(choices=worded(offered), value=chosen, visible=len(offered) > 1),
        **share_sliders(card, chosen, shares),
    }


def share_sliders(card: Card, chosen: list[str], shares: dict[str, int] | None = None) -> Answer:
    """Show a slider for each look of a mix."""
    answer: Answer = {f"share{place}": gr.Slider(visible=False) for place in range(MOST_SHARES)}
    for place, name in enumerate(looks(card)[:MOST_SHARES]):
        settings: dict[str, Any] = {"value": shares[name]} if shares and name in shares else {}
        mixed = len(chosen) > 1 and name in chosen
        answer[f"share{place}"] = gr.Slider(
            visible=mixed, label=say("Share of {name}", name=written(name)), **settings
        )
    return answer


def in_color(photo: Picture) -> bool:
    """Tell whether a photo is in color."""
    small = fit_within(photo, 64).rgb.astype(np.float32)
    return float(np.ptp(small, axis=2).mean()) * 255 / np.iinfo(photo.rgb.dtype).max > COLORED
