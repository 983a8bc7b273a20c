"""The handlers of a stage that take photos, and the settings that saved pictures bring back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import gradio as gr

from stylizer.engine import Recipe, RequestError, read_recipe_text
from stylizer.engine.recipe import INVENTION, PAINTING, TRANSLATION
from stylizer.imaging.picture import Picture, open_picture, read_recipe
from stylizer.ui.handlers.full_size import chosen
from stylizer.ui.handlers.stage import Answer, StageHandlers
from stylizer.ui.language import say, tell, words
from stylizer.ui.messages import INVENT, STYLIZE, TRANSLATE, go_to, picked, sentence_of, status, written
from stylizer.ui.stage.message import read_edit
from stylizer.ui.state import Session
from stylizer.ui.visits import keep_source

REFUSED = words(
    "“{name}” is no picture that can be opened here; use a JPEG, PNG, WebP, HEIC, AVIF, BMP, TIFF or GIF."
)
MADE_IN = {PAINTING: STYLIZE, TRANSLATION: TRANSLATE, INVENTION: INVENT}
"""The tabs of recipes of photos."""


class PhotoHandlers(StageHandlers):
    """Handlers of a stage that photos can be brought to."""

    @abstractmethod
    def restore(self, session: Session, recipe: Any, notes: tuple[str, ...], sample: Picture) -> Answer:
        """Set the widgets as a recipe says; the photo stays, for the sample is painted already."""

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
        return self._show(session, photo, None, note)

    def use_sample(self, visit: str, moment: float, event: gr.SelectData) -> Answer:
        """Take a sample photo."""
        session = self.sessions.find(visit)
        with session.lock:
            if not session.newest_click(moment):
                return {}
            sample = picked(self.samples, event.index)
            return self._show(session, sample.open(), sample.name)

    def use_again(self, visit: str) -> Answer:
        """Bring back the settings of the chosen picture, if it was made in this tab, and go there."""
        session = self.sessions.find(visit)
        result = chosen(session)
        if result.tab != self.tab:
            return {}
        self.stage(session).follow(self.other(session), self.edits_type)
        recipe, notes = read_recipe_text(result.recipe)
        answer = self.restore(session, recipe, notes, open_picture(result.thumbnail))
        return {**answer, "tab": go_to(self.tab)}

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

    def begin(self, session: Session) -> None:
        """Let the painter begin while the browser asks for the turn, which finds what is there by then."""

    def _show(self, session: Session, photo: Picture, sample: str | None, *notes: str) -> Answer:
        turn = self.stage(session).bring(photo, sample)
        self.begin(session)
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


def uploads_of(value: Any) -> list[dict[str, Any]]:
    """List the uploads of an event that is not preprocessed: each has a path, checked to be an upload."""
    return [each for each in (value if isinstance(value, list) else [value]) if each]
