"""What artists bring along to paint with: pictures and studied styles, which hang in their visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stylizer.engine import Engine, RequestError, StyleChoice, StyleRequest
from stylizer.engine.recipe import plain_name
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.resize import fit_within
from stylizer.models.style_file import SUFFIX, NamedStyle
from stylizer.ui import limits
from stylizer.ui.gallery import LARGE_SIDE, OWN_KEY
from stylizer.ui.language import say
from stylizer.ui.messages import written
from stylizer.ui.sessions import Sessions
from stylizer.ui.state import OwnStyle, Session
from stylizer.ui.studies import read_style_file
from stylizer.ui.visits import keep_source

MOST_OWN = 24
THUMBNAIL_SIDE = 192


class OwnStyles:
    """Take styles of artists' own for all visits; `example` is painted to show one that is no picture."""

    def __init__(self, engine: Engine, sessions: Sessions, example: Picture) -> None:
        self.engine, self.sessions, self.example = engine, sessions, example

    def read(self, session: Session, brought: Sequence[dict[str, Any]]) -> list[Picture | NamedStyle]:
        """Open pictures and style files; raises RequestError for too many, PictureError, StyleFileError."""
        _check_room(session, len(brought))
        styles: list[Picture | NamedStyle] = []
        for each in brought:
            name = str(each.get("orig_name") or "painting")
            if name.lower().endswith(SUFFIX):
                styles.append(read_style_file(self.engine, each["path"], name))
                continue
            with self.sessions.reading:  # one by one: others have their turn between two
                picture = fit_within(open_picture(each["path"], name), limits.OWN_SIDE)
            styles.append(picture)
            self.sessions.make_room(session, *(each for each in styles if isinstance(each, Picture)))
            keep_source(session, picture, each["path"])
        return styles

    def hang(self, session: Session, styles: Sequence[Picture | NamedStyle]) -> list[str]:
        """Hang styles in a visit, each with a small picture of it; returns their keys.

        Raises RequestError for too many.
        """
        _check_room(session, len(styles))
        return [self.add(session, style, _title(style), self._sample_of(style)) for style in styles]

    def add(self, session: Session, style: Picture | NamedStyle, title: str, sample: Picture) -> str:
        """Hang one style under a title, shown by a sample; returns its key."""
        file = session.new_file(".webp")
        save_picture(fit_within(sample, LARGE_SIDE), file, quality=80)  # shown large, too
        key = f"{OWN_KEY}{len(session.own) + 1}"
        session.own[key] = OwnStyle(style, written(title) or say("My painting"), file)
        return key

    def key_of(self, session: Session, style: Picture | NamedStyle) -> str | None:
        """Return the key under which a style hangs in a visit already, read in a picture or studied."""
        return next((key for key, own in session.own.items() if self._is(own.best, style)), None)

    def with_hung(self, session: Session, request: StyleRequest) -> StyleRequest:
        """Put the styles that hang in a visit in the place of those a recipe brought that are the same."""

        def hung(choices: tuple[StyleChoice, ...]) -> tuple[StyleChoice, ...]:
            keys = [self.key_of(session, choice.style) for choice in choices]
            return tuple(
                replace(choice, style=session.own[key].best) if key else choice
                for choice, key in zip(choices, keys, strict=True)
            )

        regions = tuple(
            each if each.styles is None else replace(each, styles=hung(each.styles))
            for each in request.region_styles
        )
        return replace(request, styles=hung(request.styles), region_styles=regions)

    def _is(self, hung: Picture | NamedStyle, style: Picture | NamedStyle) -> bool:
        if hung is style:
            return True
        if not isinstance(style, NamedStyle) or style.slug:
            return False
        if isinstance(hung, NamedStyle):
            return hung.code.shape == style.code.shape and bool((hung.code == style.code).all())
        # a name that fits first: it spares reading all that hangs there
        return written(plain_name(hung.name)) == written(style.title) and self.engine.reads(hung, style)

    def _sample_of(self, style: Picture | NamedStyle) -> Picture:
        """Return what shows a style in the gallery: a painting itself, or a small photo painted like it."""
        if isinstance(style, Picture):
            return style
        photo = fit_within(self.example, THUMBNAIL_SIDE)
        with self.sessions.reading:  # the device has one turn at a time, and this waits in no queue
            return self.engine.run(StyleRequest(photo, (StyleChoice(style),))).picture


def _check_room(session: Session, more: int) -> None:
    """Refuse more paintings of the artist's own than fit; raises RequestError."""
    if len(session.own) + more > MOST_OWN:
        numbers = {"count": len(session.own), "most": MOST_OWN}
        raise RequestError(say("You have {count} paintings of your own; at most {most} fit here", **numbers))


def _title(style: Picture | NamedStyle) -> str:
    return style.name if isinstance(style, Picture) else style.title
