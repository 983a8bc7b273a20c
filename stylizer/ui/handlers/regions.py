"""The handlers of regions: from what the stage and the panel say to edits, and from edits to widgets."""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any, ClassVar

import gradio as gr
import numpy as np

from stylizer.engine import RequestError
from stylizer.errors import StudioError
from stylizer.imaging import regions as operations
from stylizer.imaging.mask_files import read_mask, weak_mask, write_masks
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import REST, Regions, check_name, whole
from stylizer.imaging.resize import fit_within, resize_picture
from stylizer.imaging.selection import brush_stroke, similar_area
from stylizer.imaging.tensors import to_tensor
from stylizer.ui.handlers.photos import uploads_of
from stylizer.ui.handlers.stage import Answer, StageHandlers
from stylizer.ui.handlers.stylize import OWN_PAINTING
from stylizer.ui.language import say, tell, words
from stylizer.ui.messages import capital, listed, region_words, sentence_of, status
from stylizer.ui.region_edits import PRESETS, RegionEdits
from stylizer.ui.samples import PREVIEW_SIDE
from stylizer.ui.stage.message import RegionEdit, read_edit
from stylizer.ui.stage_state import StageState
from stylizer.ui.state import Session

FOLLOW, LIGHTER, GRAY, PHOTO = "As the picture", "Lighter", "Photo in gray", "Keep the photo"
MANNERS = (FOLLOW, OWN_PAINTING, LIGHTER, GRAY, PHOTO)
LIGHTER_STRENGTH = 0.35
"""Of what stands behind the subject: painted, yet near the photo."""
MOST_NAMED = 3
"""Regions that the status line names: more make it longer than its two lines."""
TOLERANCE = 0.15
"""Of Similar, where the stage does not tell another."""

OPERATIONS: dict[str, Callable[[Regions, tuple[str, ...], int], Regions]] = {
    words("Invert"): lambda regions, names, _: operations.invert(regions, names[0]),
    words("Grow"): lambda regions, names, pixels: operations.grow(regions, names[0], pixels),
    words("Shrink"): lambda regions, names, pixels: operations.shrink(regions, names[0], pixels),
    words("Feather"): lambda regions, names, pixels: operations.feather(regions, names[0], pixels),
    words("Merge"): lambda regions, names, _: _merged(regions, names),
    words("Delete"): lambda regions, names, _: _deleted(regions, names),
}
"""What a button does to the chosen regions, given pixels."""

Change = Callable[[Session, RegionEdits, Any, RegionEdit], Answer]


