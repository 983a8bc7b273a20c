"""Every event of the page, and nowhere else."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from stylizer.ui import options
from stylizer.ui.handlers import generate, translate
from stylizer.ui.handlers.generate import Inventions
from stylizer.ui.handlers.regions import Desk
from stylizer.ui.handlers.stage import Answer, LivePicture
from stylizer.ui.handlers.stylize import MOST_FURTHER, Studio
from stylizer.ui.handlers.translate import TranslationDesk, Translations
from stylizer.ui.messages import INVENT, sentence_of, status
from stylizer.ui.region_desk import PANEL, RegionDesk
from stylizer.ui.state import LIFETIME
from stylizer.ui.tabs.about import AboutTab
from stylizer.ui.tabs.generate import InventTab
from stylizer.ui.tabs.stylize import StylizeTab
from stylizer.ui.tabs.translate import PREFIX, TranslateTab

AT_ONCE = {"queue": False, "trigger_mode": "multiple"}
RAW = AT_ONCE | {"preprocess": False}
"""Files are opened by our own imaging room alone."""
CLICKED = "(...values) => [...values.slice(0, -1), performance.now()]"


def to_stage(name: str, call: str) -> str:
    """Write the script that passes a widget's value on to a function of a stage."""
    return f"(value) => {{ window.stages?.['{name}']?.{call}; }}"


@dataclass(frozen=True)
class Parts:
    """What a page is made of; a tab without a model of its own has nothing to connect."""

    tabs: gr.Tabs
    doors: dict[str, gr.Tab]
    stylize: StylizeTab
    translate: TranslateTab | None
    invent: InventTab | None
    about: AboutTab


SETTINGS = ["strength", *options.LOOK, "further", *(f"share{place}" for place in range(MOST_FURTHER + 1))]
"""The widgets that a painting depends on, in the order in which handlers take their values."""
STYLE_CONTROLS = ["title", "wall", "chips", *SETTINGS, "region_box"]
"""The widgets that a recipe sets."""


class Wires:
    """Connect events to handlers: answers by name become outputs, and no error covers a control.

    A handler that raises leaves every widget as it is; the sentence goes to the status line.
    """

    def __init__(self, widgets: dict[str, Any], **settings: Any) -> None:
        """`settings` are those of every event that says nothing else."""
        self.widgets, self.settings = widgets, settings

    def on(
        self, events: Any, handler: Callable, inputs: list[str], outputs: list[str], **settings: Any
    ) -> Any:
        """Run a handler on an event or several; the outputs are those it may name in its answer."""
        names = [*dict.fromkeys([*outputs, "status"])]
        settings = {"show_progress": "hidden", "api_visibility": "private"} | self.settings | settings
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
    studio: Studio, translations: Translations, inventions: Inventions, page: gr.Blocks, parts: Parts
) -> None:
    """Connect all events of the page.

    Whatever changes photo, style or look first asks for a new turn, outside the queue, which stops the work
    for the last one. The turn goes to a hidden number whose change runs the painter, one turn at a time; it
    paints what was asked for last (an event's own data would be that of the first click).
    """
    shared = {
        "visit": gr.State(None, time_to_live=LIFETIME, delete_callback=lambda _: studio.sessions.sweep()),
        "moment": gr.Number(value=0, visible="hidden"),
        "tabs": parts.tabs,
        "history": parts.about.history,
    }
    stylize = Wires({**vars(parts.stylize), **shared, "turn": _turn("turn")})
    stylize.on(page.load, studio.open_visit, [], ["visit"], queue=False)
    page.unload(studio.leave)
    _wire_stylize(stylize, studio, parts)
    if parts.translate is not None:
        tab = parts.translate
        shares = {f"share{place}": slider for place, slider in enumerate(tab.shares)}
        widgets = {**vars(tab), **shares, **shared, "turn": _turn("translate-turn")}
        # what is chosen of the looks may be the last model's for a moment; Gradio would refuse it
        _wire_translate(Wires(widgets, preprocess=False), translations, parts)
    if parts.invent is not None:
        widgets = {**vars(parts.invent), **shared, "turn": _turn("invent-turn")}
        # the picture goes to the Stylize tab, whose widgets answer under their own names
        _wire_invent(Wires(widgets), inventions, parts)
        wires = Wires({**stylize.widgets, "status": parts.invent.status})
        outputs = ["turn", "tabs", "region_manner", *STYLE_CONTROLS]
        wires.on(parts.invent.use.click, inventions.use, ["visit"], outputs, **AT_ONCE)


