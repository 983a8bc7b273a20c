"""The handlers of a stage: previews, what is decided. `photos.py` adds photos, `saving.py` the full size."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from stylizer.engine import Cancelled, CancelToken, Engine
from stylizer.engine.forecast import Forecast
from stylizer.errors import StudioError
from stylizer.imaging.picture import Picture
from stylizer.ui.handlers.full_size import (
    SIZES,
    facts_line,
)
from stylizer.ui.language import say, words
from stylizer.ui.messages import (
    Status,
    status,
)
from stylizer.ui.options import Settings
from stylizer.ui.previews import TRUE, PreviewWork, keep_preview, missing_previews
from stylizer.ui.region_edits import RegionEdits
from stylizer.ui.samples import PREVIEW_SIDE, SamplePhoto
from stylizer.ui.sessions import Sessions
from stylizer.ui.stage.component import describe_regions
from stylizer.ui.stage.message import StageMessage, compose_message
from stylizer.ui.stage_state import StageState
from stylizer.ui.state import Session

Answer = dict[str, Any]

BLENDED = {"strength": 0.0, "color": 0.0}
"""The settings that the stage blends itself; the others need the painter."""
NOTHING = {True: words("There is nothing to redo."), False: words("There is nothing to undo.")}
STEPPED = {True: words("The step is done again."), False: words("The last step is undone.")}


class StageHandlers(ABC):
    """Handlers of one stage for all visitors; a tab says what is painted, by what request.

    Every handler takes the visit and, last, the settings of a request: the record of the widgets' values that
    the tab names. It returns a dictionary of widget names and new values; the other widgets stay as they are.
    """

    tab: ClassVar[str]
    """The name of the tab; its stage has the same."""
    stage_name: ClassVar[str]
    settings_type: ClassVar[type[Settings]]
    """The record of the widgets that a request depends on."""
    edits_type: ClassVar[type[RegionEdits]] = RegionEdits
    strengths: ClassVar[tuple[float, ...]] = (1.0,)
    """Strengths of the previews, in the order in which they are painted."""
    working: ClassVar[str] = words("Painting.")
    """What is said until the picture is there."""
    fine: ClassVar[tuple[float, ...]] = ()
    """Those of them that are painted only when the artist comes to the strength slider."""
    coarse: ClassVar[tuple[float, ...]] = (1.0,)
    """Those of a region's layer."""

    def __init__(self, engine: Engine, sessions: Sessions, samples: tuple[SamplePhoto, ...]) -> None:
        self.engine, self.sessions, self.samples = engine, sessions, samples

    # -- what a tab says --------------------------------------------------------------------------------

    @abstractmethod
    def request(self, session: Session, settings: Any) -> Any:
        """Make the picture's request, without regions; raises RequestError."""

    @abstractmethod
    def previews(
        self, request: Any, strengths: tuple[float, ...], token: CancelToken
    ) -> Iterator[tuple[float, Picture]]:
        """Paint the picture at each strength, small."""

    @abstractmethod
    def names(self, request: Any) -> list[str]:
        """Name what the picture is painted like."""

    @abstractmethod
    def alt(self, session: Session) -> str:
        """Describe the picture to those who cannot see it."""

    @abstractmethod
    def done(self, session: Session, request: Any) -> str:
        """Say that a turn is over."""

    @abstractmethod
    def widgets(self, session: Session) -> Answer:
        """Set the widgets as they were when a visit comes back."""

    def read(self, session: Session, settings: Any) -> Any:
        """Make the picture's request, and note the widgets' values for when the visit comes back."""
        settings = self.current(session, settings)
        session.values[self.stage_name], session.tab = settings.to_widgets(), self.tab
        request, stage = self.request(session, settings), self.stage(session)
        if stage.request is not None and stage.request.color != request.color:
            stage.drop_truth()
        self.note_step(session)
        return request

    def current(self, session: Session, settings: Any) -> Any:
        """Correct the widgets' values where the visit knows newer ones than the browser sent."""
        return settings

    def note_step(self, session: Session) -> None:
        """Note what is decided by now, for undo."""
        values = {name: _fixed(value) for name, value in session.values[self.stage_name].items()}
        self.stage(session).note(session.chosen, tuple(values.items()))

    def step(self, session: Session, forward: bool) -> Answer:
        """Take the last decision back, or one that was taken back again: style, settings or regions."""
        stage = self.stage(session)
        went = stage.go_back(forward)
        if went is None:
            return {"status": status(say(NOTHING[forward]))}
        before, step = went
        session.chosen, session.values[self.stage_name] = step.chosen, dict(step.values)
        session.note = say(STEPPED[forward])
        answer: Answer = {"status": status(session.note)}
        if before.values != step.values or before.chosen != step.chosen:
            answer |= self.widgets(session)
        look = [{**dict(each.values), **BLENDED, "chosen": each.chosen} for each in (before, step)]
        return {**answer, "turn": stage.renew(keep=look[0] == look[1])}

    def keyframes_for(self, session: Session) -> tuple[float, ...]:
        """Return the strengths of the previews, in the order in which they are painted."""
        return tuple(strength for strength in self.strengths if strength not in self.fine)

    def fine_for(self, session: Session) -> tuple[float, ...]:
        """Return the strengths that are painted for a slider that is about to move."""
        return self.fine

    def begun(self, session: Session) -> Answer:
        """Say what else changes when a turn begins."""
        return {}

    def stage(self, session: Session) -> StageState:
        """Return the state of this tab's stage."""
        return session.stages[self.stage_name]

    def other(self, session: Session) -> StageState:
        """Return the state of the other stage, with which this one shares photo and regions."""
        return next(stage for name, stage in session.stages.items() if name != self.stage_name)

    def choose_size(self, visit: str, size: str) -> Answer:
        """Say what a size for saving means."""
        session = self.sessions.find(visit)
        self.stage(session).out_size = size
        return {"facts": self.facts(session)}

    def facts(self, session: Session) -> str:
        """Say what the picture will be in full size, and what it takes to make it."""
        stage, forecasts = self.stage(session), {}
        if stage.request is not None:
            edits = stage.edits
            request = edits.request(stage.request) if edits else stage.request
            with contextlib.suppress(StudioError):  # whatever is wrong, painting it says so
                forecasts = self.forecasts(replace(request, long_side=SIZES[stage.out_size]))
        return facts_line(stage.photo, stage.out_size, forecasts)

    def forecasts(self, request: Any) -> dict[str, Forecast]:
        """Foretell what each button takes that starts a picture in full size, by its words."""
        return {}

    # -- previews ---------------------------------------------------------------------------------------

    def renew(self, visit: str) -> Answer:
        """Begin a new turn after a setting has changed."""
        return {"turn": self.stage(self.sessions.find(visit)).renew()}

    def paint(self, visit: str, settings: Any) -> Iterator[Answer]:
        """Paint the keyframes of the newest turn, once; each goes to the stage as soon as it is ready."""
        session = self.sessions.find(visit)
        stage = self.stage(session)
        token = stage.turns.begin()
        if token is None:
            return
        try:
            yield self._prepare(session, token)
            request = self.read(session, settings)
            self.sessions.save(session)
            words, line = self.done(session, request), None
            for work in missing_previews(stage, request, self.keyframes_for(session), self.coarse):
                for strength, painted in self.previews(work.request, work.strengths, token):
                    keep_preview(stage, token, work, strength, painted, self.strengths)
                    # the picture is there; what still comes is for the slider's next move
                    there = strength == request.strength and stage.edits is None
                    stage.busy = stage.busy and not there
                    if there:
                        line = self._over(session, words)
                    yield {**self.message(session, request), **({"status": line} if there else {})}
            # the same line again: what was said since, of regions that were found, say, stays
            stage.busy, last = False, line or self._over(session, words)
            session.note = ""
            yield {**self.message(session, request), "status": last, "facts": self.facts(session)}
            if stage.coarse_done(token):
                yield from self._paint_fine(session, token)
        except Cancelled:
            return
        except Exception:
            stage.busy = False
            yield self.message(session)
            raise

    def _over(self, session: Session, words: str) -> Status:
        """Say that a turn is over, after what was to be said first."""
        return status(" ".join(filter(None, (session.note, words))))

    def finer(self, visit: str) -> Iterator[Answer]:
        """Paint the fine keyframes, once a turn, when the artist comes to the strength slider.

        While the coarse ones are still under way they go first: their turn paints the fine ones at its end.
        """
        session = self.sessions.find(visit)
        stage = self.stage(session)
        token = stage.turns.working_token()
        if stage.want_fine():
            with contextlib.suppress(Cancelled):
                yield from self._paint_fine(session, token)

    def _paint_fine(self, session: Session, token: CancelToken) -> Iterator[Answer]:
        stage = self.stage(session)
        request = replace(stage.request, color=1.0)  # as the other keyframes: the stage takes color away
        for strength in self.fine_for(session):
            if strength not in stage.frames:
                for _, painted in self.previews(request, (strength,), token):
                    work = PreviewWork(request, (strength,))
                    keep_preview(stage, token, work, strength, painted, self.strengths)
                yield self.message(session)

    def rest(self, visit: str, settings: Any) -> Answer:
        """Paint the true picture at the strength where the slider rests."""
        session = self.sessions.find(visit)
        stage = self.stage(session)
        token = stage.turns.working_token()
        request = self.read(session, settings)
        edits = stage.edits
        if edits is None and request.strength in stage.frames:
            return self.message(session, request)
        key = edits.strengths(request) if edits else (request.strength,)
        work = PreviewWork(edits.request(request) if edits else request, (request.strength,), TRUE, key)
        if key not in stage.truth:
            try:
                for strength, painted in self.previews(work.request, work.strengths, token):
                    if stage.edits is edits:  # the artist may have gone on painting masks
                        keep_preview(stage, token, work, strength, painted, self.strengths)
            except Cancelled:
                return {}
        return self.message(session, request)

    def keep(self, visit: str, settings: Any) -> Answer:
        """Note the widgets' values, after the strength has come to rest."""
        session = self.sessions.find(visit)
        session.values[self.stage_name] = self.current(session, settings).to_widgets()
        self.note_step(session)
        self.sessions.save(session)
        return {}

    def come_back(self, visit: str | None) -> Answer:
        """Show a visit that has come back as it was; one that has just begun changes nothing."""
        session = self.sessions.find(visit)
        stage = self.stage(session)
        if self.stage_name not in session.values or stage.photo is None:
            return {}
        answer = self.widgets(session)
        if stage.frames:
            answer |= self.message(session, stage.request)
        return {**answer, "turn": stage.renew(keep=True)}

    def _prepare(self, session: Session, token: CancelToken) -> Answer:
        """Show the photo at once, while its painting is on the way."""
        stage = self.stage(session)
        if stage.photo is not None and 0.0 not in stage.frames:
            preview = self.engine.fitted(stage.photo, PREVIEW_SIDE)
            keep_preview(stage, token, PreviewWork(None, ()), 0.0, preview, self.strengths)
            stage.size = (preview.width, preview.height)
        return {
            **self.message(session),
            **self.begun(session),
            "status": status(" ".join(filter(None, (session.note, say(self.working)))), "busy"),
            "facts": self.facts(session),
        }

    def message(self, session: Session, request: Any = None) -> Answer:
        """Tell the stage all that there is; `request` is the picture's own, by which regions find layers."""
        return {"stage": self._message(session, request)}

    def _message(self, session: Session, request: Any) -> StageMessage:
        stage = self.stage(session)
        with stage.lock:
            stage.request = request or stage.request
            edits = stage.edits
            return compose_message(
                stage.turns.number,
                stage.photo.digest[:16] if stage.photo else "",
                stage.frames,
                stage.truth,
                stage.size,
                self.alt(session),
                stage.busy,
                describe_regions(stage, edits, stage.request) if edits else None,
                stage.layers if edits else None,
                1.0 if stage.request is None else stage.request.color,
            )


def _fixed(value: Any) -> Any:
    """Make a widget's value one that does not change."""
    return tuple(value) if isinstance(value, list) else () if value is None else value