class RegionHandlers(ABC):
    """Handlers of the regions of a stage; every one takes the visit and, last, the settings of a request."""

    own: ClassVar[str]
    """What the panel says of a region that has overrides."""

    def __init__(self, stage_handlers: StageHandlers) -> None:
        self.handlers = stage_handlers
        self.engine = stage_handlers.engine

    # -- what a tab says --------------------------------------------------------------------------------

    @abstractmethod
    def invitation(self, what: str) -> str:
        """Say what to do now that regions have overrides."""

    @abstractmethod
    def panel(self, session: Session, base: Any) -> Answer:
        """Show the chosen regions."""

    # -- making regions ---------------------------------------------------------------------------------

    def find(self, visit: str, settings: Any) -> Iterator[Answer]:
        """Find the parts of the photo that have a name."""
        session, stage, base = self._open(visit, settings)
        yield {"status": status(say("Looking for regions."), "busy")}
        found = self.engine.segment(base.content)
        stage.change(stage.edits.with_regions(found) if stage.edits else self.handlers.edits_type(found))
        stage.selected = ()  # a click chooses one now, whatever was being painted
        names = [name for name in found.names if name != REST]
        sentence = say("Found {names}. Click one to choose it.", names=listed(region_words(names)))
        if len(names) > MOST_NAMED:  # the legend below the stage names them all
            sentence = say("Found {count} regions. Click one to choose it.", count=len(names))
        if not names:
            sentence = say("Nothing was recognized for sure. Make a region and paint it.")
        yield self._answer(session, base, sentence)

    def add(self, visit: str, settings: Any) -> Answer:
        """Make an empty region, for the brush."""
        session, stage, base = self._open(visit, settings)
        self._new_region(stage)
        return self._answer(session, base, say("Paint the new region with the brush."))

    def bring_mask(self, visit: str, upload: Any, settings: Any) -> Answer:
        """Take a picture of a mask for the chosen region, or for a new one called like the file."""
        session, stage, base = self._open(visit, settings)
        brought = uploads_of(upload)[:1]
        if not brought:
            return {}
        edits = stage.edits or self.handlers.edits_type(whole(_mask_size(base.content)))
        stem = PurePath(brought[0].get("orig_name") or "mask").stem[: operations.LONGEST_NAME].strip()
        name = stage.selected[0] if stage.selected else check_name(stem or "mask")
        with self.handlers.sessions.reading:
            mask = read_mask(brought[0]["path"], edits.regions.size)
        stage.change(edits.with_regions(operations.set_region(edits.regions, name, mask)))
        stage.selected = (name,)
        weak = weak_mask(mask)
        told = tell(weak) if weak else say("The mask is now the region {name}.", name=name)
        return self._answer(session, base, told)

    def let_go(self, visit: str, settings: Any) -> Answer:
        """Go back from the chosen regions to the whole picture."""
        session, stage, base = self._open(visit, settings)
        stage.selected = ()
        return self._answer(session, base, say("What you choose now is for the whole picture."))

    def clear(self, visit: str, settings: Any) -> Answer:
        """Remove all regions."""
        session, stage, base = self._open(visit, settings)
        stage.drop_regions()
        stage.forget_truth()
        return self._answer(session, base, say("The regions are removed."))

    def save_masks(self, visit: str) -> Iterator[Answer]:
        """Hand out the masks as PNGs in the photo's size, in a zip; for people who go on elsewhere."""
        yield {"download": None}  # or the file before would be handed out again when there is none
        session = self.handlers.sessions.find(visit)
        stage = self.handlers.stage(session)
        if stage.edits is None or stage.photo is None:
            raise RequestError(say("there are no regions yet; find them, or make one"))
        folder = session.new_folder()
        files = write_masks(stage.edits.regions, folder, stage.photo, {})
        pack = folder / "masks.zip"
        with zipfile.ZipFile(pack, "w", zipfile.ZIP_STORED) as zipped:
            for file in files:
                zipped.write(file, file.name)
                file.unlink()
        yield {
            "download": str(pack),
            "status": status(say("Saved {count} masks and an overview.", count=len(files) - 1)),
        }

    # -- what the stage says ----------------------------------------------------------------------------

    def choose(self, visit: str, event: gr.EventData, settings: Any) -> Answer:
        """Choose regions by their names."""

        def change(session: Session, edits: RegionEdits, base: Any, edit: RegionEdit) -> Answer:
            names = [str(name) for name in edit.get("names", ())]
            chosen = tuple(name for name in edits.regions.names if name in names)
            self.handlers.stage(session).selected = chosen
            said = say("Chosen: {what}.", what=listed(region_words(chosen))) if chosen else ""
            said = said or say("No region is chosen.")
            return {**self.panel(session, base), "status": status(said)}

        return self._carry_out(visit, event, settings, change, "names")

    def set_strength(self, visit: str, event: gr.EventData, settings: Any) -> Answer:
        """Keep the strength that the slider of the chosen regions came to rest at."""

        def change(session: Session, edits: RegionEdits, base: Any, edit: RegionEdit) -> Answer:
            stage, strength = self.handlers.stage(session), float(edit["strength"])
            names = [name for name in edit["names"] if name in edits.regions.names]
            edits = edits.override(names, strength=strength)
            stage.change(edits, same_truth=True)
            return {"region_manner": self._manner(edits, stage.selected)} if stage.selected else {}

        return self._carry_out(visit, event, settings, change, "strength", "names")

    def stroke(self, visit: str, event: gr.EventData, settings: Any) -> Answer:
        """Add a stroke of the brush to a region, or take it away."""

        def change(session: Session, edits: RegionEdits, base: Any, edit: RegionEdit) -> Answer:
            name = str(edit["name"])
            points = [(float(x), float(y)) for x, y in edit["points"]]
            mask = brush_stroke(edits.regions.size, points, float(edit["radius"]))
            self._change_mask(self.handlers.stage(session), name, mask, bool(edit["erase"]))
            return {"status": status(changed(name))}

        return self._carry_out(visit, event, settings, change, "name", "points", "radius", "erase")

    def similar(self, visit: str, event: gr.EventData, settings: Any) -> Answer:
        """Add what is colored like the clicked place to a region, or take it away."""

        def change(session: Session, edits: RegionEdits, base: Any, edit: RegionEdit) -> Answer:
            stage = self.handlers.stage(session)
            small = resize_picture(base.content, *edits.regions.size)
            tolerance = min(1.0, max(0.0, float(edit.get("tolerance", TOLERANCE))))
            mask = similar_area(to_tensor(small), float(edit["x"]), float(edit["y"]), tolerance)
            name = str(edit["name"]) or self._new_region(stage)
            self._change_mask(stage, name, mask, bool(edit["erase"]))
            return {**self.panel(session, base), "status": status(changed(name))}

        return self._carry_out(visit, event, settings, change, "name", "x", "y", "erase")

    def undo(self, visit: str, event: gr.EventData, settings: Any) -> Answer:
        """Take the last step back."""
        return self._step(visit, event, settings, forward=False)

    def redo(self, visit: str, event: gr.EventData, settings: Any) -> Answer:
        """Take a step that was undone again."""
        return self._step(visit, event, settings, forward=True)

    def _step(self, visit: str, event: gr.EventData, settings: Any, forward: bool) -> Answer:
        session, stage, _ = self._open(visit, settings)
        edit = read_edit(event._data)
        with stage.lock:
            stage.acknowledged = max(stage.acknowledged, edit.get("edit", 0))
            answer = self.handlers.step(session, forward)
        self.handlers.sessions.save(session)
        values = self.handlers.settings_type.read(**session.values[self.handlers.stage_name])
        base = self.handlers.request(session, values)
        return {**answer, **self.panel(session, base), **self.handlers.message(session, base)}

    # -- what the panel says ----------------------------------------------------------------------------

    def set_manner(self, visit: str, manner: str, settings: Any) -> Answer:
        """Let the chosen regions follow the picture, have styles of their own, or keep the photo."""
        session, stage, edits, base = self._chosen(visit, settings)
        what = listed(region_words(stage.selected))
        if manner == PHOTO:
            edits, sentence = edits.keep(stage.selected), say("As in the photo: {what}.", what=what)
        elif manner == GRAY:
            edits = edits.keep(stage.selected, gray=True)
            sentence = say("Photo in gray: {what}.", what=what)
        elif manner == LIGHTER:
            edits, sentence = (
                edits.override(stage.selected, strength=LIGHTER_STRENGTH),
                say("Lighter: {what}.", what=what),
            )
        elif manner == FOLLOW:
            edits = edits.inherit(stage.selected)
            sentence = say("Painted like the picture: {what}.", what=what)
        else:
            edits = edits.with_own_styles(stage.selected, base)
            sentence = self.invitation(what)
        stage.change(edits)
        return self._answer(session, base, sentence)

    def operation(self, name: str) -> Callable[..., Answer]:
        """Return the handler of one of OPERATIONS."""

        def operate(visit: str, pixels: float, settings: Any) -> Answer:
            session, stage, edits, base = self._chosen(visit, settings)
            regions = OPERATIONS[name](edits.regions, stage.selected, int(pixels))
            what = listed(region_words(stage.selected))
            stage.change(edits.with_regions(regions))
            if name == "Merge":
                stage.selected = (regions.names[-1] if REST not in stage.selected else REST,)
            return self._answer(
                session,
                base,
                say("Deleted: {what}.", what=what)
                if name == "Delete"
                else say("{action}: done for {what}.", action=say(name), what=what),
            )

        return operate

    def rename(self, visit: str, name: str, settings: Any) -> Answer:
        """Give the chosen region another name."""
        session, stage, edits, base = self._chosen(visit, settings)
        old, new = stage.selected[0], check_name(name)
        if new != old:
            renamed = operations.rename(edits.regions, old, new)
            stage.change(edits.with_regions(renamed, {old: new}))
            stage.selected = (new,)
        return self._answer(session, base, say("The region is called {name}.", name=new))

    def preset(self, label: str) -> Callable[..., Iterator[Answer]]:
        """Return the handler of one of PRESETS; regions are found first."""

        def use(visit: str, settings: Any) -> Iterator[Answer]:
            session, stage, base = self._open(visit, settings)
            yield from self._find_first(session, base)
            assert stage.edits is not None
            edits, selected, sentence = PRESETS[label](stage.edits)
            stage.selected = selected
            stage.change(edits)
            yield self._answer(session, base, sentence)

        return use

    # -- how --------------------------------------------------------------------------------------------

    def _open(self, visit: str, settings: Any) -> tuple[Session, StageState, Any]:
        session = self.handlers.sessions.find(visit)
        return session, self.handlers.stage(session), self.handlers.read(session, settings)

    def _chosen(self, visit: str, settings: Any) -> tuple[Session, StageState, RegionEdits, Any]:
        session, stage, base = self._open(visit, settings)
        if stage.edits is None or not stage.selected:
            raise RequestError(say("no region is chosen; click one on the picture"))
        return session, stage, stage.edits, base

    def _find_first(self, session: Session, base: Any) -> Iterator[Answer]:
        """Find regions where there are none."""
        stage = self.handlers.stage(session)
        if stage.edits is None:
            yield {"status": status(say("Looking for regions."), "busy")}
            stage.change(self.handlers.edits_type(self.engine.segment(base.content)))
            yield self.handlers.message(session, base)

    def _carry_out(
        self, visit: str, event: gr.EventData, settings: Any, change: Change, *needed: str
    ) -> Answer:
        """Carry out an edit of the stage that has these keys, and acknowledge it, whatever comes of it."""
        session, stage, base = self._open(visit, settings)
        edit = read_edit(event._data, *needed)
        with stage.lock:
            stage.acknowledged = max(stage.acknowledged, edit.get("edit", 0))
            try:
                answer = change(session, stage.edits, base, edit) if stage.edits else {}
            except StudioError as error:
                answer = {"status": status(sentence_of(error), "error")}
        self.handlers.note_step(session)
        self.handlers.sessions.save(session)
        return {**self.handlers.message(session, base), **answer}

    def _answer(self, session: Session, base: Any, sentence: str) -> Answer:
        said = {"status": status(sentence)}
        self.handlers.note_step(session)
        self.handlers.sessions.save(session)
        return {**said, **self._after(session, base), **self.handlers.message(session, base)}

    def _after(self, session: Session, base: Any) -> Answer:
        """Show the chosen regions, and begin a turn if a region needs previews that there are not."""
        answer, stage = self.panel(session, base), self.handlers.stage(session)
        needed = stage.edits.layers(base) if stage.edits else {}
        enough = len(self.handlers.coarse[:2])
        if any(len(stage.layers.get(key, ())) < enough for key in needed):
            answer["turn"] = stage.renew(keep=True)
        return answer

    def _new_region(self, stage: StageState) -> str:
        assert stage.photo is not None
        edits = stage.edits or self.handlers.edits_type(whole(_mask_size(stage.photo)))
        number = 1
        while (name := f"region {number}") in edits.regions.names:
            number += 1
        empty = np.zeros(edits.regions.size, np.float32)
        stage.change(edits.with_regions(operations.set_region(edits.regions, name, empty)))
        stage.selected = (name,)
        return name

    @staticmethod
    def _change_mask(stage: StageState, name: str, mask: np.ndarray, erase: bool) -> None:
        assert stage.edits is not None
        change = operations.subtract_from if erase else operations.add_to
        stage.change(stage.edits.with_regions(change(stage.edits.regions, name, mask)))

    def _manner(self, edits: RegionEdits, names: tuple[str, ...]) -> str:
        if names[0] in edits.kept:
            return GRAY if names[0] in edits.gray else PHOTO
        return self.own if edits.has_own_styles(names[0]) else FOLLOW


def changed(name: str) -> str:
    """Say that a region has changed."""
    return say("{name} has changed.", name=capital(say(name)))


def _mask_size(photo: Picture) -> tuple[int, int]:
    small = fit_within(photo, PREVIEW_SIDE)
    return small.height, small.width


def _merged(regions: Regions, names: tuple[str, ...]) -> Regions:
    if len(names) < 2:
        raise RequestError(say("one region is chosen; Shift-click another to merge them"))
    return operations.merge(regions, names, REST if REST in names else names[0])


def _deleted(regions: Regions, names: tuple[str, ...]) -> Regions:
    for name in names:
        regions = operations.delete(regions, name)
    return regions
