"""The handlers of links: one is written of what the page shows, and one sets a page that it opens."""

from __future__ import annotations

from typing import Any

from stylizer.engine import StyleRequest, TranslateRequest
from stylizer.models.style_file import NamedStyle
from stylizer.ui.gallery import whole_shares
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.handlers.translate import TranslateHandlers
from stylizer.ui.language import say, words
from stylizer.ui.links import SETTINGS, Link, read_link, write_link
from stylizer.ui.looks import looks
from stylizer.ui.messages import TRANSLATE, capital, go_to, listed, status
from stylizer.ui.options import MOST_FURTHER, StyleSettings, TranslateSettings, to_page

COPIED = words("The link is copied. It holds style and settings, never a picture.")


class LinkHandlers:
    """One for all visitors, over the handlers of the Stylize tab."""

    settings_type = StyleSettings

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
            left_out.append(say("paintings of your own"))
        if self.stylize.stage(session).edits is not None:
            left_out.append(say("regions"))
        values = {name: to_page(name, getattr(request, name)) for name in SETTINGS[StyleRequest]}
        return {"link": write_link(named, values), "status": status(copied(left_out))}

    def follow(self, visit: str | None, link: str | None) -> Answer:
        """Set the page as a link says; what cannot be had here is said in one sentence."""
        said = read_link(link or "")
        if said.model or not (said.styles or said.settings or said.odd):
            return {}
        live, session = self.stylize, self.sessions.find(visit)
        found = [(slug, share) for slug, share in said.styles if live.gallery.find(session, slug)]
        missing = [f"“{slug}”" for slug, _ in said.styles if slug not in dict(found)]
        found = found[: MOST_FURTHER + 1]
        keys = [slug for slug, _ in found] or [session.chosen]
        shares = whole_shares(share for _, share in found) or (100,)
        one, more = (
            words("{names} is no style of this studio."),
            words("{names} are no styles of this studio."),
        )
        session.note = followed(said, missing, one if len(missing) == 1 else more)
        answer: dict[str, Any] = dict(said.settings)
        chosen = live.choose_together(session, keys, shares)
        return {**chosen, **answer, "status": status(session.note)}


class TranslateLinkHandlers:
    """One for all visitors, over the handlers of the Translate tab."""

    settings_type = TranslateSettings

    def __init__(self, translate: TranslateHandlers) -> None:
        self.translate, self.sessions = translate, translate.sessions

    def copy(self, visit: str, settings: TranslateSettings) -> Answer:
        """Write the link of what the stage shows, and say what it cannot hold."""
        session = self.sessions.find(visit)
        request = self.translate.read(session, settings)
        values = {name: to_page(name, getattr(request, name)) for name in SETTINGS[TranslateRequest]}
        left_out = [say("regions")] if self.translate.stage(session).edits is not None else []
        offered = looks(self.translate.card(request.model))
        named = [(name, round(share)) for name, share in request.domains if len(offered) > 1]
        return {"link": write_link(named, values, request.model), "status": status(copied(left_out))}

    def follow(self, visit: str | None, link: str | None) -> Answer:
        """Set the tab as a link says, and go there; what cannot be had here is said in one sentence."""
        said = read_link(link or "")
        if not said.model:
            return {}
        live, session = self.translate, self.sessions.find(visit)
        offered = [name for _, name in live.models()]
        there = {"tab": go_to(TRANSLATE)}
        if said.model not in offered:
            sentence = words("{names} is no translation of this studio.")
            return {**there, "status": status(followed(said, [f"“{said.model}”"], sentence))}
        card, stage = live.card(said.model), live.stage(session)
        shares = {name: round(share) for name, share in said.styles if name in looks(card)}
        missing = [f"“{name}”" for name, _ in said.styles if name not in shares]
        chosen = [name for name in looks(card) if name in shares] or looks(card)[:1]
        sentence = words("{names} is no look of this translation.")
        if len(missing) > 1:
            sentence = words("{names} are no looks of this translation.")
        session.note = followed(said, missing, sentence)
        stage.follow(live.other(session), live.edits_type)
        answer = {
            "model": said.model,
            **live.show_looks(session, card, chosen, shares),
            **dict(said.settings),
        }
        return {**answer, **there, "turn": stage.renew(), "status": status(session.note)}


def copied(left_out: list[str]) -> str:
    """Say that a link was copied, and what it does not hold."""
    missing = say("{names} are not in it.", names=capital(listed(left_out))) if left_out else ""
    return f"{say(COPIED)} {missing}".strip()


def followed(link: Link, missing: list[str], sentence: str) -> str:
    """Say that a link was followed, and what of it could not be had."""
    told = [say("The link's settings are here.")]
    if missing:
        told.append(say(sentence, names=listed(missing)))
    if link.odd:
        told.append(say("{names} could not be read.", names=capital(listed(list(link.odd)))))
    return " ".join(told)
