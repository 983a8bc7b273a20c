"""What the page does: widget values to requests, results to widgets; no tensor, no model, no event.

Every handler returns a dictionary of widget names and new values; the other widgets stay as they are.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from stylizer.engine import (
    CancelToken,
    Engine,
    Recipe,
    RequestError,
    StyleChoice,
    StyleRequest,
    StyleResult,
)
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import fit_within
from stylizer.models.style_file import NamedStyle
from stylizer.ui import options
from stylizer.ui.gallery import ALL, OWN_KEY, Wall
from stylizer.ui.handlers.stage import Answer, LivePicture, uploads_of
from stylizer.ui.history import RegionHistory
from stylizer.ui.messages import KNOWN, STYLIZE, listed, name_of, sentence_of, status, title_line
from stylizer.ui.region_edits import Dress, RegionPlan
from stylizer.ui.samples import COARSE, KEYFRAMES, PREVIEW_SIDE, Example, SamplePhoto
from stylizer.ui.settings import Settings
from stylizer.ui.showing import Showing
from stylizer.ui.stage.component import compose_message
from stylizer.ui.state import MOST_OWN, OwnStyle, Session, Sessions

MOST_FURTHER = 3
"""Styles that may join the chosen one."""
THUMBNAIL_SIDE = 192

OWN_MANNER = "Own painting"


class Studio(LivePicture):
    """The page's hands: one for all visitors, with an engine, their visits and the wall of styles."""

    tab = STYLIZE
    strengths, coarse = KEYFRAMES, COARSE

    def __init__(
        self,
        engine: Engine,
        sessions: Sessions,
        wall: Wall,
        samples: tuple[SamplePhoto, ...],
        example: Example,
    ) -> None:
        super().__init__(engine, sessions, samples)
        self.wall, self.example = wall, example
        self._greeting = example.photo.open()

    # -- visits -----------------------------------------------------------------------------------------

    def open_visit(self, request: gr.Request) -> Answer:
        """Begin a visit, with the finished example on the stage."""
        session = self.sessions.open(request.session_hash or "")
        session.photo, session.brought = self._greeting, time.monotonic()
        session.frames = dict(self.example.frames)
        session.size = (self._greeting.width, self._greeting.height)
        known = self.wall.find(session, self.example.style)
        session.chosen = known.key if known else (self.wall.shipped[0].key if self.wall.shipped else "")
        return {"visit": session.id}

    def leave(self, request: gr.Request) -> None:
        """Stop the work for a closed tab."""
        self.sessions.leave(request.session_hash)

    def warm(self) -> None:
        """Load the painter before the first visitor needs it; without one, painting says what is missing."""
        with contextlib.suppress(*KNOWN):
            _ = self.engine.painter

    def greeting(self) -> dict[str, Any]:
        """Return what the stage shows before anything was asked."""
        photo = self._greeting
        return compose_message(
            0,
            photo.digest[:16],
            self.example.frames,
            size=(photo.width, photo.height),
            alt=f"{self.example.photo.title}, painted.",
        )

    # -- styles -----------------------------------------------------------------------------------------

    def choose_style(
        self, visit: str, chip: str, further: list[str], moment: float, event: gr.SelectData
    ) -> Answer:
        """Choose the style that was clicked on the wall."""
        session = self.sessions.find(visit)
        with session.lock:
            if not session.newest_click(moment):
                return {}
            card = self.wall.cards(session, chip)[event.index]
            if session.selected and session.plan:
                return self.dress_chosen(session, card.style, card.caption)
            session.chosen = card.key
            turn = session.renew()
        return {
            "turn": turn,
            "title": title_line(card.caption),
            **self._share_sliders(session, [card.key, *(further or ())]),
        }

    def filter_styles(self, visit: str, chip: str) -> Answer:
        """Hang the styles of a chip."""
        return {"wall": self._hang(self.sessions.find(visit), chip)}

    def bring_styles(self, visit: str, uploads: Any) -> Answer:
        """Take paintings of the artist's own: the first is chosen, the others join it."""
        session = self.sessions.find(visit)
        brought = uploads_of(uploads)
        pictures = [open_picture(each["path"], each.get("orig_name")) for each in brought]
        return self.take_styles(session, pictures) if pictures else {}

    def take_styles(self, session: Session, pictures: list[Picture]) -> Answer:
        """Take pictures as styles of the artist's own; raises RequestError when there are too many."""
        if len(session.own) + len(pictures) > MOST_OWN:
            raise RequestError(
                f"You have {len(session.own)} paintings of your own; at most {MOST_OWN} fit here"
            )
        keys = [self._add_own(session, picture, picture.name, picture) for picture in pictures]
        if session.selected and session.plan:
            hung = {
                "wall": self._hang(session, ALL),
                "chips": gr.Radio(choices=self.wall.chips_for(session), value=ALL),
                "further": gr.Dropdown(choices=self.wall.choices(session)),
            }
            return {**self.dress_chosen(session, pictures[0], pictures[0].name), **hung}
        together = keys[: MOST_FURTHER + 1]
        return self._choose(session, together, (50.0,) * len(together))

    def dress_chosen(self, session: Session, style: Picture | NamedStyle, caption: str) -> Answer:
        """Dress the chosen regions in a style."""
        styles = (StyleChoice(style),)
        plan = session.plan.dressed(session.selected, lambda dress: replace(dress, styles=styles))
        session.change(plan)
        names = " and ".join(session.selected)
        return {
            "turn": session.renew(keep=True),
            "title": title_line(f"{names[:1].upper()}{names[1:]}: {caption}"),
            "region_manner": OWN_MANNER,
        }

    def change_mix(self, visit: str, further: list[str]) -> Answer:
        """Let other styles join the chosen one, or leave."""
        session = self.sessions.find(visit)
        return {"turn": session.renew(), **self._share_sliders(session, [session.chosen, *(further or ())])}

    def _add_own(self, session: Session, style: Picture | NamedStyle, title: str, sample: Picture) -> str:
        file = session.new_file(".webp")
        save_picture(fit_within(sample, THUMBNAIL_SIDE), file, quality=80)
        key = f"{OWN_KEY}{len(session.own) + 1}"
        session.own[key] = OwnStyle(style, title or "My painting", file)
        return key

    def _choose(self, session: Session, keys: list[str], shares: tuple[float, ...]) -> Answer:
        """Choose the first style, let the others join it, and hang the visitor's own."""
        session.chosen = keys[0]
        card = self.wall.find(session, keys[0])
        return {
            "turn": session.renew(),
            "title": title_line(card.caption),
            "wall": self._hang(session, ALL),
            "chips": gr.Radio(choices=self.wall.chips_for(session), value=ALL),
            "further": gr.Dropdown(choices=self.wall.choices(session), value=keys[1:], multiselect=True),
            **self._share_sliders(session, keys, shares),
        }

    def _hang(self, session: Session, chip: str) -> Any:
        keys = [card.key for card in self.wall.cards(session, chip)]
        index = keys.index(session.chosen) if session.chosen in keys else None
        return gr.Gallery(value=self.wall.gallery(session, chip), selected_index=index)

    def _share_sliders(self, session: Session, keys: list[str], shares: tuple[float, ...] = ()) -> Answer:
        answer, keys = {}, list(dict.fromkeys(keys))
        for place in range(MOST_FURTHER + 1):
            card = self.wall.find(session, keys[place]) if place < len(keys) > 1 else None
            settings = {} if card is None else {"label": f"Share of {card.title}"}
            if place < len(shares):
                settings["value"] = shares[place]
            answer[f"share{place}"] = gr.Slider(visible=card is not None, **settings)
        return answer

    # -- the live picture -------------------------------------------------------------------------------

    def showing(self, session: Session) -> Session:
        """Return what the stage shows: the visit's own."""
        return session

    def other(self, session: Session) -> Showing:
        return session.translation

    def request(self, session: Session, values: tuple) -> StyleRequest:
        """Make the picture's request; raises RequestError when there is no photo or no style."""
        return Settings.read(values).request(session, self.wall)

    def previews(
        self, request: StyleRequest, strengths: tuple[float, ...], token: CancelToken
    ) -> Iterator[tuple[float, Picture]]:
        return self.engine.keyframes(request, strengths, PREVIEW_SIDE, token)

    def paint_full(self, request: StyleRequest, token: CancelToken, progress: Any) -> StyleResult:
        return self.engine.paint(request, token, progress)

    def names(self, request: StyleRequest) -> list[str]:
        return [name_of(choice.style) for choice in request.styles]

    def alt(self, session: Session) -> str:
        card = self.wall.find(session, session.chosen)
        return f"{session.photo.name}, painted like {card.caption}." if card and session.photo else ""

    def begun(self, session: Session) -> Answer:
        card = self.wall.find(session, session.chosen)
        return {"title": title_line(card.caption)} if card and not session.selected else {}

    def done(self, session: Session, request: StyleRequest) -> str:
        looks = session.plan.request(request).region_styles if session.plan else ()
        styles = [choice.style for way in (request, *looks) for choice in way.styles or ()]
        return f"Painted like {listed(list(dict.fromkeys(map(name_of, styles))))}."

    # -- recipes ----------------------------------------------------------------------------------------

    def restore(self, session: Session, recipe: Recipe, notes: tuple[str, ...], sample: Picture) -> Answer:
        request, more = self.engine.restore(recipe, session.photo)
        session.history = None
        if request.regions is not None:
            worn = {
                look.name: (look.styles, look.strength, look.color, look.stroke)
                for look in request.region_styles
            }
            dresses = tuple((name, Dress(*worn[name])) for name in worn)
            session.history = RegionHistory(RegionPlan(request.regions, dresses))
        session.selected = ()
        session.forget_truth()
        keys = []
        for choice in request.styles[: MOST_FURTHER + 1]:
            card = self.wall.find(session, getattr(choice.style, "slug", ""))
            own = card is None
            keys.append(
                self._add_own(session, choice.style, name_of(choice.style), sample) if own else card.key
            )
        keys = keys or [session.chosen]
        heaviest = max((choice.weight for choice in request.styles), default=1.0)
        shares = tuple(round(100 * choice.weight / heaviest) for choice in request.styles)
        values = {name: options.to_page(name, getattr(request, name)) for name in ("strength", *options.LOOK)}
        told = " ".join(
            ("Settings are back.", *(sentence_of(RequestError(note)) for note in (*notes, *more)))
        )
        chosen = self._choose(session, keys, (shares or (100,))[: len(keys)])
        return {**chosen, **values, "region_box": gr.Column(visible=False), "status": status(told)}
