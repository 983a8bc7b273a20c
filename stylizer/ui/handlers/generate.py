"""The handlers of the Invent tab: a sheet of pictures to choose from, and what becomes of one."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from stylizer.engine import Cancelled, CancelToken, GenerateRequest, RequestError, read_recipe_text
from stylizer.engine.requests import LARGEST_SEED
from stylizer.imaging.files import file_stem
from stylizer.imaging.picture import Picture, PictureError, read_recipe, save_picture
from stylizer.ui.handlers.full_size import chosen, history_gallery, remember
from stylizer.ui.handlers.photos import uploads_of
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.language import say, tell, words
from stylizer.ui.messages import INVENT, STYLIZE, go_to, picked, status
from stylizer.ui.options import GenerateSettings
from stylizer.ui.state import GeneratedPicture, Session
from stylizer.ui.visits import keep_source

STEPS = 7
"""Pictures of the walk from one seed to the other, both included."""
FIRST, SECOND = 7, 42
SIDE = 384
"""Side of a generated picture, pixels; networks learn on smaller ones and draw any size."""
SHEET = 8
"""Pictures to choose from."""
MOST_SHEETS = 4 * STEPS + 2 * SHEET
NEAR, FAR = 0.15, 0.4
"""Shares of another picture in a variation, at the fewest and at the most."""
TOLD = words("Keep it, vary it, or use it as a painting. The steps lead to the other picture.")
DEEDS = ("use", "paint", "keep", "vary")
"""The buttons that need a picture."""
WIDGETS = ("model", "seed", "second", "coarse", "middle", "fine", "truncation")
"""The widgets that a picture's recipe sets."""


