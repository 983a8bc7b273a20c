"""The handlers of a stage that save: a picture in full size, and what is there when it is stopped."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import gradio as gr

from stylizer.engine import Cancelled, CancelToken
from stylizer.engine.progress import Shown
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fit_within, fitting_size, resize_picture
from stylizer.ui.handlers.full_size import FORMATS, SIZES, FullSize, history_gallery, keep_finished
from stylizer.ui.handlers.photos import PhotoHandlers
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.language import say, tell
from stylizer.ui.messages import duration, sentence_of, status
from stylizer.ui.previews import TRUE, PreviewWork, keep_preview
from stylizer.ui.region_edits import RegionEdits, Strengths
from stylizer.ui.samples import PREVIEW_SIDE
from stylizer.ui.state import FinishedPicture, Session


class SavingHandlers(PhotoHandlers):
    """Handlers of a stage whose picture can be had in full size."""

    starters: ClassVar[dict[str, str]] = {"render": "render"}
    """The buttons that start a picture in full size, and their handlers."""

    @abstractmethod
    def paint_full(self, request: Any, token: CancelToken, progress: Any) -> Any:
        """Paint the picture as large as the request says."""

    def full_request(self, session: Session, request: Any) -> Any:
        """Return what is asked for in full size."""
        return request

    def grow(self, request: Any, shown: Shown) -> Any:
        """Return what a picture showed before it was stopped at the stage's size, with its recipe.

        A tab whose pictures show nothing on the way is never asked.
        """
        raise ValueError(f"pictures of {self.tab} show nothing on the way")

    def render(self, visit: str, size: str, format: str, settings: Any) -> Iterator[Answer]:
        """Paint in full size, telling how far it is; the page downloads the file that comes last."""
        yield from self._save(visit, size, format, settings, say("Painting in full size."))

    def _save(
        self, visit: str, size: str, format: str, settings: Any, sentence: str, **changes: Any
    ) -> Iterator[Answer]:
        """Paint in full size, with `changes` to the request; what is there by now goes to the stage."""
        session = self.sessions.find(visit)
        stage = self.stage(session)
        token = session.full = CancelToken()
        base = self.read(session, settings)
        turn, edits = stage.turns.number, stage.edits
        request = replace(edits.request(base) if edits else base, long_side=SIZES[size], **changes)
        request = self.full_request(session, request)
        running, idle = (self.buttons(busy) for busy in (True, False))
        stage_size = fitting_size(base.content.height, base.content.width, PREVIEW_SIDE)
        show = partial(self._show_work, session, base, turn, edits)
        yield {**running, "download": None, "status": status(sentence, "busy", 0.0)}
        work, shown = FullSize(partial(self.paint_full, request), token), None
        try:
            for news in work.follow():
                answer = {"status": status(news.sentence, "busy", news.done)}
                if news.shown is not None:
                    shown = news.shown
                    answer |= show(resize_picture(shown.picture, *stage_size))
                yield answer
            finished = keep_finished(session, request, work.result, self.names(request), self.tab, format)
            self.sessions.save(session)
        except Cancelled:
            if shown is None:
                yield {**idle, "status": status(say("Stopped. Nothing was saved."))}
            else:
                yield {
                    "stop": gr.Button(visible=False),
                    "status": status(say("Finishing what is there."), "busy"),
                }
                yield {**idle, **self._keep_shown(session, request, shown, format, show)}
            return
        except Exception as error:
            yield {**idle, "status": status(sentence_of(error), "error")}
            return
        finally:
            token.cancel()
        picture = work.result.picture
        told = say(
            "Saved {width} × {height} pixels in {time}; also in History.",
            width=picture.width,
            height=picture.height,
            time=duration(work.seconds),
        )
        if changes:  # it is another picture than the stage's own
            yield show(fit_within(picture, PREVIEW_SIDE))
        yield {
            **idle,
            "status": status(" ".join((told, *map(tell, work.result.notes)))),
            **_handed_out(session, finished, format),
        }

    def _keep_shown(
        self, session: Session, request: Any, shown: Shown, format: str, show: Callable[[Picture], Answer]
    ) -> Answer:
        """Keep what was there when the work was stopped, at the stage's size."""
        small = replace(request, long_side=min(PREVIEW_SIDE, request.long_side or PREVIEW_SIDE))
        try:
            result = self.grow(small, shown)
            names = self.names(request)
            finished = keep_finished(session, small, result, names, self.tab, format, say("stopped early"))
        except Exception as error:
            return {"status": status(sentence_of(error), "error")}
        self.sessions.save(session)
        told = say(
            "Stopped. What is there is kept: {width} × {height} pixels; also in History.",
            width=result.picture.width,
            height=result.picture.height,
        )
        return {**show(result.picture), "status": status(told), **_handed_out(session, finished, format)}

    def buttons(self, busy: bool) -> Answer:
        """Show the buttons that start a picture in full size, or the one that stops it."""
        starting: Answer = {name: gr.Button(visible=not busy) for name in self.starters}
        return {**starting, "stop": gr.Button(visible=busy)}

    def _show_work(
        self, session: Session, base: Any, turn: int, edits: RegionEdits | None, shown: Picture
    ) -> Answer:
        """Put a picture that is being worked out on the stage, unless something else is asked for by now."""
        stage = self.stage(session)
        if stage.turns.number != turn or stage.edits is not edits:
            return {}
        strengths: Strengths = edits.strengths(base) if edits else (base.strength,)
        with stage.lock:
            if strengths in stage.truth:
                stage.stale.append(stage.truth.pop(strengths))
        try:
            work = PreviewWork(base, (base.strength,), TRUE, strengths)
            keep_preview(stage, stage.turns.working_token(), work, base.strength, shown, self.strengths)
        except Cancelled:
            return {}
        return self.message(session, base)

    def stop(self, visit: str) -> Answer:
        """Stop the full-size render: it ends with its tile or step, and says what there is."""
        token = self.sessions.find(visit).full
        if token.cancelled:
            return {}
        token.cancel()
        return {"status": status(say("Stopping."), "busy")}


def _handed_out(session: Session, finished: FinishedPicture, format: str) -> Answer:
    """Hand a finished picture out in a format, and show it in the history."""
    file = finished.file.with_suffix(FORMATS[format])
    return {"download": str(file), "history": history_gallery(session)}
