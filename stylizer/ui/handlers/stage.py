"""The live picture of a tab with a stage: its previews while the artist decides, and its full size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from stylizer.engine import Cancelled, CancelToken, Engine, read_recipe_text
from stylizer.engine.recipe import PAINTING, TRANSLATION
from stylizer.imaging.picture import Picture, open_picture, read_recipe
from stylizer.imaging.resize import fit_within
from stylizer.ui.handlers.full_size import SIZES, FullSize, hang, keep_finished
from stylizer.ui.messages import STYLIZE, TRANSLATE, sentence_of, status
from stylizer.ui.previews import TRUE, PreviewWork, keep_preview, missing_previews
from stylizer.ui.region_edits import RegionPlan
from stylizer.ui.samples import PREVIEW_SIDE, SamplePhoto
from stylizer.ui.showing import Showing
from stylizer.ui.stage.component import compose_message, describe_regions
from stylizer.ui.state import Session, Sessions

Answer = dict[str, Any]

MADE_IN = {PAINTING: STYLIZE, TRANSLATION: TRANSLATE}
"""The tabs of recipes of photos."""


class LivePicture:
    """Handlers of one stage for all visitors; a tab says what is painted, by what request.

    Every handler takes the visit and, last, the values of the widgets that a request depends on. It returns a
    dictionary of widget names and new values; the other widgets stay as they are.
    """

    tab = ""
    """The name of the tab."""
    plan_type: type[RegionPlan] = RegionPlan
    strengths: tuple[float, ...] = (1.0,)
    """Strengths of the previews, in the order in which they are painted."""
    coarse: tuple[float, ...] = (1.0,)
    """Those of a region's layer."""

    def __init__(self, engine: Engine, sessions: Sessions, samples: tuple[SamplePhoto, ...]) -> None:
        self.engine, self.sessions, self.samples = engine, sessions, samples

    # -- what a tab says --------------------------------------------------------------------------------

    def showing(self, session: Session) -> Showing:
        """Return what this tab's stage shows."""
        raise NotImplementedError

    def other(self, session: Session) -> Showing:
        """Return what the other stage shows, with which this one shares photo and regions."""
        raise NotImplementedError

    def request(self, showing: Showing, values: tuple) -> Any:
        """Make the picture's request, without regions; raises RequestError."""
        raise NotImplementedError

    def previews(
        self, request: Any, strengths: tuple[float, ...], token: CancelToken
    ) -> Iterator[tuple[float, Picture]]:
        """Paint the picture at each strength, small."""
        raise NotImplementedError

    def paint_full(self, request: Any, token: CancelToken, progress: Any) -> Any:
        """Paint the picture as large as the request says."""
        raise NotImplementedError

    def names(self, request: Any) -> list[str]:
        """Name what the picture is painted like."""
        raise NotImplementedError

    def alt(self, showing: Showing) -> str:
        """Describe the picture to those who cannot see it."""
        raise NotImplementedError

    def restore(self, showing: Showing, recipe: Any, notes: tuple[str, ...], sample: Picture) -> Answer:
        """Set the widgets as a recipe says; the photo stays, for the sample is painted already."""
        raise NotImplementedError

    def begun(self, showing: Showing) -> Answer:
        """Say what else changes when a turn begins."""
        return {}

    def done(self, showing: Showing, request: Any) -> str:
        """Say that a turn is over."""
        raise NotImplementedError

    def open(self, visit: str) -> Showing:
        """Return what this tab's stage shows in a visit; raises SessionExpired."""
        return self.showing(self.sessions.find(visit))

    # -- photo and regions ------------------------------------------------------------------------------

    def open_photo(self, visit: str, upload: Any) -> Answer:
        """Take a new photo; a picture saved in this tab brings its settings back instead."""
        showing = self.open(visit)
        for brought in uploads_of(upload)[:1]:
            text, note = read_recipe(brought["path"]), ""
            if text is not None:
                recipe, notes = read_recipe_text(text)
                made_in = MADE_IN.get(recipe.kind, "")
                if made_in == self.tab:
                    return self.restore(showing, recipe, notes, open_picture(brought["path"]))
                if made_in:
                    note = f"Open it in the {made_in} tab to get its settings back."
            return self._show(showing, open_picture(brought["path"], brought.get("orig_name")), note)
        return {}

    def use_sample(self, visit: str, moment: float, event: gr.SelectData) -> Answer:
        """Take a sample photo."""
        session = self.sessions.find(visit)
        with session.lock:
            if not session.newest_click(moment):
                return {}
            return self._show(self.showing(session), self.samples[event.index].open())

    def replay(self, visit: str, event: gr.SelectData) -> Answer:
        """Bring back the settings of a picture of this visit, if it was made in this tab, and go there."""
        session = self.sessions.find(visit)
        result = session.results[::-1][event.index]
        if result.tab != self.tab:
            return {}
        showing = self.showing(session)
        showing.follow(self.other(session), self.plan_type)
        recipe, notes = read_recipe_text(result.recipe)
        answer = self.restore(showing, recipe, notes, open_picture(result.thumbnail))
        return {**answer, "tabs": gr.Tabs(selected=self.tab)}

    def _show(self, showing: Showing, photo: Picture, *notes: str) -> Answer:
        turn = showing.bring(photo)
        said = status(" ".join(filter(None, ("Reading the photo.", *notes, *photo.notes))), "busy")
        return {"turn": turn, "region_box": gr.Column(visible=False), "status": said}

    def enter(self, visit: str | None) -> Answer:
        """Come to the tab: what was brought or cut on the other stage since is taken over."""
        if visit is None:  # the page comes to its first tab before its visit begins
            return {}
        session = self.sessions.find(visit)
        showing = self.showing(session)
        with showing.lock:
            photo = showing.photo
            if not showing.follow(self.other(session), self.plan_type):
                return {}
            turn = showing.renew(keep=showing.photo is photo)
            return {"turn": turn, "region_box": gr.Column(visible=bool(showing.selected))}

    # -- previews ---------------------------------------------------------------------------------------

    def renew(self, visit: str) -> Answer:
        """Begin a new turn after a setting has changed."""
        return {"turn": self.open(visit).renew()}

    def paint(self, visit: str, *values: Any) -> Iterator[Answer]:
        """Paint the keyframes of the newest turn, once; each goes to the stage as soon as it is ready."""
        showing = self.open(visit)
        token = showing.begin()
        if token is None:
            return
        try:
            yield self._prepare(showing, token)
            request = self.request(showing, values)
            for work in missing_previews(showing, request, self.strengths, self.coarse):
                for strength, painted in self.previews(work.request, work.strengths, token):
                    keep_preview(showing, token, work, strength, painted, self.strengths)
                    yield self.message(showing, request)
            showing.busy = False
            yield {**self.message(showing, request), "status": status(self.done(showing, request))}
        except Cancelled:
            return
        except Exception:
            showing.busy = False
            yield self.message(showing)
            raise

    def rest(self, visit: str, *values: Any) -> Answer:
        """Paint the true picture at the strength where the slider rests."""
        showing = self.open(visit)
        token = showing.working_token()
        request = self.request(showing, values)
        plan = showing.plan
        if plan is None and request.strength in showing.frames:
            return self.message(showing, request)
        key = plan.strengths(request) if plan else (request.strength,)
        work = PreviewWork(plan.request(request) if plan else request, (request.strength,), TRUE, key)
        if key not in showing.truth:
            try:
                for strength, painted in self.previews(work.request, work.strengths, token):
                    if showing.plan is plan:  # the artist may have gone on painting masks
                        keep_preview(showing, token, work, strength, painted, self.strengths)
            except Cancelled:
                return {}
        return {**self.message(showing, request), **_withdrawn(showing, showing.asked(request))}

    def _prepare(self, showing: Showing, token: CancelToken) -> Answer:
        """Show the photo at once, while its painting is on the way."""
        if showing.photo is not None and 0.0 not in showing.frames:
            preview = fit_within(showing.photo, PREVIEW_SIDE)
            keep_preview(showing, token, PreviewWork(None, ()), 0.0, preview, self.strengths)
            showing.size = (preview.width, preview.height)
        return {
            **self.message(showing),
            **self.begun(showing),
            "status": status("Painting.", "busy"),
            **_withdrawn(showing, (showing.turn,)),
        }

    def message(self, showing: Showing, request: Any = None) -> Answer:
        """Tell the stage all that there is; `request` is the picture's own, by which regions find layers."""
        with showing.lock:
            showing.base = request or showing.base
            plan = showing.plan
            return {
                "stage": compose_message(
                    showing.turn,
                    showing.photo.digest[:16] if showing.photo else "",
                    showing.frames,
                    showing.truth,
                    showing.size,
                    self.alt(showing),
                    showing.busy,
                    describe_regions(showing, plan, showing.base) if plan else None,
                    showing.layers if plan else None,
                )
            }

    # -- full size --------------------------------------------------------------------------------------

    def render(self, visit: str, size: str, *values: Any) -> Iterator[Answer]:
        """Paint in full size, telling how far it is, and offer the file."""
        session = self.sessions.find(visit)
        showing = self.showing(session)
        token = session.full = CancelToken()
        base = self.request(showing, values)
        showing.offered = showing.asked(base)
        request = replace(showing.plan.request(base) if showing.plan else base, long_side=SIZES[size])
        running, idle = (
            {"render": gr.Button(visible=not busy), "stop": gr.Button(visible=busy)} for busy in (True, False)
        )
        yield {**running, "status": status("Painting in full size.", "busy", 0.0)}
        work = FullSize(partial(self.paint_full, request), token)
        try:
            for sentence, done in work.follow():
                yield {"status": status(sentence, "busy", done)}
            finished = keep_finished(session, request, work.result, self.names(request), self.tab)
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
            "history": hang(session),
        }

    def stop(self, visit: str) -> Answer:
        """Stop the full-size render."""
        self.sessions.find(visit).full.cancel()
        return {}


def _withdrawn(showing: Showing, asked: tuple) -> Answer:
    """Take the finished file off the page when the settings ask for another picture.

    The stage's question for the true picture may well be answered after a full-size render has begun.
    """
    same = showing.offered[: len(asked)] == asked
    return {} if same else {"download": gr.DownloadButton(visible=False)}


def uploads_of(value: Any) -> list[dict[str, Any]]:
    """List the uploads of an event that is not preprocessed: each has a path, checked to be an upload."""
    return [each for each in (value if isinstance(value, list) else [value]) if each]
