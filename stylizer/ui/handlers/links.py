"""The handlers of links: one is written of what the page shows, and one sets a page that it opens."""

from __future__ import annotations

from typing import Any

from stylizer.models.style_file import NamedStyle
from stylizer.ui.gallery import whole_shares
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.links import SETTINGS, read_link, write_link
from stylizer.ui.messages import listed, status
from stylizer.ui.options import MOST_FURTHER, StyleSettings, to_page

COPIED = "The link is copied. It holds style and settings, never a picture."


class LinkHandlers:
    """One for all visitors, over the handlers of the Stylize tab."""

    def __init__(self, stylize: StylizeHandlers) -> None:
        self.stylize, self.sessions = stylize, stylize.sessions

    def copy(self, visit: str, settings: StyleSettings) -> Answer:
        """Write the link of what the stage shows, and say what it cannot hold."""
        session = self.sessions.find(visit)
        request = self.stylize.read(session, settings)
        named = [
            (choice.style.slug, round(choice.weight))
            for choice in request.styles
            if isinstance(choice.style, NamedStyle) and choice.style.slug
        ]
        left_out = []
        if len(named) < len(request.styles):
            left_out.append("paintings of your own")
        if self.stylize.stage(session).edits is not None:
            left_out.append("regions")
        values = {name: to_page(name, getattr(request, name)) for name in SETTINGS}
        missing = f" {listed(left_out).capitalize()} are not in it." if left_out else ""
        return {"link": write_link(named, values), "status": status(COPIED + missing)}

    def follow(self, visit: str | None, link: str | None) -> Answer:
        """Set the page as a link says; what cannot be had here is said in one sentence."""
        said = read_link(link or "")
        if not (said.styles or said.settings or said.odd):
            return {}
        live, session = self.stylize, self.sessions.find(visit)
        found = [(slug, share) for slug, share in said.styles if live.gallery.find(session, slug)]
        missing = [f"“{slug}”" for slug, _ in said.styles if slug not in dict(found)]
        found = found[: MOST_FURTHER + 1]
        keys = [slug for slug, _ in found] or [session.chosen]
        shares = whole_shares(share for _, share in found) or (100,)
        told = "The link's settings are here."
        if missing:
            kind = "is no style" if len(missing) == 1 else "are no styles"
            told += f" {listed(missing)} {kind} of this studio."
        if said.odd:
            told += f" {listed(list(said.odd)).capitalize()} could not be read."
        session.note = told
        answer: dict[str, Any] = dict(said.settings)
        return {**live.choose_together(session, keys, shares), **answer, "status": status(told)}
