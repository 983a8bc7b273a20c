"""The handlers of a stage: photo, previews, and what is decided; `saving.py` adds the full size."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import gradio as gr

from stylizer.engine import Cancelled, CancelToken, Engine, Recipe, RequestError, read_recipe_text
from stylizer.engine.forecast import Forecast
from stylizer.engine.recipe import INVENTION, PAINTING, TRANSLATION
from stylizer.errors import StudioError
from stylizer.imaging.picture import Picture, open_picture, read_recipe
from stylizer.imaging.resize import fit_within
from stylizer.ui.handlers.full_size import (
    SIZES,
    chosen,
    facts_line,
)
from stylizer.ui.language import say, tell, words
from stylizer.ui.messages import (
    INVENT,
    STYLIZE,
    TRANSLATE,
    Status,
    picked,
    sentence_of,
    status,
    written,
)
from stylizer.ui.options import Settings
from stylizer.ui.previews import TRUE, PreviewWork, keep_preview, missing_previews
from stylizer.ui.region_edits import RegionEdits
from stylizer.ui.samples import PREVIEW_SIDE, SamplePhoto
from stylizer.ui.sessions import Sessions
from stylizer.ui.stage.component import describe_regions
from stylizer.ui.stage.message import StageMessage, compose_message, read_edit
from stylizer.ui.stage_state import StageState
from stylizer.ui.state import Session
from stylizer.ui.visits import keep_source

Answer = dict[str, Any]

BLENDED = {"strength": 0.0, "color": 0.0}
"""The settings that the stage blends itself; the others need the painter."""
REFUSED = words(
    "“{name}” is no picture that can be opened here; use a JPEG, PNG, WebP, HEIC, AVIF, BMP, TIFF or GIF."
)
NOTHING = {True: words("There is nothing to redo."), False: words("There is nothing to undo.")}
STEPPED = {True: words("The step is done again."), False: words("The last step is undone.")}
MADE_IN = {PAINTING: STYLIZE, TRANSLATION: TRANSLATE, INVENTION: INVENT}
"""The tabs of recipes of photos."""


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
    def restore(self, session: Session, recipe: Any, notes: tuple[str, ...], sample: Picture) -> Answer:
        """Set the widgets as a recipe says; the photo stays, for the sample is painted already."""

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

    # -- photo and regions ------------------------------------------------------------------------------

    def open_photo(self, visit: str, upload: Any) -> Answer:
        """Take a new photo; a picture saved in this tab brings its settings back instead."""
        session = self.sessions.find(visit)
        for brought in uploads_of(upload)[:1]:
            with self.sessions.reading:
                return self._open_file(session, brought)
        return {}

    def _open_file(self, session: Session, brought: dict[str, Any]) -> Answer:
        text, note = read_recipe(brought["path"]), ""
        if text is not None:
            recipe, notes = read_recipe_text(text)
            made_in = MADE_IN.get(recipe.kind, "")
            if made_in == self.tab:
                return self.restore(session, recipe, notes, open_picture(brought["path"]))
            if made_in:
                note = say("Open it in the {tab} tab to get its settings back.", tab=say(made_in))
        photo = open_picture(brought["path"], brought.get("orig_name"))
        self.sessions.make_room(session, photo)
        keep_source(session, photo, brought["path"])
        return self._show(self.stage(session), photo, None, note)

    def use_sample(self, visit: str, moment: float, event: gr.SelectData) -> Answer:
        """Take a sample photo."""
        session = self.sessions.find(visit)
        with session.lock:
            if not session.newest_click(moment):
                return {}
            sample = picked(self.samples, event.index)
            return self._show(self.stage(session), sample.open(), sample.name)

    def use_again(self, visit: str) -> Answer:
        """Bring back the settings of the chosen picture, if it was made in this tab, and go there."""
        session = self.sessions.find(visit)
        result = chosen(session)
        if result.tab != self.tab:
            return {}
        self.stage(session).follow(self.other(session), self.edits_type)
        recipe, notes = read_recipe_text(result.recipe)
        answer = self.restore(session, recipe, notes, open_picture(result.thumbnail))
        return {**answer, "tabs": gr.Tabs(selected=self.tab)}

    def refuse(self, visit: str, event: gr.EventData) -> Answer:
        """Say why a file that was dropped is not taken; raises RequestError."""
        name = str(read_edit(event._data).get("name") or say("That file"))[:80]
        raise RequestError(say(REFUSED, name=name))

    def settings_are_back(self, session: Session, recipe: Recipe, notes: Iterable[str]) -> Answer:
        """Say that a recipe's settings are back, until the picture is painted and beyond."""
        stage, told = self.stage(session), [say("Settings are back.")]
        foreign = stage.photo is not None and recipe.photo_digest not in ("", stage.photo.digest)
        if foreign and stage.sample is not None:
            told.append(
                say("Now open the photo {name}.", name=written(recipe.photo))
                if recipe.photo
                else say("Now open its photo.")
            )
        else:
            told += [sentence_of(RequestError(note)) for note in notes]
        session.note = " ".join(told)
        return {"status": status(session.note)}

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

    def _show(self, stage: StageState, photo: Picture, sample: str | None, *notes: str) -> Answer:
        turn = stage.bring(photo, sample)
        told = filter(None, (say("Reading the photo."), *notes, *map(tell, photo.notes)))
        said = status(" ".join(told), "busy")
        return {"turn": turn, "region_box": gr.Column(visible=False), "status": said}

    def enter(self, visit: str | None) -> Answer:
        """Come to the tab: what was brought or changed on the other stage since is taken over."""
        if visit is None:  # the page comes to its first tab before its visit begins
            return {}
        session = self.sessions.find(visit)
        session.tab, stage = self.tab, self.stage(session)
        with stage.lock:
            photo = stage.photo
            if not stage.follow(self.other(session), self.edits_type):
                return {}
            turn = stage.renew(keep=stage.photo is photo)
            return {"turn": turn, "region_box": gr.Column(visible=bool(stage.selected))}

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
            preview = fit_within(stage.photo, PREVIEW_SIDE)
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


def uploads_of(value: Any) -> list[dict[str, Any]]:
    """List the uploads of an event that is not preprocessed: each has a path, checked to be an upload."""
    return [each for each in (value if isinstance(value, list) else [value]) if each]