def _turn(name: str) -> gr.Number:
    return gr.Number(value=0, visible="hidden", elem_id=name)


def _wire_stage(
    wires: Wires,
    live: LivePicture,
    parts: Parts,
    name: str,
    settings: list[str],
    controls: list[str],
    looks: list[gr.Slider],
) -> None:
    """Connect a tab's stage, photo, history and full size; `looks` are sliders that need the painter."""
    on, tab = wires.on, wires.widgets
    on(parts.doors[live.tab].select, live.enter, ["visit"], ["turn", "region_box"], **AT_ONCE)

    # the strength slider never reaches the server: the stage listens to it, and blends
    strength = tab["strength"]
    gr.on(
        [strength.change, strength.release],
        None,
        strength,
        None,
        js=to_stage(name, "setStrength(value / 100)"),
    )
    looked = [event for slider in looks for event in (slider.input, slider.release)]
    gr.on(looked, None, None, None, js=to_stage(name, "lookChanged()"))
    on(tab["stage"].look, live.renew, ["visit"], ["turn"], **AT_ONCE)

    on(tab["photo"].upload, live.open_photo, ["visit", "photo"], ["turn", *controls], **RAW)
    on(
        tab["samples"].select,
        live.use_sample,
        ["visit", "moment"],
        ["turn", "region_box"],
        js=CLICKED,
        **AT_ONCE,
    )
    on(parts.about.history.select, live.replay, ["visit"], ["turn", "tabs", *controls], **AT_ONCE)
    on(
        tab["turn"].change,
        live.paint,
        ["visit", *settings],
        ["stage", "download", *(["title"] if "title" in tab else [])],
        trigger_mode="always_last",
        concurrency_id="preview",
        concurrency_limit=2,
    )
    on(
        tab["stage"].rest,
        live.rest,
        ["visit", *settings],
        ["stage", "download"],
        trigger_mode="always_last",
        concurrency_id="truth",
        concurrency_limit=2,
    )
    on(
        tab["render"].click,
        live.render,
        ["visit", "size", *settings],
        ["render", "stop", "download", "history"],
        trigger_mode="once",
        concurrency_id="full size",
        concurrency_limit=1,
    )
    on(tab["stop"].click, live.stop, ["visit"], [], **AT_ONCE)


def _wire_stylize(wires: Wires, studio: Studio, parts: Parts) -> None:
    on, tab = wires.on, parts.stylize
    shares = [f"share{place}" for place in range(len(tab.shares))]
    looks = [tab.color, tab.stroke, tab.detail, *tab.shares]
    _wire_stage(wires, studio, parts, "stage", SETTINGS, STYLE_CONTROLS, looks)
    gr.on([tab.colors_only.input], None, None, None, js=to_stage("stage", "lookChanged()"))
    on(tab.camera.input, studio.open_photo, ["visit", "camera"], ["turn", *STYLE_CONTROLS], **RAW)
    on(
        tab.wall.select,
        studio.choose_style,
        ["visit", "chips", "further", "moment"],
        ["turn", "title", "region_manner", *shares],
        js=CLICKED,
        **AT_ONCE,
    )
    on(tab.chips.input, studio.filter_styles, ["visit", "chips"], ["wall"], **AT_ONCE)
    on(
        tab.own.upload,
        studio.bring_styles,
        ["visit", "own"],
        ["turn", *STYLE_CONTROLS, "region_manner"],
        **RAW,
    )
    on(tab.further.input, studio.change_mix, ["visit", "further"], ["turn", *shares], **AT_ONCE)

    desk = RegionDesk(studio)
    on_region = _wire_regions(wires, desk, "stage", SETTINGS, PANEL)
    dressed = [
        event for slider in (tab.region_color, tab.region_stroke) for event in (slider.input, slider.release)
    ]
    gr.on(dressed, None, None, None, js=to_stage("stage", "regionLookChanged()"))
    on_region(tab.stage.dress, desk.dress, "region_color", "region_stroke")
    on_region(tab.mask.upload, desk.bring_mask, "mask", preprocess=False)
    on_region(tab.region_part.input, desk.pair, "region_part")
    on_region(tab.region_name.submit, desk.rename, "region_name")
    for action, button in tab.edits.items():
        on_region(button.click, desk.editor(action), "region_pixels")


