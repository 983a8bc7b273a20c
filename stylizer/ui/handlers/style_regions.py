"""The handlers of the regions of the Stylize tab: their paintings, and matching with parts of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from stylizer.engine import StyleRequest
from stylizer.engine.matching import usable_parts
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST
from stylizer.ui import options
from stylizer.ui.handlers.regions import FOLLOW, LIGHTER, LIGHTER_STRENGTH, RegionHandlers
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import OWN_PAINTING, StylizeHandlers
from stylizer.ui.language import say, words
from stylizer.ui.messages import capital, listed, region_words, title_line
from stylizer.ui.region_edits import RegionEdits
from stylizer.ui.stage.wall import chosen_panel
from stylizer.ui.state import Session

WHOLE_PAINTING = words("the whole painting")
MATCH = "Match by meaning"
PANEL = (
    "region_box",
    "region_title",
    "region_manner",
    "region_strength",
    "region_color",
    "region_stroke",
    "region_name",
    "region_part",
    "title",
    "wall",
)
"""The widgets that show the chosen regions."""


class StylizeRegionHandlers(RegionHandlers):
    """Handlers of the regions of the Stylize tab: their paintings, and matching with parts of one."""

    own = OWN_PAINTING

    def __init__(self, stage_handlers: StylizeHandlers) -> None:
        super().__init__(stage_handlers)
        self.stylize, self.gallery = stage_handlers, stage_handlers.gallery

    def invitation(self, what: str) -> str:
        return say("Choose a painting for {what}.", what=what)

    def _manner(self, edits: RegionEdits, names: tuple[str, ...]) -> str:
        manner = super()._manner(edits, names)
        lighter = manner == FOLLOW and edits.own_of(names[0]).strength == LIGHTER_STRENGTH
        return LIGHTER if lighter else manner

    def adjust(self, visit: str, color: float, stroke: float, settings: Any) -> Answer:
        """Give the chosen regions a color and a brush size of their own."""
        session, stage, edits, base = self._chosen(visit, settings)
        own = {"color": options.to_request("color", color), "stroke": options.to_request("stroke", stroke)}
        stage.change(edits.override(stage.selected, **own))
        return self._answer(session, base, say("Painting."))

    def match(self, visit: str, settings: Any) -> Iterator[Answer]:
        """Paint each region like the part of the painting that shows the same."""
        session, _, base = self._open(visit, settings)
        yield from self._find_first(session, base)
        yield self._match(session, base, {})

    def pair(self, visit: str, part: str, settings: Any) -> Answer:
        """Let the chosen regions take their style from another part of the painting."""
        session, stage, _, base = self._chosen(visit, settings)
        return self._match(session, base, dict.fromkeys(stage.selected, part))

    def panel(self, session: Session, base: StyleRequest) -> Answer:
        stage = self.handlers.stage(session)
        edits, names = stage.edits, stage.selected
        if edits is None or not names:
            card = self.gallery.find(session, session.chosen)
            line = {"title": chosen_panel(card)} if card else {}
            return {"region_box": gr.Column(visible=False), "wall": self.stylize.ring(session), **line}
        own = edits.resolved(names[0], base)
        title = capital(listed(region_words(names)))
        parts = stage.parts if names != (REST,) else {}
        worn = title_line(say("{title}: choose a painting for it.", title=title))
        if edits.words(names[0]) and names[0] not in edits.kept:
            worn = self.stylize.worn(session, names, own.styles[0].style, edits.words(names[0]))
        return {
            "region_box": gr.Column(visible=True),
            "region_title": title_line(title),
            "region_manner": self._manner(edits, names),
            "region_strength": options.to_page("strength", own.strength if own.styles else 0.0),
            "region_color": options.to_page("color", own.color),
            "region_stroke": options.to_page("stroke", own.stroke),
            "region_name": names[0],
            "region_part": gr.Dropdown(
                choices=[
                    (say(part), part)
                    for part in (
                        WHOLE_PAINTING,
                        *sorted((set(parts.values()) | stage.part_names) - {WHOLE_PAINTING}),
                    )
                ],
                value=parts.get(names[0], WHOLE_PAINTING),
                visible=bool(stage.part_names),
            ),
            "title": worn,
            "wall": self.stylize.ring(session),
        }

    def _match(self, session: Session, base: StyleRequest, pairs: dict[str, str]) -> Answer:
        """Give the regions the styles of the parts of the painting that they are paired with."""
        stage, engine = self.handlers.stage(session), self.engine
        assert stage.edits is not None
        base = self.stylize.with_paintings(session, base)  # what was learned of them has no parts
        edits, request = stage.edits, replace(base, regions=stage.edits.regions)
        pairing: dict[str, str | None] = dict(engine.pairing(request))
        pictures = [choice.style for choice in base.styles if isinstance(choice.style, Picture)]
        stage.part_names = {part for picture in pictures for part in usable_parts(engine.segment(picture))}
        pairing |= {name: part for name, part in stage.parts.items() if part in stage.part_names}
        for name, part in pairs.items():
            pairing[name] = None if part == WHOLE_PAINTING else part
        matched = engine.match(request, pairing)
        stage.parts = {name: part or WHOLE_PAINTING for name, part in pairing.items()}
        for own in matched.region_styles:
            edits = edits.override([own.name], styles=own.styles)
        stage.change(edits)
        said = [
            say("{name} from {part}", name=say(name), part=say(part))
            for name, part in stage.parts.items()
            if part != WHOLE_PAINTING
        ]
        sentence = say("No part of the painting is in the photo, too.")
        if said:
            sentence = say("Matched {names}.", names=listed(said))
        return self._answer(session, base, " ".join((sentence, say("Choose a region to pair it anew."))))