class GenerateHandlers:
    """Every one takes the visit and, last, the settings of a request."""

    settings_type = GenerateSettings

    def __init__(self, stylize: StylizeHandlers) -> None:
        self.stylize = stylize
        self.engine, self.sessions = stylize.engine, stylize.sessions

    def models(self) -> list[tuple[str, str]]:
        """List the generators: words and names."""
        return [(card.title, card.name) for card in self.engine.models("generator")]

    def enter(self, visit: str) -> Answer:
        """Come to the tab; the first time there is a picture to make."""
        return {} if self.sessions.find(visit).generated else self.renew(visit)

    def renew(self, visit: str) -> Answer:
        """Begin anew after a setting has changed: what is still being made is not wanted any more."""
        turn = self.sessions.find(visit).generating.renew()
        return {"turn": turn, "status": status(say("Inventing."), "busy")}

    def roll(self, seed: str) -> Callable[[str], Answer]:
        """Return the handler of the dice of a seed: a number that nobody chose."""

        def rolled(visit: str) -> Answer:
            return {seed: secrets.randbelow(LARGEST_SEED + 1), **self.renew(visit)}

        return rolled

    def paint(self, visit: str, settings: GenerateSettings) -> Iterator[Answer]:
        """Make the picture of the newest turn, and those on the way to the second seed."""
        session = self.sessions.find(visit)
        token = session.generating.begin()
        if token is None:
            return
        try:
            session.inventing = request = read_request(settings)
            result = self.engine.run(request, token)
            said = self._after_note(session, say("Inventing the steps."))
            shown = self._show(session, result.picture, result.recipe.to_json(), said)
            yield shown | {"sheet": gr.Gallery(selected_index=_ringed(session))}
            second = settings.second
            session.walk = [] if second is None else list(self._steps(request, second, token))
            hung = [
                (str(self._file(session, step)), say("Step {place} of {count}", place=place, count=STEPS))
                for place, step in enumerate(session.walk, 1)
            ]
            walk = gr.Gallery(value=hung, visible=bool(hung), selected_index=None)
            yield {"walk": walk, "status": status(self._after_note(session, say(TOLD)))}
            session.invent_note = ""
        except Cancelled:
            return

    @staticmethod
    def _after_note(session: Session, words: str) -> str:
        return " ".join(filter(None, (session.invent_note, words)))

    def _steps(self, request: GenerateRequest, second: Any, token: CancelToken) -> Iterator[Picture]:
        """Walk from the first seed alone to the second alone."""
        pure = replace(request, second=None, mix=(0.0, 0.0, 0.0))
        for step in self.engine.walk(pure, whole(words("the second seed"), second), STEPS, token):
            token.check()
            yield step

    # -- a sheet to choose from -------------------------------------------------------------------------

    def fill(self, visit: str, settings: GenerateSettings) -> Iterator[Answer]:
        """Show the first sheet, the first time that the tab is opened."""
        if not self.sessions.find(visit).sheet:
            yield from self._lay_out(visit, [read_request(settings), *_others(settings, SHEET - 1)])

    def eight(self, visit: str, settings: GenerateSettings) -> Iterator[Answer]:
        """Show eight others, of seeds that nobody chose."""
        yield {"status": status(say("Inventing eight others."), "busy")}
        told = say("Eight others. Choose one to see it large.")
        yield from self._lay_out(visit, _others(settings, SHEET), told)

    def vary(self, visit: str, settings: GenerateSettings) -> Iterator[Answer]:
        """Show eight pictures that are near the present one: a little of another one is mixed into each."""
        base = read_request(settings)
        near = [
            replace(base, second=secrets.randbelow(LARGEST_SEED + 1), mix=(_some(), _some(), _some()))
            for _ in range(SHEET)
        ]
        yield {"status": status(say("Inventing eight that are like it."), "busy")}
        told = say("Eight that are like it. Choose one to see it large.")
        yield from self._lay_out(visit, near, told)

    def _lay_out(self, visit: str, requests: list[GenerateRequest], told: str = "") -> Iterator[Answer]:
        """Make the pictures of a sheet, show them as they come, and say so when all are there."""
        session = self.sessions.find(visit)
        session.sheeting.renew()
        token = session.sheeting.begin() or CancelToken()
        shown: list[tuple[str, str]] = []
        session.sheet = []
        try:
            for place, request in enumerate(requests, 1):
                made = self.engine.run(request, token)
                file = self._file(session, made.picture, made.recipe.to_json())
                session.sheet = [*session.sheet, request]
                shown.append((str(file), say("Picture {place} of {count}", place=place, count=len(requests))))
                yield {"sheet": gr.Gallery(value=list(shown), selected_index=_ringed(session))}
        except Cancelled:
            return
        if told:
            yield {"status": status(told)}

    def choose(self, visit: str, moment: float, event: gr.SelectData) -> Answer:
        """Show a picture of the sheet large."""
        session = self.sessions.find(visit)
        if not session.newest_click(moment):
            return {}
        session.inventing = picked(session.sheet, event.index)
        return {**widgets_of(session.inventing), **self.renew(visit)}

    def take_other(self, visit: str, settings: GenerateSettings) -> Answer:
        """Let the picture that is shown be the other one; steps lead to it from what is chosen next."""
        self._present(self.sessions.find(visit))
        request = read_request(settings)
        if any(request.mix):
            raise RequestError(say("a mix of two has no number of its own; choose one of eight others"))
        said = say("This is the other picture now. Choose one to walk from.")
        return {"second": request.seed, "status": status(said)}

    # -- what becomes of a picture ----------------------------------------------------------------------

    def keep(self, visit: str) -> Answer:
        """Take the picture into the visit's history."""
        session = self.sessions.find(visit)
        made = self._present(session)
        place = 1 + sum(kept.tab == INVENT for kept in session.results)
        name = say("Invented picture {number}", number=place)
        remember(session, made.picture, made.recipe or "", name, name, INVENT)
        self.sessions.save(session)
        return {
            "history": history_gallery(session),
            "status": status(say("Kept in History as {name}.", name=name)),
        }

    def use_again(self, visit: str) -> Answer:
        """Bring back the settings of the chosen picture, if it was invented, and go there."""
        session = self.sessions.find(visit)
        kept = chosen(session)
        if kept.tab != INVENT:
            return {}
        if not kept.recipe:
            raise RequestError(say("a step between two pictures cannot be made again; take its file instead"))
        return {**self._restore(session, kept.recipe), "tab": go_to(INVENT)}

    def open_saved(self, visit: str, upload: Any) -> Answer:
        """Bring back the settings of a picture that was invented here and saved."""
        session = self.sessions.find(visit)
        for brought in uploads_of(upload)[:1]:
            text = read_recipe(brought["path"])
            if text is None:
                raise PictureError(say("the picture holds no recipe; open a PNG that was saved in this tab"))
            return self._restore(session, text)
        return {}

    def _restore(self, session: Session, text: str) -> Answer:
        recipe, notes = read_recipe_text(text)
        request, more = self.engine.restore(recipe) if not recipe.needs_photo else (None, ())
        if not isinstance(request, GenerateRequest):
            raise RequestError(say("the picture was not invented; open it in the tab where it was made"))
        # until the picture and the steps are there, and beyond
        session.invent_note = " ".join([say("Settings are back."), *map(tell, (*notes, *more))])
        turn = session.generating.renew()
        return {**widgets_of(request), "turn": turn, "status": status(session.invent_note, "busy")}

    @staticmethod
    def _present(session: Session) -> GeneratedPicture:
        if session.generated is None:
            raise RequestError(say("no picture is invented yet; choose one"))
        return session.generated

    def take_step(self, visit: str, event: gr.SelectData) -> Answer:
        """Show a picture of the walk large."""
        session = self.sessions.find(visit)
        step = picked(session.walk, event.index)
        step_words = {"place": event.index + 1, "count": STEPS}
        said = say("Step {place} of {count}. Keep it, or use it as a painting.", **step_words)
        return self._show(session, step, None, said)

    def use(self, visit: str) -> Answer:
        """Take the picture as a style of the artist's own, and go to the Stylize tab."""
        session = self.sessions.find(visit)
        made = self._present(session)
        picture = made.picture
        keep_source(session, picture, self._file(session, picture, made.recipe))
        picture = replace(picture, name=say("Invented picture {number}", number=len(session.own) + 1))
        taken = self.stylize.take_styles(session, [picture])
        return {**taken, "tab": go_to(STYLIZE)}

    def paint_over(self, visit: str) -> Answer:
        """Take the picture as the photo of the Stylize tab, to be painted in any style, and go there."""
        session = self.sessions.find(visit)
        made = self._present(session)
        picture = replace(made.picture, name=say("Invented picture"))
        self.sessions.make_room(session, picture)
        keep_source(session, picture, self._file(session, picture, made.recipe))
        turn = self.stylize.stage(session).bring(picture, None)
        return {"turn": turn, "region_box": gr.Column(visible=False), "tab": go_to(STYLIZE)}

    def _show(self, session: Session, picture: Picture, recipe: str | None, said: str) -> Answer:
        session.generated = GeneratedPicture(picture, recipe)
        file = str(self._file(session, picture, recipe))
        return {
            "picture": file,
            "download": gr.DownloadButton(value=file, visible=True),
            **{name: gr.Button(visible=True) for name in DEEDS},
            "status": status(said),
        }

    @staticmethod
    def _file(session: Session, picture: Picture, recipe: str | None = None) -> Path:
        """Write a picture for the page; only the last few stay."""
        folder = session.new_folder()
        session.sheets.append(folder)
        while len(session.sheets) > MOST_SHEETS:
            shutil.rmtree(session.sheets.pop(0), ignore_errors=True)
        file = folder / f"{file_stem(picture.name, 60)}.png"
        save_picture(picture, file, recipe)
        return file


