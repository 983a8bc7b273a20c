"""The handlers of visits: who opens the page begins one or comes back, who closes it leaves."""

from __future__ import annotations

import time

import gradio as gr

from stylizer.ui.handlers.full_size import history_gallery
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.language import ENGLISH, say, spoken
from stylizer.ui.messages import GREETING, go_to, status
from stylizer.ui.stage.wall import chosen_panel
from stylizer.ui.visits import BACK


class VisitHandlers:
    """One for all visitors; the page opens with the Stylize tab, which shows a finished example."""

    def __init__(self, stylize: StylizeHandlers) -> None:
        self.stylize = stylize

    def open_visit(self, known: str, request: gr.Request) -> Answer:
        """Come back to a visit that the browser knows, or begin one with the finished example."""
        stylize, tab = self.stylize, request.session_hash or ""
        forget_defaults(request)
        back = stylize.sessions.come_back(known, tab)
        session = back or stylize.sessions.open(tab)
        stage = stylize.stage(session)
        if stage.photo is None:
            sample = next((each for each in stylize.samples if each.name == stage.sample), None)
            stage.photo, stage.photo_at = sample.open() if sample else stylize.example_photo, time.monotonic()
        begun = {"visit": session.id, "key": session.id, "facts": stylize.facts(session)}
        if back is not None:
            session.clicked = 0.0  # this page's clock has begun anew
            session.note = say(BACK) if stylize.stage_name in session.values else ""
            there = {"tab": go_to(session.tab)} if session.tab else {}
            return {**begun, "history": history_gallery(session), **there}
        if spoken() != ENGLISH:  # what our own HTML says from the start stands there in English
            begun |= {"status": status(say(GREETING))} if stylize.gallery.shipped else {}
            begun["title"] = chosen_panel(stylize.gallery.find(session, stylize.example.style))
        stage.sample = stylize.example.photo.name
        stage.frames = dict(stylize.example.frames)
        stage.size = (stylize.example_photo.width, stylize.example_photo.height)
        found = stylize.gallery.find(session, stylize.example.style)
        shipped = stylize.gallery.shipped
        session.chosen = found.key if found else shipped[0].key if shipped else ""
        return begun

    def forget(self, visit: str | None) -> Answer:
        """Delete all that a visit has brought and made."""
        self.stylize.sessions.forget(visit)
        return {}

    def leave(self, request: gr.Request) -> None:
        """Stop the work for a closed tab."""
        self.stylize.sessions.leave(request.session_hash)


def forget_defaults(request: gr.Request) -> None:
    """Free what Gradio keeps of every widget for links to a page's state, 0.4 MB a page; none are made."""
    app = getattr(getattr(request, "request", None), "app", None)
    if app is not None and request.session_hash:
        state = app.get_blocks().state_holder.session_data.get(request.session_hash)
        if state is not None:
            state.config_values.clear()