def _wire_translate(wires: Wires, live: Translations, parts: Parts) -> None:
    on, tab = wires.on, parts.translate
    shares = [f"share{place}" for place in range(len(tab.shares))]
    controls = list(translate.CONTROLS)
    looks = [tab.color, tab.stroke, *tab.shares]
    name = f"{PREFIX}stage"
    _wire_stage(wires, live, parts, name, list(translate.SETTINGS), controls, looks)
    on(
        tab.model.input,
        live.choose_model,
        ["visit", "model"],
        ["turn", "about", "domains", *shares],
        **AT_ONCE,
    )
    on(tab.domains.input, live.choose_domains, ["visit", "model", "domains"], ["turn", *shares], **AT_ONCE)
    desk = TranslationDesk(live)
    on_region = _wire_regions(wires, desk, name, list(translate.SETTINGS), translate.PANEL)
    on_region(tab.region_domains.input, desk.set_domains, "region_domains")


def _wire_regions(
    wires: Wires, desk: Desk, name: str, settings: list[str], panel: tuple[str, ...]
) -> Callable[..., None]:
    """Connect what a stage tells of regions, and their panel; returns how to connect more of it.

    Strokes and steps come in the order in which they were made, one at a time.
    """
    in_order = {"trigger_mode": "multiple", "concurrency_id": f"{name} regions", "concurrency_limit": 1}
    tab, outputs = wires.widgets, ["stage", "turn", *panel]

    def on(events: Any, handler: Callable, *inputs: str, **more: Any) -> None:
        wires.on(events, handler, ["visit", *inputs, *settings], outputs, **(in_order | more))

    # the strength of a region is blended on the stage too; a reset moves the slider without an input event
    slider = tab["region_strength"]
    gr.on([slider.release], None, slider, None, js=to_stage(name, "setRegionStrength(value / 100)"))
    stage = tab["stage"]
    for event, handler in (
        (stage.choose, desk.choose),
        (stage.settle, desk.settle),
        (stage.stroke, desk.stroke),
        (stage.wand, desk.wand),
        (stage.undo, desk.undo),
        (tab["find_regions"].click, desk.find),
        (tab["new_region"].click, desk.add),
        (tab["clear_regions"].click, desk.clear),
    ):
        on(event, handler)
    on(tab["region_manner"].input, desk.set_manner, "region_manner")
    for label, button in tab["presets"].items():
        on(button.click, desk.preset(label))
    return on


def _wire_invent(wires: Wires, desk: Inventions, parts: Parts) -> None:
    on, tab = wires.on, parts.invent
    on(parts.doors[INVENT].select, desk.enter, ["visit"], ["turn"], **AT_ONCE)
    sliders = (tab.coarse, tab.middle, tab.fine, tab.truncation)
    changed = [event for slider in sliders for event in (slider.input, slider.release)]
    changed += [tab.seed.input, tab.second.input, tab.model.input]
    on(changed, desk.renew, ["visit"], ["turn"], **AT_ONCE)
    on(tab.roll.click, desk.roll("seed"), ["visit"], ["seed", "turn"], **AT_ONCE)
    on(tab.roll_second.click, desk.roll("second"), ["visit"], ["second", "turn"], **AT_ONCE)
    on(
        wires.widgets["turn"].change,
        desk.paint,
        ["visit", *generate.SETTINGS],
        ["picture", "download", "use", "walk"],
        trigger_mode="always_last",
        concurrency_id="invent",
        concurrency_limit=2,
    )
    on(tab.walk.select, desk.take_step, ["visit"], ["picture", "download", "use"], **AT_ONCE)
