"""Every event of the page, and nowhere else."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from stylizer.ui import options
from stylizer.ui.handlers import Answer, Studio
from stylizer.ui.region_desk import PANEL, RegionDesk
from stylizer.ui.tabs.about import AboutTab
from stylizer.ui.tabs.stylize import StylizeTab
from stylizer.ui.words import sentence_of, status

CLICKED = "(...values) => [...values.slice(0, -1), performance.now()]"


def to_stage(name: str, call: str) -> str:
    """Write the script that passes a widget's value on to a function of a stage."""
    return f"(value) => {{ window.stages?.['{name}']?.{call}; }}"


LOOKED = to_stage("stage", "lookChanged()")
DRESSED = to_stage("stage", "regionLookChanged()")
STRENGTH = to_stage("stage", "setStrength(value / 100)")
REGION_STRENGTH = to_stage("stage", "setRegionStrength(value / 100)")


class Wires:
    """Connect events to handlers: answers by name become outputs, and no error covers a control.

    A handler that raises leaves every widget as it is; the sentence goes to the status line.
    """

    def __init__(self, widgets: dict[str, Any]) -> None:
        self.widgets = widgets

    def on(
        self, events: Any, handler: Callable, inputs: list[str], outputs: list[str], **settings: Any
    ) -> Any:
        """Run a handler on an event or several; the outputs are those it may name in its answer."""
        names = [*dict.fromkeys([*outputs, "status"])]
        settings = {"show_progress": "hidden", "api_visibility": "private"} | settings
        connect = functools.partial(gr.on, events) if isinstance(events, list) else events
        return connect(
            self._safe(handler, names),
            [self.widgets[name] for name in inputs],
            [self.widgets[name] for name in names],
            **settings,
        )

    @staticmethod
    def _safe(handler: Callable, names: list[str]) -> Callable:
        def spread(answer: Answer) -> tuple:
            unknown = answer.keys() - set(names)
            if unknown:
                raise KeyError(
                    f"{handler.__name__} answers {sorted(unknown)}, which are no outputs of its event"
                )
            return tuple(answer.get(name, gr.skip()) for name in names)

        def failed(error: Exception) -> tuple:
            return spread({"status": status(sentence_of(error), "error")})

        @functools.wraps(handler)
        def steps(*values: Any) -> Iterator[tuple]:
            try:
                for answer in handler(*values):
                    yield spread(answer)
            except Exception as error:
                yield failed(error)

        @functools.wraps(handler)
        def once(*values: Any) -> tuple:
            try:
                return spread(handler(*values))
            except Exception as error:
                return failed(error)

        return steps if inspect.isgeneratorfunction(handler) else once


