"""What the page does with regions: from what the artist says to plans, and from plans to widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import gradio as gr
import numpy as np

from stylizer.engine import RequestError, StyleRequest
from stylizer.engine.matching import usable_parts
from stylizer.imaging import regions as cutting
from stylizer.imaging.mask_files import read_mask
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST, Regions, check_name, whole
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.selection import brush_stroke, similar_area
from stylizer.ui import options
from stylizer.ui.handlers import OWN_MANNER, Answer, Studio, uploads_of
from stylizer.ui.region_plan import AS_THE_PHOTO, AS_THE_PICTURE, PRESETS, Dress, RegionPlan
from stylizer.ui.samples import PREVIEW_SIDE
from stylizer.ui.session import Session
from stylizer.ui.settings import Settings
from stylizer.ui.words import KNOWN, listed, sentence_of, status, title_line

FOLLOW, PHOTO = "As the picture", "Keep the photo"
MANNERS = (FOLLOW, OWN_MANNER, PHOTO)
WHOLE_PAINTING = "the whole painting"
MATCH = "Match by meaning"
PANEL = ("region_box", "region_title", "region_manner", "region_strength", "region_color", "region_stroke")
PANEL = (*PANEL, "region_name", "region_part", "title")
"""The widgets that show the chosen regions."""

EDITS: dict[str, Callable[[Regions, tuple[str, ...], int], Regions]] = {
    "Invert": lambda regions, names, _: cutting.invert(regions, names[0]),
    "Grow": lambda regions, names, pixels: cutting.grow(regions, names[0], pixels),
    "Shrink": lambda regions, names, pixels: cutting.shrink(regions, names[0], pixels),
    "Feather": lambda regions, names, pixels: cutting.feather(regions, names[0], pixels),
    "Merge": lambda regions, names, _: _merged(regions, names),
    "Delete": lambda regions, names, _: _deleted(regions, names),
}
"""What a button does to the chosen regions, given pixels."""


class RegionDesk:
    """Handlers of the regions; every handler takes the visit and, last, the widgets' values of `Settings`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    # -- making regions ---------------------------------------------------------------------------------

    def find(self, visit: str, *values: Any) -> Iterator[Answer]:
        """Find the parts of the photo that have a name."""
        session, base = self._open(visit, values)
        yield {"status": status("Looking for regions.", "busy")}
        found = self.studio.engine.segment(base.content)
        session.change(session.plan.cut(found) if session.plan else RegionPlan(found))
        names = [name for name in found.names if name != REST]
        sentence = f"Found {listed(names)}. Click one to choose it."
        if not names:
            sentence = "Nothing was recognized for sure. Make a region and paint it."
        yield self._answer(session, base, sentence)

    def add(self, visit: str, *values: Any) -> Answer:
        """Make an empty region, for the brush."""
        session, base = self._open(visit, values)
        self._new_region(session)
        return self._answer(session, base, "Paint the new region with the brush.")

    def bring_mask(self, visit: str, upload: Any, *values: Any) -> Answer:
        """Take a picture of a mask for the chosen region, or for a new one called like the file."""
        session, base = self._open(visit, values)
        brought = uploads_of(upload)[:1]
        if not brought:
            return {}
        plan = session.plan or RegionPlan(whole(_mask_size(base.content)))
        stem = PurePath(brought[0].get("orig_name") or "mask").stem[: cutting.LONGEST_NAME].strip()
        name = session.selected[0] if session.selected else check_name(stem or "mask")
        mask = read_mask(brought[0]["path"], plan.regions.size)
        session.change(plan.cut(cutting.set_region(plan.regions, name, mask)))
        session.selected = (name,)
        return self._answer(session, base, f"The mask is now the region {name}.")

    def clear(self, visit: str, *values: Any) -> Answer:
        """Let the photo be one again."""
        session, base = self._open(visit, values)
        session.drop_regions()
        session.forget_truth()
        return self._answer(session, base, "The picture is one again.")

    # -- what the stage says ------------------------------------------------------------------------------

    def choose(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Choose regions by their names."""

        def change(session: Session, base: StyleRequest, told: dict) -> Answer:
            names = [str(name) for name in told.get("names", ())]
            session.selected = tuple(name for name in session.plan.regions.names if name in names)
            return self._panel(session, base)

        return self._hear(visit, event, values, change)

    def settle(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Keep the strength that the slider of the chosen regions came to rest at."""

        def change(session: Session, base: StyleRequest, told: dict) -> Answer:
            strength = float(told["strength"])

            def stronger(dress: Dress) -> Dress:
                return replace(dress, strength=strength, styles=None if dress.keeps else dress.styles)

            names = [name for name in told["names"] if name in session.plan.regions.names]
            plan = session.plan.dressed(names, stronger)
            plan.request(base)  # raises when the strength is out of bounds
            session.change(plan, same_truth=True)
            return {"region_manner": _manner(plan, session.selected)} if session.selected else {}

        return self._hear(visit, event, values, change)

    def stroke(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Add a stroke of the brush to a region, or take it away."""

        def change(session: Session, base: StyleRequest, told: dict) -> Answer:
            regions, name = session.plan.regions, str(told["name"])
            mask = brush_stroke(regions.size, told["points"], float(told["radius"]))
            self._change_mask(session, name, mask, bool(told["erase"]))
            return {"status": status(f"The region {name} has changed.")}

        return self._hear(visit, event, values, change)

    def wand(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Add what is colored like the clicked place to a region, or take it away."""

        def change(session: Session, base: StyleRequest, told: dict) -> Answer:
            size = session.plan.regions.size
            mask = similar_area(
                resize_picture(base.content, *size).tensor(), float(told["x"]), float(told["y"])
            )
            name = str(told["name"]) or self._new_region(session)
            self._change_mask(session, name, mask, bool(told["erase"]))
            return {**self._panel(session, base), "status": status(f"The region {name} has changed.")}

        return self._hear(visit, event, values, change)

    def undo(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Take the last step back."""

        def change(session: Session, base: StyleRequest, told: dict) -> Answer:
            can = session.history is not None and session.history.can_undo
            if can:
                session.history.undo()
                session.forget_truth()
            sentence = "The last step is undone." if can else "There is nothing to undo."
            return {**self._after(session, base), "status": status(sentence)}

        return self._hear(visit, event, values, change)

    # -- what the panel says ------------------------------------------------------------------------------

    def set_manner(self, visit: str, manner: str, *values: Any) -> Answer:
        """Let the chosen regions follow the picture, have a painting of their own, or keep the photo."""
        session, base = self._chosen(visit, values)
        ways = {
            FOLLOW: lambda _: AS_THE_PICTURE,
            PHOTO: lambda _: AS_THE_PHOTO,
            OWN_MANNER: lambda dress: replace(dress, styles=dress.styles or base.styles),
        }
        session.change(session.plan.dressed(session.selected, ways[manner]))
        what = listed(list(session.selected))
        sentences = {
            FOLLOW: f"Painted like the picture: {what}.",
            PHOTO: f"As in the photo: {what}.",
            OWN_MANNER: f"Choose a painting for {what}.",
        }
        return self._answer(session, base, sentences[manner])

    def dress(self, visit: str, color: float, stroke: float, *values: Any) -> Answer:
        """Give the chosen regions a color and a brush size of their own."""
        session, base = self._chosen(visit, values)
        own = {"color": options.to_request("color", color), "stroke": options.to_request("stroke", stroke)}
        session.change(session.plan.dressed(session.selected, lambda worn: replace(worn, **own)))
        return self._answer(session, base, "Painting.")

    def editor(self, action: str) -> Callable[..., Answer]:
        """Return the handler of one of EDITS."""

        def edit(visit: str, pixels: float, *values: Any) -> Answer:
            session, base = self._chosen(visit, values)
            before = session.plan.regions
            changed = EDITS[action](before, session.selected, int(pixels))
            session.change(session.plan.cut(changed))
            if action == "Merge":
                session.selected = (changed.names[-1] if REST not in session.selected else REST,)
            done = {"Delete": "is the rest now"}.get(action, "has changed")
            return self._answer(session, base, f"The region {done}.")

        return edit

    def rename(self, visit: str, name: str, *values: Any) -> Answer:
        """Give the chosen region another name."""
        session, base = self._chosen(visit, values)
        old, new = session.selected[0], check_name(name)
        if new != old:
            renamed = cutting.rename(session.plan.regions, old, new)
            session.change(session.plan.cut(renamed, {old: new}))
            session.selected = (new,)
        return self._answer(session, base, f"The region is called {new}.")

    def preset(self, label: str) -> Callable[..., Iterator[Answer]]:
        """Return the handler of one of PRESETS, or of matching by meaning; regions are found first."""

        def use(visit: str, *values: Any) -> Iterator[Answer]:
            session, base = self._open(visit, values)
            if session.plan is None:
                yield {"status": status("Looking for regions.", "busy")}
                session.change(RegionPlan(self.studio.engine.segment(base.content)))
                yield self.studio.message(session, base)
            if label == MATCH:
                yield self._match(session, base, {})
                return
            plan, selected, sentence = PRESETS[label](session.plan)
            session.selected = selected
            session.change(plan)
            yield self._answer(session, base, sentence)

        return use

    def pair(self, visit: str, part: str, *values: Any) -> Answer:
        """Let the chosen regions take their style from another part of the painting."""
        session, base = self._chosen(visit, values)
        return self._match(session, base, dict.fromkeys(session.selected, part))

    # -- how ----------------------------------------------------------------------------------------------

    def _open(self, visit: str, values: tuple) -> tuple[Session, StyleRequest]:
        session = self.studio.sessions.find(visit)
        return session, Settings.read(values).request(session, self.studio.wall)

    def _chosen(self, visit: str, values: tuple) -> tuple[Session, StyleRequest]:
        session, base = self._open(visit, values)
        if session.plan is None or not session.selected:
            raise RequestError("no region is chosen; click one on the picture")
        return session, base

    def _hear(self, visit: str, event: gr.EventData, values: tuple, change: Callable) -> Answer:
        """Carry out what the stage said, and tell it that it was heard, whatever comes of it."""
        session, base = self._open(visit, values)
        told = event._data if isinstance(event._data, dict) else {}
        with session.lock:
            session.heard = max(session.heard, int(told.get("said", 0)))
            try:
                answer = change(session, base, told) if session.plan else {}
            except KNOWN as error:
                answer = {"status": status(sentence_of(error), "error")}
            return {**self.studio.message(session, base), **answer}

    def _answer(self, session: Session, base: StyleRequest, sentence: str) -> Answer:
        said = {"status": status(sentence)}
        return {**said, **self._after(session, base), **self.studio.message(session, base)}

    def _after(self, session: Session, base: StyleRequest) -> Answer:
        """Show the chosen regions, and begin a turn if a region needs previews that there are not."""
        answer = self._panel(session, base)
        needed = session.plan.layers(base) if session.plan else {}
        if any(len(session.layers.get(key, ())) < 2 for key in needed):
            answer["turn"] = session.renew(keep=True)
        return answer

    def _panel(self, session: Session, base: StyleRequest) -> Answer:
        plan, names = session.plan, session.selected
        if plan is None or not names:
            card = self.studio.wall.find(session, session.chosen)
            line = {"title": title_line(card.caption)} if card else {}
            return {"region_box": gr.Column(visible=False), **line}
        look, manner = plan.dress(names[0]).look(names[0], base), _manner(plan, names)
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

    def _new_region(self, session: Session) -> str:
        plan = session.plan or RegionPlan(whole(_mask_size(session.photo)))
        number = 1
        while (name := f"region {number}") in plan.regions.names:
            number += 1
        empty = np.zeros(plan.regions.size, np.float32)
        session.change(plan.cut(cutting.set_region(plan.regions, name, empty)))
        session.selected = (name,)
        return name

    @staticmethod
    def _change_mask(session: Session, name: str, mask: np.ndarray, erase: bool) -> None:
        change = cutting.subtract_from if erase else cutting.add_to
        session.change(session.plan.cut(change(session.plan.regions, name, mask)))

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
        for look in matched.looks:
            plan = plan.dressed([look.name], lambda worn, look=look: replace(worn, styles=look.styles))
        session.change(plan)
        said = [f"{name} from {part}" for name, part in session.parts.items() if part != WHOLE_PAINTING]
        sentence = f"Matched {listed(said)}." if said else "No part of the painting is in the photo, too."
        return self._answer(session, base, f"{sentence} Choose a region to pair it anew.")


def _mask_size(photo: Picture) -> tuple[int, int]:
    small = fit_within(photo, PREVIEW_SIDE)
    return small.height, small.width


def _manner(plan: RegionPlan, names: tuple[str, ...]) -> str:
    dress = plan.dress(names[0])
    return PHOTO if dress.keeps else FOLLOW if dress.styles is None else OWN_MANNER


def _merged(regions: Regions, names: tuple[str, ...]) -> Regions:
    if len(names) < 2:
        raise RequestError("one region is chosen; Shift-click another to merge them")
    return cutting.merge(regions, names, REST if REST in names else names[0])


def _deleted(regions: Regions, names: tuple[str, ...]) -> Regions:
    for name in names:
        regions = cutting.delete(regions, name)
    return regions
