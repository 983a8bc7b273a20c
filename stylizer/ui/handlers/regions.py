"""What every stage does with regions: from what the artist says to plans, and from plans to widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import gradio as gr
import numpy as np

from stylizer.engine import RequestError
from stylizer.imaging import regions as cutting
from stylizer.imaging.mask_files import read_mask
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST, Regions, check_name, whole
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.selection import brush_stroke, similar_area
from stylizer.imaging.tensors import to_tensor
from stylizer.ui.handlers.stage import Answer, LivePicture, uploads_of
from stylizer.ui.messages import KNOWN, listed, sentence_of, status
from stylizer.ui.region_edits import AS_THE_PHOTO, AS_THE_PICTURE, PRESETS, Dress, RegionPlan
from stylizer.ui.samples import PREVIEW_SIDE
from stylizer.ui.showing import Showing

FOLLOW, PHOTO = "As the picture", "Keep the photo"

EDITS: dict[str, Callable[[Regions, tuple[str, ...], int], Regions]] = {
    "Invert": lambda regions, names, _: cutting.invert(regions, names[0]),
    "Grow": lambda regions, names, pixels: cutting.grow(regions, names[0], pixels),
    "Shrink": lambda regions, names, pixels: cutting.shrink(regions, names[0], pixels),
    "Feather": lambda regions, names, pixels: cutting.feather(regions, names[0], pixels),
    "Merge": lambda regions, names, _: _merged(regions, names),
    "Delete": lambda regions, names, _: _deleted(regions, names),
}
"""What a button does to the chosen regions, given pixels."""


class Desk:
    """Handlers of the regions of a stage; every one takes the visit and, last, the values of a request."""

    own = ""
    """What the panel says of a region that has a manner of its own."""

    def __init__(self, live: LivePicture) -> None:
        self.live = live

    # -- what a tab says --------------------------------------------------------------------------------

    def invitation(self, what: str) -> str:
        """Say what to do now that regions have a manner of their own."""
        raise NotImplementedError

    def panel(self, showing: Showing, base: Any) -> Answer:
        """Show the chosen regions."""
        raise NotImplementedError

    # -- making regions ---------------------------------------------------------------------------------

    def find(self, visit: str, *values: Any) -> Iterator[Answer]:
        """Find the parts of the photo that have a name."""
        showing, base = self._open(visit, values)
        yield {"status": status("Looking for regions.", "busy")}
        found = self.live.engine.segment(base.content)
        showing.change(showing.plan.cut(found) if showing.plan else self.live.plan_type(found))
        names = [name for name in found.names if name != REST]
        sentence = f"Found {listed(names)}. Click one to choose it."
        if not names:
            sentence = "Nothing was recognized for sure. Make a region and paint it."
        yield self._answer(showing, base, sentence)

    def add(self, visit: str, *values: Any) -> Answer:
        """Make an empty region, for the brush."""
        showing, base = self._open(visit, values)
        self._new_region(showing)
        return self._answer(showing, base, "Paint the new region with the brush.")

    def bring_mask(self, visit: str, upload: Any, *values: Any) -> Answer:
        """Take a picture of a mask for the chosen region, or for a new one called like the file."""
        showing, base = self._open(visit, values)
        brought = uploads_of(upload)[:1]
        if not brought:
            return {}
        plan = showing.plan or self.live.plan_type(whole(_mask_size(base.content)))
        stem = PurePath(brought[0].get("orig_name") or "mask").stem[: cutting.LONGEST_NAME].strip()
        name = showing.selected[0] if showing.selected else check_name(stem or "mask")
        mask = read_mask(brought[0]["path"], plan.regions.size)
        showing.change(plan.cut(cutting.set_region(plan.regions, name, mask)))
        showing.selected = (name,)
        return self._answer(showing, base, f"The mask is now the region {name}.")

    def clear(self, visit: str, *values: Any) -> Answer:
        """Let the photo be one again."""
        showing, base = self._open(visit, values)
        showing.drop_regions()
        showing.forget_truth()
        return self._answer(showing, base, "The picture is one again.")

    # -- what the stage says ------------------------------------------------------------------------------

    def choose(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Choose regions by their names."""

        def change(showing: Showing, base: Any, told: dict) -> Answer:
            names = [str(name) for name in told.get("names", ())]
            showing.selected = tuple(name for name in showing.plan.regions.names if name in names)
            return self.panel(showing, base)

        return self._hear(visit, event, values, change)

    def settle(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Keep the strength that the slider of the chosen regions came to rest at."""

        def change(showing: Showing, base: Any, told: dict) -> Answer:
            strength = float(told["strength"])

            def stronger(dress: Dress) -> Dress:
                return replace(dress, strength=strength, styles=None if dress.keeps else dress.styles)

            names = [name for name in told["names"] if name in showing.plan.regions.names]
            plan = showing.plan.dressed(names, stronger)
            plan.request(base)  # raises when the strength is out of bounds
            showing.change(plan, same_truth=True)
            return {"region_manner": self._manner(plan, showing.selected)} if showing.selected else {}

        return self._hear(visit, event, values, change)

    def stroke(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Add a stroke of the brush to a region, or take it away."""

        def change(showing: Showing, base: Any, told: dict) -> Answer:
            regions, name = showing.plan.regions, str(told["name"])
            mask = brush_stroke(regions.size, told["points"], float(told["radius"]))
            self._change_mask(showing, name, mask, bool(told["erase"]))
            return {"status": status(f"The region {name} has changed.")}

        return self._hear(visit, event, values, change)

    def wand(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Add what is colored like the clicked place to a region, or take it away."""

        def change(showing: Showing, base: Any, told: dict) -> Answer:
            size = showing.plan.regions.size
            mask = similar_area(
                to_tensor(resize_picture(base.content, *size)), float(told["x"]), float(told["y"])
            )
            name = str(told["name"]) or self._new_region(showing)
            self._change_mask(showing, name, mask, bool(told["erase"]))
            return {**self.panel(showing, base), "status": status(f"The region {name} has changed.")}

        return self._hear(visit, event, values, change)

    def undo(self, visit: str, event: gr.EventData, *values: Any) -> Answer:
        """Take the last step back."""

        def change(showing: Showing, base: Any, told: dict) -> Answer:
            can = showing.history is not None and showing.history.can_undo
            if can:
                showing.history.undo()
                showing.forget_truth()
            sentence = "The last step is undone." if can else "There is nothing to undo."
            return {**self._after(showing, base), "status": status(sentence)}

        return self._hear(visit, event, values, change)

    # -- what the panel says ------------------------------------------------------------------------------

    def set_manner(self, visit: str, manner: str, *values: Any) -> Answer:
        """Let the chosen regions follow the picture, have a painting of their own, or keep the photo."""
        showing, base = self._chosen(visit, values)
        ways = {
            FOLLOW: lambda _: AS_THE_PICTURE,
            PHOTO: lambda _: AS_THE_PHOTO,
            self.own: lambda dress: replace(dress, styles=dress.styles or showing.plan.worn(base)),
        }
        showing.change(showing.plan.dressed(showing.selected, ways[manner]))
        what = listed(list(showing.selected))
        sentences = {
            FOLLOW: f"Painted like the picture: {what}.",
            PHOTO: f"As in the photo: {what}.",
            self.own: self.invitation(what),
        }
        return self._answer(showing, base, sentences[manner])

    def editor(self, action: str) -> Callable[..., Answer]:
        """Return the handler of one of EDITS."""

        def edit(visit: str, pixels: float, *values: Any) -> Answer:
            showing, base = self._chosen(visit, values)
            before = showing.plan.regions
            changed = EDITS[action](before, showing.selected, int(pixels))
            showing.change(showing.plan.cut(changed))
            if action == "Merge":
                showing.selected = (changed.names[-1] if REST not in showing.selected else REST,)
            done = {"Delete": "is the rest now"}.get(action, "has changed")
            return self._answer(showing, base, f"The region {done}.")

        return edit

    def rename(self, visit: str, name: str, *values: Any) -> Answer:
        """Give the chosen region another name."""
        showing, base = self._chosen(visit, values)
        old, new = showing.selected[0], check_name(name)
        if new != old:
            renamed = cutting.rename(showing.plan.regions, old, new)
            showing.change(showing.plan.cut(renamed, {old: new}))
            showing.selected = (new,)
        return self._answer(showing, base, f"The region is called {new}.")

    def preset(self, label: str) -> Callable[..., Iterator[Answer]]:
        """Return the handler of one of PRESETS; regions are found first."""

        def use(visit: str, *values: Any) -> Iterator[Answer]:
            showing, base = self._open(visit, values)
            yield from self._cut_up(showing, base)
            plan, selected, sentence = PRESETS[label](showing.plan)
            showing.selected = selected
            showing.change(plan)
            yield self._answer(showing, base, sentence)

        return use

    # -- how ----------------------------------------------------------------------------------------------

    def _open(self, visit: str, values: tuple) -> tuple[Showing, Any]:
        showing = self.live.open(visit)
        return showing, self.live.request(showing, values)

    def _chosen(self, visit: str, values: tuple) -> tuple[Showing, Any]:
        showing, base = self._open(visit, values)
        if showing.plan is None or not showing.selected:
            raise RequestError("no region is chosen; click one on the picture")
        return showing, base

    def _cut_up(self, showing: Showing, base: Any) -> Iterator[Answer]:
        """Find regions where there are none."""
        if showing.plan is None:
            yield {"status": status("Looking for regions.", "busy")}
            showing.change(self.live.plan_type(self.live.engine.segment(base.content)))
            yield self.live.message(showing, base)

    def _hear(self, visit: str, event: gr.EventData, values: tuple, change: Callable) -> Answer:
        """Carry out what the stage said, and tell it that it was heard, whatever comes of it."""
        showing, base = self._open(visit, values)
        told = event._data if isinstance(event._data, dict) else {}
        with showing.lock:
            showing.heard = max(showing.heard, int(told.get("said", 0)))
            try:
                answer = change(showing, base, told) if showing.plan else {}
            except KNOWN as error:
                answer = {"status": status(sentence_of(error), "error")}
            return {**self.live.message(showing, base), **answer}

    def _answer(self, showing: Showing, base: Any, sentence: str) -> Answer:
        said = {"status": status(sentence)}
        return {**said, **self._after(showing, base), **self.live.message(showing, base)}

    def _after(self, showing: Showing, base: Any) -> Answer:
        """Show the chosen regions, and begin a turn if a region needs previews that there are not."""
        answer = self.panel(showing, base)
        needed = showing.plan.layers(base) if showing.plan else {}
        enough = len(self.live.coarse[:2])
        if any(len(showing.layers.get(key, ())) < enough for key in needed):
            answer["turn"] = showing.renew(keep=True)
        return answer

    def _new_region(self, showing: Showing) -> str:
        plan = showing.plan or self.live.plan_type(whole(_mask_size(showing.photo)))
        number = 1
        while (name := f"region {number}") in plan.regions.names:
            number += 1
        empty = np.zeros(plan.regions.size, np.float32)
        showing.change(plan.cut(cutting.set_region(plan.regions, name, empty)))
        showing.selected = (name,)
        return name

    @staticmethod
    def _change_mask(showing: Showing, name: str, mask: np.ndarray, erase: bool) -> None:
        change = cutting.subtract_from if erase else cutting.add_to
        showing.change(showing.plan.cut(change(showing.plan.regions, name, mask)))

    def _manner(self, plan: RegionPlan, names: tuple[str, ...]) -> str:
        dress = plan.dress(names[0])
        return PHOTO if dress.keeps else FOLLOW if dress.styles is None else self.own


def _mask_size(photo: Picture) -> tuple[int, int]:
    small = fit_within(photo, PREVIEW_SIDE)
    return small.height, small.width


def _merged(regions: Regions, names: tuple[str, ...]) -> Regions:
    if len(names) < 2:
        raise RequestError("one region is chosen; Shift-click another to merge them")
    return cutting.merge(regions, names, REST if REST in names else names[0])


def _deleted(regions: Regions, names: tuple[str, ...]) -> Regions:
    for name in names:
        regions = cutting.delete(regions, name)
    return regions