def wire_page(
    studio: Studio, desk: RegionDesk, page: gr.Blocks, visit: gr.State, tab: StylizeTab, about: AboutTab
) -> None:
    """Connect all events of the page.

    Whatever changes photo, style or look first asks for a new turn, outside the queue, which stops the work
    for the last one. The turn goes to a hidden number whose change runs the painter, one turn at a time; it
    paints what was asked for last (an event's own data would be that of the first click).
    """
    turn = gr.Number(value=0, visible="hidden", elem_id="turn")
    moment = gr.Number(value=0, visible="hidden")
    widgets = {**vars(tab), "visit": visit, "turn": turn, "moment": moment, "history": about.history}
    wires = Wires(widgets)
    on = wires.on
    shares = [f"share{place}" for place in range(len(tab.shares))]
    settings = ["strength", *options.LOOK, "further", *shares]
    controls = ["title", "wall", "chips", *settings, "region_box"]
    at_once = {"queue": False, "trigger_mode": "multiple"}
    raw = at_once | {"preprocess": False}  # files are opened by our own imaging room alone

    on(page.load, studio.open_visit, [], ["visit"], queue=False)
    page.unload(studio.leave)

    # the strength slider never reaches the server: the stage listens to it, and blends
    gr.on([tab.strength.change, tab.strength.release], None, tab.strength, None, js=STRENGTH)
    looks = [tab.color, tab.stroke, tab.detail, *tab.shares]
    looked = [event for slider in looks for event in (slider.input, slider.release)] + [tab.colors_only.input]
    gr.on(looked, None, None, None, js=LOOKED)

    on(
        tab.photo.upload,
        studio.open_photo,
        ["visit", "photo"],
        ["turn", *controls],
        **raw,
    )
    on(
        tab.camera.input,
        studio.open_photo,
        ["visit", "camera"],
        ["turn", *controls],
        **raw,
    )
    on(
        tab.samples.select,
        studio.use_sample,
        ["visit", "moment"],
        ["turn", "region_box"],
        js=CLICKED,
        **at_once,
    )
    on(
        tab.wall.select,
        studio.choose_style,
        ["visit", "chips", "further", "moment"],
        ["turn", "title", "region_manner", *shares],
        js=CLICKED,
        **at_once,
    )
    on(tab.chips.input, studio.filter_styles, ["visit", "chips"], ["wall"], **at_once)
    on(
        tab.own.upload,
        studio.bring_styles,
        ["visit", "own"],
        ["turn", *controls, "region_manner"],
        **raw,
    )
    on(tab.further.input, studio.change_mix, ["visit", "further"], ["turn", *shares], **at_once)
    on(about.history.select, studio.replay, ["visit"], ["turn", *controls], **at_once)
    on(tab.stage.look, studio.renew, ["visit"], ["turn"], **at_once)

    on(
        turn.change,
        studio.paint,
        ["visit", *settings],
        ["stage", "title", "download"],
        trigger_mode="always_last",
        concurrency_id="preview",
        concurrency_limit=2,
    )
    on(
        tab.stage.rest,
        studio.rest,
        ["visit", *settings],
        ["stage", "download"],
        trigger_mode="always_last",
        concurrency_id="truth",
        concurrency_limit=2,
    )
    on(
        tab.render.click,
        studio.render,
        ["visit", "size", *settings],
        ["render", "stop", "download", "history"],
        trigger_mode="once",
        concurrency_id="full size",
        concurrency_limit=1,
    )
    on(tab.stop.click, studio.stop, ["visit"], [], **at_once)
    _wire_regions(wires, desk, tab, settings)


def _wire_regions(wires: Wires, desk: RegionDesk, tab: StylizeTab, settings: list[str]) -> None:
    """Connect the regions: what the stage tells of them, and their panel.

    Strokes and steps come in the order in which they were made, one at a time.
    """
    in_order = {"trigger_mode": "multiple", "concurrency_id": "regions", "concurrency_limit": 1}
    outputs = ["stage", "turn", *PANEL]

    def on(events: Any, handler: Callable, *inputs: str, **more: Any) -> None:
        wires.on(events, handler, ["visit", *inputs, *settings], outputs, **(in_order | more))

    # the strength of a region is blended on the stage too; a reset moves the slider without an input event
    gr.on([tab.region_strength.release], None, tab.region_strength, None, js=REGION_STRENGTH)
    dressed = [
        event for slider in (tab.region_color, tab.region_stroke) for event in (slider.input, slider.release)
    ]
    gr.on(dressed, None, None, None, js=DRESSED)

    stage = tab.stage
    for event, handler in (
        (stage.choose, desk.choose),
        (stage.settle, desk.settle),
        (stage.stroke, desk.stroke),
        (stage.wand, desk.wand),
        (stage.undo, desk.undo),
    ):
        on(event, handler)
    on(stage.dress, desk.dress, "region_color", "region_stroke")
    on(tab.find_regions.click, desk.find)
    on(tab.new_region.click, desk.add)
    on(tab.clear_regions.click, desk.clear)
    on(tab.mask.upload, desk.bring_mask, "mask", preprocess=False)
    on(tab.region_manner.input, desk.set_manner, "region_manner")
    on(tab.region_part.input, desk.pair, "region_part")
    on(tab.region_name.submit, desk.rename, "region_name")
    for action, button in tab.edits.items():
        on(button.click, desk.editor(action), "region_pixels")
    for label, button in tab.presets.items():
        on(button.click, desk.preset(label))
