"""The handlers of the Invent tab: seeds to pictures, and a picture to the gallery of styles."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from stylizer.engine import Cancelled, CancelToken, GenerateRequest, RequestError
from stylizer.engine.requests import LARGEST_SEED
from stylizer.imaging.picture import Picture, save_picture
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.messages import STYLIZE, picked, status
from stylizer.ui.options import GenerateSettings
from stylizer.ui.state import GeneratedPicture, Session
from stylizer.ui.visits import keep_source

STEPS = 7
"""Pictures of the walk from one seed to the other, both included."""
FIRST, SECOND = 7, 42
SIDE = 384
"""Side of a generated picture, pixels; networks learn on smaller ones and draw any size."""
MOST_SHEETS = 4 * STEPS
TOLD = "Roll the dice, mix two pictures, or click a step between them."


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
        return {"turn": self.sessions.find(visit).generating.renew()}

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
            request = read_request(settings)
            result = self.engine.run(request, token)
            yield self._show(session, result.picture, result.recipe.to_json(), "Inventing the steps.")
            second = settings.second
            session.walk = [] if second is None else list(self._steps(request, second, token))
            hung = [
                (str(self._file(session, step)), f"Step {place} of {STEPS}")
                for place, step in enumerate(session.walk, 1)
            ]
            walk = gr.Gallery(value=hung, visible=bool(hung), selected_index=None)
            yield {"walk": walk, "status": status(TOLD)}
        except Cancelled:
            return

    def _steps(self, request: GenerateRequest, second: Any, token: CancelToken) -> Iterator[Picture]:
        """Walk from the first seed alone to the second alone."""
        pure = replace(request, second=None, mix=(0.0, 0.0, 0.0))
        for step in self.engine.walk(pure, whole("the second seed", second), STEPS, token):
            token.check()
            yield step

    def take_step(self, visit: str, event: gr.SelectData) -> Answer:
        """Show a picture of the walk large."""
        session = self.sessions.find(visit)
        step = picked(session.walk, event.index)
        said = f"Step {event.index + 1} of {STEPS}. Use it as a style, or download it."
        return self._show(session, step, None, said)

    def use(self, visit: str) -> Answer:
        """Take the picture as a style of the artist's own, and go to the Stylize tab."""
        session = self.sessions.find(visit)
        if session.generated is None:
            raise RequestError("no picture is invented yet; choose a seed")
        picture = session.generated.picture
        keep_source(session, picture, self._file(session, picture, session.generated.recipe))
        picture = replace(picture, name=f"Invented picture {len(session.own) + 1}")
        taken = self.stylize.take_styles(session, [picture])
        return {**taken, "tabs": gr.Tabs(selected=STYLIZE)}

    def _show(self, session: Session, picture: Picture, recipe: str | None, said: str) -> Answer:
        session.generated = GeneratedPicture(picture, recipe)
        file = str(self._file(session, picture, recipe))
        return {
            "picture": file,
            "download": gr.DownloadButton(value=file, visible=True),
            "use": gr.Button(visible=True),
            "status": status(said),
        }

    @staticmethod
    def _file(session: Session, picture: Picture, recipe: str | None = None) -> Path:
        """Write a picture for the page; only the last few stay."""
        folder = session.new_file("")
        folder.mkdir()
        session.sheets.append(folder)
        while len(session.sheets) > MOST_SHEETS:
            shutil.rmtree(session.sheets.pop(0), ignore_errors=True)
        file = folder / f"{picture.name[:60].replace('/', ' ')}.png"
        save_picture(picture, file, recipe)
        return file


def read_request(settings: GenerateSettings) -> GenerateRequest:
    """Make the request of the widgets' values; raises RequestError."""
    mix = (settings.coarse / 100, settings.middle / 100, settings.fine / 100)
    return GenerateRequest(
        settings.model,
        whole("the seed", settings.seed),
        whole("the second seed", settings.second) if any(mix) else None,
        mix,
        round(settings.truncation / 100, 4),
        (SIDE, SIDE),
    )


def whole(name: str, value: Any) -> int:
    """Return a seed; raises RequestError when there is none."""
    if value is None or not float(value).is_integer() or not 0 <= value <= LARGEST_SEED:
        raise RequestError(f"{name} is {value}; choose a whole number from 0 to {LARGEST_SEED}")
    return int(value)
