"""Several photos at once, painted with one recipe, in one zip; a photo that is odd is named and left out."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from stylizer.engine import Cancelled, CancelToken, RequestError
from stylizer.errors import PictureError, StudioError
from stylizer.imaging.encode import recipe_fits
from stylizer.imaging.files import file_stem
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.ui import limits
from stylizer.ui.handlers.full_size import FORMATS, JPEG_QUALITY, SIZES, FullSize, News
from stylizer.ui.handlers.photos import uploads_of
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.language import say
from stylizer.ui.messages import listed, sentence_of, status
from stylizer.ui.options import StyleSettings
from stylizer.ui.state import Session

SUFFIXES = {**dict.fromkeys(FORMATS, ".png"), "JPEG": ".jpg"}
"""Layers are for one picture at a time."""


class BatchHandlers:
    """One for all visitors; the recipe is what the stage of the Stylize tab shows, without its regions."""

    def __init__(self, stylize: StylizeHandlers) -> None:
        self.stylize, self.sessions = stylize, stylize.sessions

    def paint_batch(
        self, visit: str, uploads: Any, size: str, format: str, settings: StyleSettings
    ) -> Iterator[Answer]:
        """Paint all photos that were brought, telling how far it is; the page downloads the zip."""
        session, brought = self.sessions.find(visit), uploads_of(uploads)
        if not brought:
            return
        yield {"download": None}
        if len(brought) > limits.BATCH_PHOTOS:
            raise RequestError(
                say(
                    "{count} photos are too many at once; bring at most {most}",
                    count=len(brought),
                    most=limits.BATCH_PHOTOS,
                )
            )
        live = self.stylize
        base = replace(live.read(session, settings), long_side=SIZES[size])
        style = listed(live.names(base))
        token = session.full = CancelToken()
        yield {**live.buttons(True), "status": status(say("Painting the photos."), "busy", 0.0)}
        folder = session.new_folder()
        made: list[str] = []
        left_out: list[str] = []
        pixels = 0
        sentence = ""
        zipped = folder / f"{file_stem(style)}.zip"
        try:
            with zipfile.ZipFile(zipped, "w", zipfile.ZIP_STORED) as pack:
                for place, each in enumerate(brought):
                    name = Path(str(each.get("orig_name") or "photo")).name
                    try:
                        photo = self._opened(session, each["path"], name)
                        pixels += _painted_pixels(photo.height, photo.width, base.long_side)
                        _check_pixels(pixels)
                        work = FullSize(partial(live.paint_full, replace(base, content=photo)), token)
                        for news in work.follow():
                            yield {"status": _told(place, len(brought), name, news)}
                    except StudioError as error:
                        # what was found, without what to do: several such sentences push the page down
                        found = re.split("[;；]", sentence_of(error))[0].rstrip(".。")
                        left_out.append(f"{name} ({found})")
                        continue
                    inside = _unused(f"{Path(name).stem} - {style}", SUFFIXES[format], made)
                    _pack(pack, folder / f"{place}{SUFFIXES[format]}", inside, work.result, format)
        except Cancelled:
            sentence = say("Stopped.") + " "
        finally:
            token.cancel()
        sentence += say("{made} of {count} photos are in the zip.", made=len(made), count=len(brought))
        if left_out:
            sentence += " " + say("Left out: {names}.", names=listed(left_out))
        answer: Answer = {**live.buttons(False), "status": status(sentence, "calm" if made else "error")}
        if made:
            answer["download"] = str(zipped)
        yield answer

    def _opened(self, session: Session, path: str, name: str) -> Picture:
        """Open one of the photos, one at a time, and make room for it; raises StudioError."""
        with self.sessions.reading:
            photo = open_picture(path, name)
        self.sessions.make_room(session, photo)
        return photo


def _check_pixels(pixels: int) -> None:
    """Raise PictureError when a photo would make the batch's results too large together."""
    if pixels > limits.BATCH_PIXELS:
        raise PictureError(
            say(
                "more than {most} megapixels at once; bring it in another batch, or choose a smaller size",
                most=limits.BATCH_PIXELS // 10**6,
            )
        )


def _pack(pack: zipfile.ZipFile, draft: Path, inside: str, result: Any, format: str) -> None:
    """Put a result into a zip, under a name inside, with its recipe where the format has room for it."""
    recipe = result.recipe.to_json()
    fits = format == "PNG" or recipe_fits(recipe, "jpg")
    save_picture(result.picture, draft, recipe if fits else None, JPEG_QUALITY)
    pack.write(draft, inside)
    draft.unlink()


def _told(place: int, count: int, name: str, news: News) -> str:
    sentence = say(
        "Photo {place} of {count}, {name}: {news}",
        place=place + 1,
        count=count,
        name=name,
        news=news.sentence,
    )
    return status(sentence, "busy", (place + news.done) / count)


def _painted_pixels(height: int, width: int, long_side: int | None) -> int:
    share = min(1.0, (long_side or max(height, width)) / max(height, width))
    return round(height * share) * round(width * share)


def _unused(stem: str, suffix: str, made: list[str]) -> str:
    """Find a name that no file in the zip has yet, and note it."""
    name, number = f"{file_stem(stem)}{suffix}", 1
    while name in made:
        number += 1
        name = f"{file_stem(stem)} {number}{suffix}"
    made.append(name)
    return name
