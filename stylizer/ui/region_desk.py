"""What the Stylize tab does with regions: their paintings, and how they are matched with parts of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from stylizer.engine import StyleRequest
from stylizer.engine.matching import usable_parts
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST
from stylizer.ui import options
from stylizer.ui.handlers.regions import FOLLOW, PHOTO, Desk
from stylizer.ui.handlers.stage import Answer
from stylizer.ui.handlers.stylize import OWN_MANNER, Studio
from stylizer.ui.messages import listed, title_line
from stylizer.ui.state import Session

MANNERS = (FOLLOW, OWN_MANNER, PHOTO)
WHOLE_PAINTING = "the whole painting"
MATCH = "Match by meaning"
PANEL = ("region_box", "region_title", "region_manner", "region_strength", "region_color", "region_stroke")
PANEL = (*PANEL, "region_name", "region_part", "title")
"""The widgets that show the chosen regions."""


class RegionDesk(Desk):
    """Handlers of the regions of the Stylize tab."""

    own = OWN_MANNER

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.studio = studio

    def invitation(self, what: str) -> str:
        return f"Choose a painting for {what}."

    def dress(self, visit: str, color: float, stroke: float, *values: Any) -> Answer:
        """Give the chosen regions a color and a brush size of their own."""
        session, base = self._chosen(visit, values)
        own = {"color": options.to_request("color", color), "stroke": options.to_request("stroke", stroke)}
        session.change(session.plan.dressed(session.selected, lambda worn: replace(worn, **own)))
        return self._answer(session, base, "Painting.")

    def preset(self, label: str) -> Callable[..., Iterator[Answer]]:
        """Return the handler of one of PRESETS, or of matching by meaning."""
        return self.match if label == MATCH else super().preset(label)

    def match(self, visit: str, *values: Any) -> Iterator[Answer]:
        """Paint each region like the part of the painting that shows the same."""
        session, base = self._open(visit, values)
        yield from self._cut_up(session, base)
        yield self._match(session, base, {})

    def pair(self, visit: str, part: str, *values: Any) -> Answer:
        """Let the chosen regions take their style from another part of the painting."""
        session, base = self._chosen(visit, values)
        return self._match(session, base, dict.fromkeys(session.selected, part))

    def panel(self, session: Session, base: StyleRequest) -> Answer:
        plan, names = session.plan, session.selected
        if plan is None or not names:
            card = self.studio.wall.find(session, session.chosen)
            line = {"title": title_line(card.caption)} if card else {}
            return {"region_box": gr.Column(visible=False), **line}
        look, manner = plan.dress(names[0]).look(names[0], base), self._manner(plan, names)
        title = " and ".join(names)
        title = title[:1].upper() + title[1:]
        parts = session.parts if names != (REST,) else {}
        return {
            "region_box": gr.Column(visible=True),
            "region_title": title_line(title),
            "region_manner": manner,
            "region_strength": options.to_page("strength", look.strength if look.styles else 0.0),
            "region_color": options.to_page("color", look.color),
            "region_stroke": options.to_page("stroke", look.stroke),
            "region_name": names[0],
            "region_part": gr.Dropdown(
                choices=[WHOLE_PAINTING, *sorted(set(parts.values()) | session.part_names)],
                value=parts.get(names[0], WHOLE_PAINTING),
                visible=bool(session.part_names),
            ),
            "title": title_line(f"{title}: choose a painting for it."),
        }

    def _match(self, session: Session, base: StyleRequest, pairs: dict[str, str]) -> Answer:
        """Dress the regions in the parts of the painting that they are paired with."""
        engine, plan = self.studio.engine, session.plan
        request = replace(base, regions=plan.regions)
        pairing = engine.pairing(request)
        pictures = [choice.style for choice in base.styles if isinstance(choice.style, Picture)]
        session.part_names = {part for picture in pictures for part in usable_parts(engine.segment(picture))}
        pairing |= {name: part for name, part in session.parts.items() if part in session.part_names}
        for name, part in pairs.items():
            pairing[name] = None if part == WHOLE_PAINTING else part
        matched = engine.match(request, pairing)
        session.parts = {name: part or WHOLE_PAINTING for name, part in pairing.items()}
        for look in matched.region_styles:
            plan = plan.dressed([look.name], lambda worn, look=look: replace(worn, styles=look.styles))
        session.change(plan)
        said = [f"{name} from {part}" for name, part in session.parts.items() if part != WHOLE_PAINTING]
        sentence = f"Matched {listed(said)}." if said else "No part of the painting is in the photo, too."
        return self._answer(session, base, f"{sentence} Choose a region to pair it anew.")
