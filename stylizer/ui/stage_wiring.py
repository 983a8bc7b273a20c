"""The events of a stage, its photo, its full size and its regions: the same in every tab that has one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from stylizer.ui.handlers import hints
from stylizer.ui.handlers.regions import RegionHandlers
from stylizer.ui.handlers.saving import SavingHandlers
from stylizer.ui.stage.component import call_page
from stylizer.ui.tabs.about import AboutTab
from stylizer.ui.wires import Wires

AT_ONCE: dict[str, Any] = {"queue": False, "trigger_mode": "multiple"}
RAW = AT_ONCE | {"preprocess": False}
"""Files are opened by our own imaging room alone."""
CLICKED = "(...values) => [...values.slice(0, -1), performance.now()]"
BEGUN = ("title", "match", "study", "study_stop", "study_keep", "study_line", *hints.PANEL)
"""The widgets that change when a turn begins, where a tab has them."""


def to_stage(name: str, call: str) -> str:
    """Write the script that passes a widget's value on to a function of a stage."""
    return f"(value) => {{ window.stages?.['{name}']?.{call}; }}"


def wire_stage(
    wires: Wires,
    live: SavingHandlers,
    door: gr.Tab,
    about: AboutTab,
    name: str,
    controls: Sequence[str],
    looks: list[gr.Slider],
) -> None:
    """Connect a tab's stage, photo, history and full size; `looks` are sliders that need the painter."""
    on, tab, settings = wires.on, wires.widgets, live.settings_type
    on(door.select, live.enter, ["visit"], ["turn", "region_box"], **AT_ONCE)

    # strength and color never reach the server: the stage listens to their sliders, and blends
    strength = tab["strength"]
    gr.on(
        [strength.change, strength.release],
        None,
        strength,
        None,
        js=to_stage(name, "setStrength(value / 100)"),
    )
    color = tab["color"]
    gr.on([color.change, color.release], None, color, None, js=to_stage(name, "setColor(value / 100)"))
    looked = [event for slider in looks for event in (slider.input, slider.release)]
    gr.on(looked, None, None, None, js=to_stage(name, "adjusted()"))
    gr.on([tab["gentle_faces"].input], None, None, None, js=to_stage(name, "adjusted()"))
    on(tab["stage"].keep, live.keep, ["visit"], [], settings, queue=False, trigger_mode="always_last")
    on(tab["stage"].refuse, live.refuse, ["visit"], [], **AT_ONCE)
    on(tab["stage"].adjust, live.renew, ["visit"], ["turn"], **AT_ONCE)

    on(tab["photo"].upload, live.open_photo, ["visit", "photo"], ["turn", *controls], **RAW)
    on(
        tab["samples"].select,
        live.use_sample,
        ["visit", "moment"],
        ["turn", "region_box"],
        js=CLICKED,
        **AT_ONCE,
    )
    on(about.use_again.click, live.use_again, ["visit"], ["turn", "tab", *controls], **AT_ONCE)
    on(tab["size"].input, live.choose_size, ["visit", "size"], ["facts"], **AT_ONCE)
    on(
        tab["turn"].change,
        live.paint,
        ["visit"],
        ["stage", "facts", *(name for name in BEGUN if name in tab)],
        settings,
        trigger_mode="always_last",
        act=False,
        concurrency_id="preview",
        concurrency_limit=2,
    )
    on(
        tab["stage"].rest,
        live.rest,
        ["visit"],
        ["stage"],
        settings,
        trigger_mode="always_last",
        act=False,
        concurrency_id="truth",
        concurrency_limit=2,
    )
    if live.fine:
        on(
            tab["stage"].finer,
            live.finer,
            ["visit"],
            ["stage"],
            trigger_mode="always_last",
            act=False,
            concurrency_id="finer",
            concurrency_limit=2,
        )
    for starter, handler in live.starters.items():
        saved = on(
            tab[starter].click,
            getattr(live, handler),
            ["visit", "size", "format"],
            [*live.starters, "stop", "download", "history", "stage"],
            settings,
            trigger_mode="once",
            concurrency_id="full size",
            concurrency_limit=1,
        )
        saved.then(None, tab["download"], None, js=call_page("download(...values)"))
    on(tab["stop"].click, live.stop, ["visit"], [], **AT_ONCE)


def wire_regions(
    wires: Wires, region_handlers: RegionHandlers, name: str, panel: Sequence[str], controls: Sequence[str]
) -> Callable[..., Any]:
    """Connect what a stage tells of regions, and their panel; returns how to connect more of it.

    `controls` are the widgets that undo sets.

    Strokes and steps come in the order in which they were made, one at a time.
    """
    in_order: dict[str, Any] = {
        "trigger_mode": "multiple",
        "concurrency_id": f"{name} regions",
        "concurrency_limit": 1,
    }
    tab, outputs = wires.widgets, ["stage", "turn", *panel]

    def on(events: Any, handler: Callable[..., Any], *inputs: str, **more: Any) -> Any:
        settings = region_handlers.handlers.settings_type
        names = [*outputs, *controls] if handler in (region_handlers.undo, region_handlers.redo) else outputs
        return wires.on(events, handler, ["visit", *inputs], names, settings, **(in_order | more))

    # the strength of a region is blended on the stage too; a reset moves the slider without an input event
    slider = tab["region_strength"]
    gr.on([slider.release], None, slider, None, js=to_stage(name, "setRegionStrength(value / 100)"))
    stage = tab["stage"]
    for event, handler in (
        (stage.region_strength, region_handlers.set_strength),
        (stage.stroke, region_handlers.stroke),
        (stage.similar, region_handlers.similar),
        (stage.undo, region_handlers.undo),
        (stage.redo, region_handlers.redo),
        (tab["find_regions"].click, region_handlers.find),
        (tab["new_region"].click, region_handlers.add),
        (tab["clear_regions"].click, region_handlers.clear),
        (tab["region_done"].click, region_handlers.let_go),
    ):
        on(event, handler)
    on(stage.choose, region_handlers.choose).then(None, js=to_stage(name, "showPanel()"))
    # 16 masks of 40 megapixels take 0.6 GB
    large: dict[str, Any] = {"concurrency_id": "full size", "concurrency_limit": 1}
    saved = wires.on(tab["save_masks"].click, region_handlers.save_masks, ["visit"], ["download"], **large)
    saved.then(None, tab["download"], None, js=call_page("download(...values)"))
    on(tab["region_manner"].input, region_handlers.set_manner, "region_manner")
    for label, button in tab["presets"].items():
        on(button.click, region_handlers.preset(label))
    return on