def read_request(settings: GenerateSettings) -> GenerateRequest:
    """Make the request of the widgets' values; raises RequestError."""
    mix = (settings.coarse / 100, settings.middle / 100, settings.fine / 100)
    return GenerateRequest(
        settings.model,
        whole(words("the seed"), settings.seed),
        whole(words("the second seed"), settings.second) if any(mix) else None,
        mix,
        round(settings.truncation / 100, 4),
        (SIDE, SIDE),
    )


def widgets_of(request: GenerateRequest) -> Answer:
    """Return the widgets' values of a request."""
    shares = dict(
        zip(("coarse", "middle", "fine"), (round(100 * share) for share in request.mix), strict=True)
    )
    second = {} if request.second is None else {"second": request.second}
    truncation = round(100 * request.truncation)
    return {"model": request.model, "seed": request.seed, **second, **shares, "truncation": truncation}


def _ringed(session: Session) -> int | None:
    """Return the place in the sheet of the picture that is shown large, if it is among those."""
    return session.sheet.index(session.inventing) if session.inventing in session.sheet else None


def _others(settings: GenerateSettings, count: int) -> list[GenerateRequest]:
    """Ask for pictures of seeds that nobody chose, without a second one."""
    alone = replace(settings, seed=0, coarse=0, middle=0, fine=0)
    return [replace(read_request(alone), seed=secrets.randbelow(LARGEST_SEED + 1)) for _ in range(count)]


def _some() -> float:
    """Draw the share of another picture in a variation, in whole percents as the sliders have them."""
    return (round(100 * NEAR) + secrets.randbelow(round(100 * (FAR - NEAR)) + 1)) / 100


def whole(name: str, value: Any) -> int:
    """Return a seed; raises RequestError when there is none."""
    if value is None or not float(value).is_integer() or not 0 <= value <= LARGEST_SEED:
        raise RequestError(
            say(
                "{name} is {value}; choose a whole number from {least} to {most}",
                name=say(name),
                value=value,
                least=0,
                most=LARGEST_SEED,
            )
        )
    return int(value)
