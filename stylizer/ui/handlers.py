"""What the page does: widget values to requests, results to widgets; no tensor, no model, no event.

Every handler returns a dictionary of widget names and new values; the other widgets stay as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from stylizer.engine import (
    Cancelled,
    CancelToken,
    Engine,
    RequestError,
    StyleChoice,
    StyleRequest,
    read_recipe_text,
)
from stylizer.imaging.picture import Picture, open_picture, read_recipe, save_picture
from stylizer.imaging.region_history import RegionHistory
from stylizer.imaging.resize import fit_within
from stylizer.models.style_file import NamedStyle
from stylizer.ui import options
from stylizer.ui.full_size import SIZES, FullSize
from stylizer.ui.previews import TRUE, PreviewWork, keep_preview, missing_previews
from stylizer.ui.region_plan import Dress, RegionPlan
from stylizer.ui.samples import PREVIEW_SIDE, Example, SamplePhoto
from stylizer.ui.session import MOST_OWN, MOST_RESULTS, FinishedPicture, OwnStyle, Session, Sessions
from stylizer.ui.settings import Settings
from stylizer.ui.stage import compose_message, describe_regions
from stylizer.ui.wall import ALL, OWN_KEY, Wall
from stylizer.ui.words import KNOWN, listed, name_of, sentence_of, status, title_line

MOST_FURTHER = 3
"""Styles that may join the chosen one."""
THUMBNAIL_SIDE = 192

OWN_MANNER = "Own painting"

Answer = dict[str, Any]


class Studio:
    """The page's hands: one for all visitors, with an engine, their visits and the wall of styles."""

    def __init__(
        self,
        engine: Engine,
        sessions: Sessions,
        wall: Wall,
        samples: tuple[SamplePhoto, ...],
        example: Example,
    ) -> None:
        self.engine, self.sessions, self.wall = engine, sessions, wall
        self.samples, self.example = samples, example
        self._greeting = example.photo.open()

    # -- visits -----------------------------------------------------------------------------------------

    def open_visit(self, request: gr.Request) -> Answer:
        """Begin a visit, with the finished example on the stage."""
        session = self.sessions.open(request.session_hash or "")
        session.photo = self._greeting
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

    # -- photos -----------------------------------------------------------------------------------------

    def open_photo(self, visit: str, upload: Any) -> Answer:
        """Take a new photo; a picture saved here brings its settings back instead."""
        session = self.sessions.find(visit)
        for brought in uploads_of(upload)[:1]:
            recipe = read_recipe(brought["path"])
            if recipe is not None:
                return self._restore(session, recipe, open_picture(brought["path"]))
            return self._show_photo(session, open_picture(brought["path"], brought.get("orig_name")))
        return {}

    def use_sample(self, visit: str, moment: float, event: gr.SelectData) -> Answer:
        """Take a sample photo."""
        session = self.sessions.find(visit)
        with session.lock:
            return (
                self._show_photo(session, self.samples[event.index].open())
                if session.newest_click(moment)
                else {}
            )

    def _show_photo(self, session: Session, photo: Picture) -> Answer:
        session.photo = photo
        session.drop_regions()
        turn = session.renew()
        said = status(" ".join(("Reading the photo.", *photo.notes)), "busy")
        return {"turn": turn, "region_box": gr.Column(visible=False), "status": said}

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
        if not pictures:
            return {}
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

    def renew(self, visit: str) -> Answer:
        """Begin a new turn after a setting has changed."""
        return {"turn": self.sessions.find(visit).renew()}

    def paint(self, visit: str, *values: Any) -> Iterator[Answer]:
        """Paint the keyframes of the newest turn, once; each goes to the stage as soon as it is ready."""
        session = self.sessions.find(visit)
        token = session.begin()
        if token is None:
            return
        settings = Settings.read(values)
        try:
            yield self._prepare(session, token)
            request = settings.request(session, self.wall)
            for work in missing_previews(session, request):
                for strength, painted in self.engine.keyframes(
                    work.request, work.strengths, PREVIEW_SIDE, token
                ):
                    keep_preview(session, token, work, strength, painted)
                    yield self.message(session, request)
            session.busy = False
            looks = session.plan.request(request).looks if session.plan else ()
            styles = [choice.style for way in (request, *looks) for choice in way.styles]
            names = listed(list(dict.fromkeys(map(name_of, styles))))
            yield {**self.message(session, request), "status": status(f"Painted like {names}.")}
        except Cancelled:
            return
        except Exception:
            session.busy = False
            yield self.message(session)
            raise

    def rest(self, visit: str, *values: Any) -> Answer:
        """Paint the true picture at the strength where the slider rests."""
        session = self.sessions.find(visit)
        token = session.working_token()
        request = Settings.read(values).request(session, self.wall)
        plan = session.plan
        if plan is None and request.strength in session.frames:
            return self.message(session, request)
        key = plan.strengths(request) if plan else (request.strength,)
        work = PreviewWork(plan.request(request) if plan else request, (request.strength,), TRUE, key)
        if key not in session.truth:
            try:
                for strength, painted in self.engine.keyframes(
                    work.request, work.strengths, PREVIEW_SIDE, token
                ):
                    if session.plan is plan:  # the artist may have gone on painting masks
                        keep_preview(session, token, work, strength, painted)
            except Cancelled:
                return {}
        return {**self.message(session, request), **_withdrawn(session, session.asked(request))}

    def _prepare(self, session: Session, token: CancelToken) -> Answer:
        """Show the photo at once, while its painting is on the way."""
        photo = session.photo
        if photo is not None and 0.0 not in session.frames:
            preview = fit_within(photo, PREVIEW_SIDE)
            keep_preview(session, token, PreviewWork(None, ()), 0.0, preview)
            session.size = (preview.width, preview.height)
        card = self.wall.find(session, session.chosen)
        return {
            **self.message(session),
            **({"title": title_line(card.caption)} if card and not session.selected else {}),
            "status": status("Painting.", "busy"),
            **_withdrawn(session, (session.turn,)),
        }

    def message(self, session: Session, request: StyleRequest | None = None) -> Answer:
        """Tell the stage all that there is; `request` is the picture's own, by which regions find layers."""
        with session.lock:
            card = self.wall.find(session, session.chosen)
            alt = f"{session.photo.name}, painted like {card.caption}." if card and session.photo else ""
            photo = session.photo.digest[:16] if session.photo else ""
            session.base = request or session.base
            plan = session.plan
            regions = describe_regions(session, plan, session.base) if plan else None
            return {
                "stage": compose_message(
                    session.turn,
                    photo,
                    session.frames,
                    session.truth,
                    session.size,
                    alt,
                    session.busy,
                    regions,
                    session.layers if plan else None,
                )
            }

    # -- full size --------------------------------------------------------------------------------------

    def render(self, visit: str, size: str, *values: Any) -> Iterator[Answer]:
        """Paint in full size, telling how far it is, and offer the file."""
        session = self.sessions.find(visit)
        token = session.full = CancelToken()
        base = Settings.read(values).request(session, self.wall)
        session.offered = session.asked(base)
        request = replace(session.plan.request(base) if session.plan else base, long_side=SIZES[size])
        running, idle = (
            {"render": gr.Button(visible=not busy), "stop": gr.Button(visible=busy)} for busy in (True, False)
        )
        yield {**running, "status": status("Painting in full size.", "busy", 0.0)}
        work = FullSize(self.engine, request, token)
        try:
            for sentence, done in work.follow():
                yield {"status": status(sentence, "busy", done)}
            finished = self._finish(session, request, work.result)
        except Cancelled:
            yield {**idle, "status": status("Stopped. Nothing was saved.")}
            return
        except Exception as error:
            yield {**idle, "status": status(sentence_of(error), "error")}
            return
        finally:
            token.cancel()
        picture = work.result.picture
        told = f"Ready: {picture.width} × {picture.height} pixels in {work.seconds:.1f} s."
        yield {
            **idle,
            "status": status(" ".join((told, *work.result.notes))),
            "download": gr.DownloadButton(value=str(finished.file), visible=True),
            "history": self.history(session),
        }

    def stop(self, visit: str) -> Answer:
        """Stop the full-size render."""
        self.sessions.find(visit).full.cancel()
        return {}

    def history(self, session: Session) -> Any:
        """Hang this visit's finished pictures, the newest first."""
        pictures = [(str(result.thumbnail), result.caption) for result in reversed(session.results)]
        return gr.Gallery(value=pictures, visible=bool(pictures))

    def replay(self, visit: str, event: gr.SelectData) -> Answer:
        """Bring back the settings of a picture of this visit."""
        session = self.sessions.find(visit)
        result = session.results[::-1][event.index]
        return self._restore(session, result.recipe, open_picture(result.thumbnail))

    def _finish(self, session: Session, request: StyleRequest, result: Any) -> FinishedPicture:
        recipe = result.recipe.to_json()
        words = [name_of(choice.style) for choice in request.styles]
        file = session.new_file("") / f"{request.content.name} - {words[0]}"[:80].replace("/", " ")
        file = file.with_name(f"{file.name}.png")
        file.parent.mkdir(parents=True)
        save_picture(result.picture, file, recipe)
        thumbnail = session.new_file(".webp")
        save_picture(fit_within(result.picture, 2 * THUMBNAIL_SIDE), thumbnail, quality=84)
        caption = f"{request.content.name}, {' and '.join(words)}, {round(100 * request.strength)} %"
        finished = FinishedPicture(file, thumbnail, caption, recipe)
        session.results.append(finished)
        for old in session.results[:-MOST_RESULTS]:
            old.file.unlink(missing_ok=True)
        del session.results[:-MOST_RESULTS]
        return finished

    # -- recipes ----------------------------------------------------------------------------------------

    def _restore(self, session: Session, text: str, sample: Picture) -> Answer:
        """Set the widgets as a recipe says; the photo stays, for the sample is painted already."""
        recipe, notes = read_recipe_text(text)
        request, more = self.engine.restore(recipe, session.photo)
        session.history = None
        if request.regions is not None:
            worn = {
                look.name: (look.styles, look.strength, look.color, look.stroke) for look in request.looks
            }
            dresses = tuple((name, Dress(*worn[name])) for name in worn)
            session.history = RegionHistory(RegionPlan(request.regions, dresses))
        session.selected = ()
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


def _withdrawn(session: Session, asked: tuple) -> Answer:
    """Take the finished file off the page when the settings ask for another picture.

    The stage's question for the true picture may well be answered after a full-size render has begun.
    """
    same = session.offered[: len(asked)] == asked
    return {} if same else {"download": gr.DownloadButton(visible=False)}


def uploads_of(value: Any) -> list[dict[str, Any]]:
    """List the uploads of an event that is not preprocessed: each has a path, checked to be an upload."""
    return [each for each in (value if isinstance(value, list) else [value]) if each]
