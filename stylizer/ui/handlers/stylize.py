"""The handlers of the Stylize tab: visits, styles, and a request of the widgets' values.

Every handler returns a dictionary of widget names and new values; the other widgets stay as they are.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import gradio as gr

from stylizer.engine import (
    Cancelled,
    CancelToken,
    Engine,
    Recipe,
    RequestError,
    Result,
    StyleChoice,
    StyleRequest,
)
from stylizer.engine.forecast import Forecast
from stylizer.engine.progress import Shown
from stylizer.errors import Sentence, StudioError
from stylizer.imaging.picture import Picture
from stylizer.models.style_file import NamedStyle
from stylizer.ui import options
from stylizer.ui.gallery import StyleCard, StyleGallery, equal_shares, whole_shares
from stylizer.ui.handlers.own_styles import OwnStyles
from stylizer.ui.handlers.photos import uploads_of
from stylizer.ui.handlers.saving import SavingHandlers
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.language import say, words
from stylizer.ui.messages import (
    STYLIZE,
    capital,
    listed,
    name_of,
    region_words,
    title_line,
)
from stylizer.ui.options import MOST_FURTHER, StyleSettings
from stylizer.ui.region_edits import RegionEdits
from stylizer.ui.samples import COARSE, FINE, KEYFRAMES, PREVIEW_SIDE, Example, SamplePhoto
from stylizer.ui.sessions import Sessions
from stylizer.ui.stage.message import StageMessage, compose_message
from stylizer.ui.stage.wall import WallMessage, chosen_panel, read_pick, write_cards
from stylizer.ui.state import Session
from stylizer.ui.zero_gpu import is_lent

WHOLE_MASTERWORK = Sentence("It was a masterwork; Masterwork makes it again.")
STOPPED_MASTERWORK = Sentence("It was a masterwork, stopped early; Masterwork makes all of it.")
MASTERWORK_OF_OWN = Sentence("It was a masterwork; open its painting, then Masterwork makes it again.")
WHILE_STUDYING = (1.0, 0.5)
"""Strengths that are painted every few seconds while a painting is studied; all of them when it is done."""

OWN_PAINTING = "Own painting"


class StylizeHandlers(SavingHandlers):
    """One for all visitors, with an engine, their visits and the gallery of styles."""

    tab, stage_name, settings_type = STYLIZE, "stylize", StyleSettings
    strengths, fine, coarse = KEYFRAMES, FINE, COARSE
    starters: ClassVar[dict[str, str]] = {"render": "render", "masterwork": "render_masterwork"}

    def __init__(
        self,
        engine: Engine,
        sessions: Sessions,
        gallery: StyleGallery,
        samples: tuple[SamplePhoto, ...],
        example: Example,
    ) -> None:
        super().__init__(engine, sessions, samples)
        self.gallery, self.example = gallery, example
        self.example_photo = example.photo.open()
        self.own = OwnStyles(engine, sessions, self.example_photo)

    def widgets(self, session: Session) -> Answer:
        values = dict(session.values[self.stage_name])
        further = [key for key in values.pop("further") or () if self.gallery.find(session, key)]
        shares = [values.pop(f"share{place}") for place in range(MOST_FURTHER + 1)]
        keys = [session.chosen, *further]
        return {**values, **self._show_styles(session, keys, whole_shares(shares[: len(keys)]))}

    def warm(self) -> None:
        """Load the painter and who finds faces before the first visitor needs them.

        Without a painter, painting says what is missing.
        """
        with contextlib.suppress(StudioError):
            _ = self.engine.painter
            _ = self.engine.segmenter

    def greeting(self) -> StageMessage:
        """Return what the stage shows before anything was asked."""
        photo = self.example_photo
        return compose_message(
            0,
            photo.digest[:16],
            self.example.frames,
            size=(photo.width, photo.height),
            alt=f"{self.example.photo.title}, painted.",
        )

    # -- styles -----------------------------------------------------------------------------------------

    def choose_styles(self, visit: str, event: gr.EventData) -> Answer:
        """Choose the styles that the wall says: one, or several of which the picture is mixed."""
        session = self.sessions.find(visit)
        keys, clicked, moment = read_pick(event._data)
        with session.lock:
            if not session.newest_click(moment):
                return {}
            cards = [self.gallery.find(session, key) for key in keys]
            if None in cards or self.gallery.find(session, clicked) is None:
                raise RequestError(say("That painting is not here any more. Choose another one."))
            if self._has_chosen_regions(session):
                return self.paint_chosen(session, *filter(None, cards))
            answer = self.choose_together(session, keys, equal_shares(len(keys)))
            if len(keys) == 1 and self.stage(session).edits is None:
                self.begin(session, further=())
            return answer

    def begin(self, session: Session, **changes: Any) -> None:
        """Let the painter begin while the browser asks for the turn, which finds the painting in the cache.

        What the visit knows of the widgets serves, but for `changes`; where they hold something else by now,
        this was in vain.
        """
        if is_lent(self.engine):
            return
        values = session.values.get(self.stage_name)
        known = (
            StyleSettings.read(**values) if values else StyleSettings(strength=options.default("strength"))
        )
        settings, token = replace(known, **changes), self.stage(session).turns.token

        def paint() -> None:
            with contextlib.suppress(Cancelled, StudioError):  # the turn meets the same, and tells
                request = self.request(session, settings)
                list(self.previews(request, (request.strength or 1.0,), token))

        threading.Thread(target=paint, daemon=True).start()

    def bring_styles(self, visit: str, uploads: Any) -> Answer:
        """Take paintings of the artist's own: the first is chosen, the others join it."""
        session = self.sessions.find(visit)
        styles = self.own.read(session, uploads_of(uploads))
        return self.take_styles(session, styles) if styles else {}

    def take_styles(self, session: Session, styles: Sequence[Picture | NamedStyle]) -> Answer:
        """Take pictures and studied styles as the artist's own; raises RequestError for too many."""
        keys = self.own.hang(session, styles)
        if self._has_chosen_regions(session):
            return self.paint_chosen(session, *filter(None, [self.gallery.find(session, keys[0])]))
        together = keys[: MOST_FURTHER + 1]
        return self.choose_together(session, together, equal_shares(len(together)))

    def paint_chosen(self, session: Session, *cards: StyleCard) -> Answer:
        """Paint the chosen regions in a style of their own, or in several alike."""
        stage, styles = self.stage(session), tuple(StyleChoice(card.style) for card in cards)
        assert stage.edits is not None
        stage.change(stage.edits.override(stage.selected, styles=styles))
        caption = listed([card.title for card in cards])
        return {
            "turn": stage.renew(keep=True),
            "title": self.worn(session, stage.selected, cards[0].style, caption),
            "wall": self.ring(session),
            "region_manner": OWN_PAINTING,
        }

    def worn(self, session: Session, names: Sequence[str], style: Picture | NamedStyle, caption: str) -> str:
        """Show large what regions are painted like."""
        title = capital(listed(region_words(names)))
        card = next((card for card in self.gallery.cards(session) if card.style is style), None)
        return (
            chosen_panel(card, title, caption)
            if card
            else title_line(say("{what}: {words}", what=title, words=caption))
        )

    def _has_chosen_regions(self, session: Session) -> bool:
        stage = self.stage(session)
        return bool(stage.selected) and stage.edits is not None

    def uses(self, session: Session, key: str) -> bool:
        """Tell whether the picture, or a region of it, is painted with a style of the artist's own."""
        further = session.values.get(self.stage_name, {}).get("further") or ()
        edits, own = self.stage(session).edits, session.own[key]
        choices = [choice for each in (edits.own if edits else ()) for choice in each.styles or ()]
        in_region = any(choice.style in (own.style, own.studied) for choice in choices)
        return key == session.chosen or key in further or in_region

    def choose_together(self, session: Session, keys: list[str], shares: Sequence[int]) -> Answer:
        """Choose the first style, and let the others join it."""
        session.chosen = keys[0]
        return {"turn": self.stage(session).renew(), **self._show_styles(session, keys, shares)}

    def _show_styles(self, session: Session, keys: Sequence[str], shares: Sequence[int]) -> Answer:
        """Show what is chosen: on the wall, large, and as the shares of a mix."""
        return {
            "title": chosen_panel(self.gallery.find(session, keys[0])),
            "wall": self._wall(session, keys, shares),
            "further": list(keys[1:]),
            **self._share_sliders(session, keys, shares),
        }

    def ring(self, session: Session) -> WallMessage:
        """Ring on the wall what the chosen regions are painted like, or else the picture."""
        stage = self.stage(session)
        own = stage.edits.own_of(stage.selected[0]).styles if stage.edits and stage.selected else None
        if stage.edits and stage.selected and stage.selected[0] in stage.edits.kept:
            own = ()
        if own is None:
            values = session.values.get(self.stage_name, {})
            keys = [session.chosen, *(values.get("further") or ())]
            weights = [values.get(f"share{place}", 50) for place in range(len(keys))]
        else:
            keys_of = {id(card.style): card.key for card in self.gallery.cards(session)}
            hung = [choice for choice in own if id(choice.style) in keys_of]
            keys = [keys_of[id(choice.style)] for choice in hung]
            weights = [choice.weight for choice in hung]
        return self._wall(session, keys, whole_shares(weights))

    def _wall(self, session: Session, keys: Sequence[str], shares: Sequence[int]) -> WallMessage:
        own = write_cards(self.gallery.own_cards(session))
        wearer = ", ".join(self.stage(session).selected)
        return WallMessage(
            own=own, chosen=list(keys), shares=list(shares), wearer=wearer, moment=session.clicked
        )

    def _share_sliders(self, session: Session, keys: Sequence[str], shares: Sequence[int]) -> Answer:
        answer: Answer = {}
        for place in range(MOST_FURTHER + 1):
            card = self.gallery.find(session, keys[place]) if place < len(keys) > 1 else None
            settings: dict[str, Any] = {}
            if card is not None:
                settings = {"label": f"{card.title} (%)", "value": shares[place]}
            answer[f"share{place}"] = gr.Slider(visible=card is not None, **settings)
        return answer

    # -- the live picture -------------------------------------------------------------------------------

    def request(self, session: Session, settings: StyleSettings) -> StyleRequest:
        """Make the picture's request; raises RequestError when there is no photo or no style."""
        keys = list(dict.fromkeys([session.chosen, *(settings.further or ())]))
        cards = [card for card in (self.gallery.find(session, key) for key in keys) if card is not None]
        photo = self.stage(session).photo
        if photo is None:
            raise RequestError(say("There is no photo yet. Open one, or choose a sample."))
        if not cards:
            raise RequestError(say("No style is chosen. Choose a painting."))
        weights = settings.shares if len(cards) > 1 else (1.0,)
        styles = tuple(StyleChoice(card.style, share) for card, share in zip(cards, weights, strict=False))
        names = ("strength", *options.LOOK)
        values = {name: options.to_request(name, getattr(settings, name)) for name in names}
        return StyleRequest(photo, styles, **values)

    def previews(
        self, request: StyleRequest, strengths: tuple[float, ...], token: CancelToken
    ) -> Iterator[tuple[float, Picture]]:
        return self.engine.keyframes(request, strengths, PREVIEW_SIDE, token)

    def paint_full(self, request: StyleRequest, token: CancelToken, progress: Any) -> Result:
        return self.engine.run(request, token, progress)

    def grow(self, request: StyleRequest, shown: Shown) -> Result:
        return self.engine.grow(request, shown)

    def forecasts(self, request: StyleRequest) -> dict[str, Forecast]:
        told = {words("Save"): self.engine.forecast(request)}
        if not request.colors_only:
            told[words("Masterwork")] = self.engine.forecast(replace(request, masterwork=True))
        return told

    def render_masterwork(
        self, visit: str, size: str, format: str, settings: StyleSettings
    ) -> Iterator[Answer]:
        """Work at the picture itself, which grows on the stage; the page downloads what comes last."""
        yield from self._save(visit, size, format, settings, say("Beginning a masterwork."), masterwork=True)

    def names(self, request: StyleRequest) -> list[str]:
        return [name_of(choice.style) for choice in request.styles]

    def alt(self, session: Session) -> str:
        card, photo = self.gallery.find(session, session.chosen), self.stage(session).photo
        return (
            say("{photo}, painted like {style}.", photo=photo.name, style=card.caption)
            if card and photo
            else ""
        )

    def begun(self, session: Session) -> Answer:
        card = self.gallery.find(session, session.chosen)
        if card is None:
            return {}
        title = {} if self.stage(session).selected else {"title": chosen_panel(card)}
        # only a picture has parts that regions can be matched with
        own = session.own.get(card.key)
        picture = own is not None and isinstance(own.style, Picture)
        if session.study_told != session.chosen and not session.studying:
            session.study_told, title["study_line"] = "", ""  # it spoke of another painting
        return {**title, "match": gr.Button(visible=picture), **study_buttons(session)}

    def keyframes_for(self, session: Session) -> tuple[float, ...]:
        return WHILE_STUDYING if self._is_studied(session) else super().keyframes_for(session)

    def fine_for(self, session: Session) -> tuple[float, ...]:
        return () if self._is_studied(session) else self.fine

    def _is_studied(self, session: Session) -> bool:
        """Tell whether what is painted with is being studied: it looks otherwise in a few seconds."""
        return bool(session.studying) and self.uses(session, session.studying)

    def full_request(self, session: Session, request: StyleRequest) -> StyleRequest:
        return self.with_paintings(session, request) if request.masterwork else request

    def with_paintings(self, session: Session, request: StyleRequest) -> StyleRequest:
        """Put the paintings themselves in the place of what was learned of them."""
        learned = {id(own.studied): own.style for own in session.own.values() if own.studied is not None}

        def exchanged(choices: tuple[StyleChoice, ...]) -> tuple[StyleChoice, ...]:
            return tuple(replace(each, style=learned.get(id(each.style), each.style)) for each in choices)

        regions = tuple(
            own if own.styles is None else replace(own, styles=exchanged(own.styles))
            for own in request.region_styles
        )
        return replace(request, styles=exchanged(request.styles), region_styles=regions)

    def done(self, session: Session, request: StyleRequest) -> str:
        edits = self.stage(session).edits
        own = edits.request(request).region_styles if edits else ()
        styles = [choice.style for way in (request, *own) for choice in way.styles or ()]
        return say("Painted like {names}.", names=listed(list(dict.fromkeys(map(name_of, styles)))))

    # -- recipes ----------------------------------------------------------------------------------------

    def restore(self, session: Session, recipe: Recipe, notes: tuple[str, ...], sample: Picture) -> Answer:
        stage = self.stage(session)
        request, more = self.engine.restore(recipe, stage.photo)
        if not isinstance(request, StyleRequest):
            raise ValueError(f"a recipe of a {recipe.kind} came to the Stylize tab")
        request = self.own.with_hung(session, request)
        stage.edits = None
        if request.regions is not None:
            kept = frozenset(own.name for own in request.region_styles if own.gray or own.styles == ())
            own = tuple(own for own in request.region_styles if own.name not in kept)
            gray = frozenset(own.name for own in request.region_styles if own.gray)
            stage.edits = RegionEdits(request.regions, own, kept, gray)
        stage.selected = ()
        stage.forget_truth()
        keys = []
        for choice in request.styles[: MOST_FURTHER + 1]:
            card = self.gallery.find(session, getattr(choice.style, "slug", ""))
            key = card.key if card else self.own.key_of(session, choice.style)
            keys.append(key or self.own.add(session, choice.style, name_of(choice.style), sample))
        keys = keys or [session.chosen]
        shares = whole_shares(choice.weight for choice in request.styles[: MOST_FURTHER + 1])
        values = {name: options.to_page(name, getattr(request, name)) for name in ("strength", *options.LOOK)}
        chosen = self.choose_together(session, keys, shares or (100,))
        if request.masterwork:
            more = (*more, self._masterwork_again(self.with_paintings(session, request)))
        said = self.settings_are_back(session, recipe, (*notes, *more))
        return {**chosen, **values, "region_box": gr.Column(visible=False), **said}

    def _masterwork_again(self, request: StyleRequest) -> Sentence:
        """Say what the button makes of a masterwork's settings; recipes hold no painting."""
        if not self.engine.has_paintings(request):
            return MASTERWORK_OF_OWN
        return STOPPED_MASTERWORK if request.masterwork_steps else WHOLE_MASTERWORK


def study_buttons(session: Session) -> Answer:
    """Show what can be done with the chosen style: study it, stop that, keep it as a file."""
    own, busy = session.own.get(session.chosen), bool(session.studying)
    picture = own is not None and isinstance(own.style, Picture)
    studied = own is not None and own.studied is not None
    kept = own is not None and (studied or isinstance(own.style, NamedStyle))
    return {
        "study": gr.Button(
            say("Study it further") if studied else say("Study this painting"), visible=picture and not busy
        ),
        "study_stop": gr.Button(visible=busy),
        "study_keep": gr.Button(visible=kept),
    }
