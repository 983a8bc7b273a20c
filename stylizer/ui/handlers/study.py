"""The handlers of studying: an own painting gets better while the artist goes on, and is kept as a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from stylizer.engine import Cancelled, CancelToken, RequestError
from stylizer.imaging.picture import Picture
from stylizer.models.style_file import NamedStyle, save_style, slug_of
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import StylizeHandlers, study_buttons
from stylizer.ui.language import say, words
from stylizer.ui.messages import duration, sentence_of, status
from stylizer.ui.stage.wall import chosen_panel
from stylizer.ui.state import Session
from stylizer.ui.studies import StudyDesk, StudyNews

EVERY = 5.0
"""Seconds between two pictures of what was learned; each costs two or three decodes."""
PATIENCE = 60.0
"""Seconds in which the step of a study that is stopped has ended."""


class StudyHandlers:
    """One for all visitors; the painting that is chosen in the gallery is the one that is meant."""

    def __init__(self, stylize: StylizeHandlers, desk: StudyDesk, every: float = EVERY) -> None:
        self.stylize, self.sessions, self.desk, self.every = stylize, stylize.sessions, desk, every

    def study_chosen(self, visit: str) -> Iterator[Answer]:
        """Study the chosen painting; the picture gets better every few seconds, and what is there is kept."""
        session = self.sessions.find(visit)
        key, own = session.chosen, session.own.get(session.chosen)
        if own is None or not isinstance(own.style, Picture):
            raise RequestError(say("only a painting of your own can be studied; add one and choose it"))
        with session.lock:
            if session.studying:
                raise RequestError(say("a painting is being studied already; stop it first"))
            token = session.study = CancelToken()
            work = self.desk.begin(own.style, self._practice(session), token, known=own.studied)
            session.studying = session.study_told = key
            session.study_said = None
        news = None
        try:
            for news in work.follow(self.every):
                if news.style is None:
                    waiting = say("Waiting to study {name}.", name=own.title)
                    begun = say("Beginning to study {name}.", name=own.title)
                    yield self._told(session, waiting if news.ahead else begun, 0.0)
                    continue
                left = duration(news.seconds_left)
                sentence = say("Studying {name}, about {time} left.", name=own.title, time=left)
                taken = self._take(session, key, news.style, news.steps) if news.better else {}
                yield {**self._told(session, sentence, news.done), **taken}
            if news is not None and news.style is not None:
                self._take(session, key, news.style)
            sentence = say("{name} is studied. Keep it as a file to use it again.", name=own.title)
        except Cancelled:
            sentence = _stopped(own.title, news)
        except Exception as error:
            session.studying = ""
            session.study_said = status(sentence_of(error), "error")
            yield {"study_line": session.study_said, **study_buttons(session)}
            return
        finally:
            token.cancel()
            session.studying = ""
        self.sessions.save(session)
        told = self._told(session, sentence)
        session.study_said = told["study_line"]
        # all strengths of the final one
        yield {**told, **self._renewed(session, key), **self._about(session, key)}

    def stop(self, visit: str) -> Answer:
        """Stop studying: it ends with its step, and says what was learned, which stays."""
        token = self.sessions.find(visit).study
        if token.cancelled:
            return {}
        token.cancel()
        return {"study_line": status(say("Stopping."), "busy")}

    def stopped(self, visit: str) -> Answer:
        """Say what the study said at its end: that may have reached the page before "Stopping." did."""
        session = self.sessions.find(visit)
        end = time.monotonic() + PATIENCE
        while session.study_said is None and time.monotonic() < end:
            time.sleep(0.05)
        return {"study_line": session.study_said} if session.study_said else {}

    def keep(self, visit: str) -> Answer:
        """Hand out the chosen style of the artist's own as a file, which can be dropped in again."""
        session = self.sessions.find(visit)
        own = session.own.get(session.chosen)
        style = own and (own.studied or own.style)
        if own is None or not isinstance(style, NamedStyle):
            raise RequestError(say("this style was not studied; study it first"))
        named = replace(style, slug=slug_of(own.title), title=own.title, tags=("own",), refined=True)
        return {"study_file": str(save_style(session.new_folder(), named))}

    # -- how --------------------------------------------------------------------------------------------

    def _practice(self, session: Session) -> list[Picture]:
        """Return the visitor's photo and the samples: faces and landscapes are among them."""
        photo = self.stylize.stage(session).photo
        samples = [sample.open() for sample in self.stylize.samples]
        return [*([photo] if photo is not None else []), *samples]

    def _take(self, session: Session, key: str, style: NamedStyle, steps: int = 0) -> Answer:
        """Paint with what was learned by now, wherever the painting is used; after `steps`, if more come."""
        with session.lock:
            own = session.own[key]
            learned = replace(style, title=own.title, code=style.code.half().float())  # as files store it
            if own.studied is not None and learned.code.equal(own.studied.code):
                session.own[key] = replace(own, stopped_after=steps)
                return {}  # it is painted with already
            session.own[key] = replace(own, studied=learned, stopped_after=steps)
            stage = self.stylize.stage(session)
            stage.revise(lambda edits: edits.exchanged(own.studied or own.style, learned))
        return self._renewed(session, key)

    def _renewed(self, session: Session, key: str) -> Answer:
        """Begin a new turn if the painting is in use, and the artist has not asked for something newer."""
        if not self.stylize.uses(session, key):
            return {}
        return {"turn": self.stylize.stage(session).renew()}

    def _about(self, session: Session, key: str) -> Answer:
        """Show anew what is known of the painting, if it is the one that is shown large."""
        if session.chosen != key or self.stylize.stage(session).selected:
            return {}
        return {"title": chosen_panel(self.stylize.gallery.find(session, key))}

    def _told(self, session: Session, sentence: str, done: float | None = None) -> Answer:
        return {
            "study_line": status(sentence, "calm" if done is None else "busy", done),
            **study_buttons(session),
        }


def _stopped(title: str, news: StudyNews | None) -> str:
    """Say what a study that was stopped has brought."""
    if news is None or news.style is None:
        return say("Stopped before anything was learned of {name}.", name=title)
    told = words("Stopped after step {step}; nothing better was found for {name} by then.")
    if news.better:
        told = words("Stopped after step {step}; what was learned of {name} by then is better, and kept.")
    return say(told, step=news.steps, name=title)
