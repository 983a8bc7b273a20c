"""The handler of the wall on the visitor's own photo."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.messages import sentence_of, status
from stylizer.ui.photo_wall import PhotoWall, PhotoWalls
from stylizer.ui.stage.wall import PhotoWallMessage, picture_address, read_sight
from stylizer.ui.state import Session


class PhotoWallHandlers:
    """One for all visitors, over the handlers of the Stylize tab."""

    def __init__(self, stylize: StylizeHandlers, walls: PhotoWalls) -> None:
        self.stylize, self.sessions, self.walls = stylize, stylize.sessions, walls

    def look(self, visit: str | None, event: gr.EventData) -> Answer:
        """Tell which styles are painted on the visitor's photo, and have the others painted.

        The page asks again for as long as it shows the wall and some are missing.
        """
        if visit is None:  # the page comes before its visit
            return {"photo_wall": _message("", [], len(self.walls.styles))}
        session = self.sessions.find(visit)
        photo = self.stylize.stage(session).photo
        if photo is None:
            return {"photo_wall": _message("", [], 0)}
        wall = self._wall_of(session, photo.digest)
        self.walls.look(wall, photo, read_sight(event._data))
        painted = list(wall.painted)
        left = 0 if self.walls.done(wall) else len(self.walls.styles) - len(painted)
        answer: dict[str, Any] = {"photo_wall": _message(picture_address(wall.folder), painted, left)}
        if wall.problem is not None:
            answer["status"] = status(sentence_of(wall.problem), "error")
        return answer

    def _wall_of(self, session: Session, photo: str) -> PhotoWall:
        """Return the wall of the photo that is there now; that of another one goes, with its files."""
        with session.lock:
            if session.photo_wall is None or session.photo_wall.photo != photo:
                if session.photo_wall is not None:
                    session.photo_wall.drop()
                session.photo_wall = PhotoWall(photo, session.new_folder(), session.door)
            return session.photo_wall


def _message(place: str, painted: list[str], left: int) -> PhotoWallMessage:
    return PhotoWallMessage(place=place, painted=painted, left=left, moment=time.time())
