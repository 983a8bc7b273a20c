"""Every event of the page, and nowhere else; `stage_wiring.py` has those of each stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from stylizer.ui.handlers import generate as generate_handlers
from stylizer.ui.handlers import hints, style_regions
from stylizer.ui.handlers import translate as translate_handlers
from stylizer.ui.handlers.batch import BatchHandlers
from stylizer.ui.handlers.full_size import HistoryHandlers
from stylizer.ui.handlers.generate import GenerateHandlers
from stylizer.ui.handlers.hints import HintHandlers
from stylizer.ui.handlers.links import LinkHandlers, TranslateLinkHandlers
from stylizer.ui.handlers.photo_wall import PhotoWallHandlers
from stylizer.ui.handlers.study import StudyHandlers
from stylizer.ui.handlers.style_regions import StylizeRegionHandlers
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.handlers.translate import TranslateHandlers, TranslateRegionHandlers
from stylizer.ui.handlers.visits import VisitHandlers
from stylizer.ui.messages import ABOUT, INVENT, STYLIZE, TRANSLATE
from stylizer.ui.options import StyleSettings
from stylizer.ui.photo_wall import PhotoWalls
from stylizer.ui.sessions import LIFETIME
from stylizer.ui.stage.component import call_page
from stylizer.ui.stage_wiring import AT_ONCE, CLICKED, RAW, to_stage, wire_regions, wire_stage
from stylizer.ui.studies import StudyDesk
from stylizer.ui.tabs.about import AboutTab
from stylizer.ui.tabs.generate import GenerateTab
from stylizer.ui.tabs.stylize import StylizeTab
from stylizer.ui.tabs.translate import PREFIX, TranslateTab
from stylizer.ui.wires import ErrorLine, Wires


@dataclass(frozen=True)
class Parts:
    """What a page is made of; a tab without a model of its own has nothing to connect."""

    doors: dict[str, gr.Tab]
    stylize: StylizeTab
    translate: TranslateTab | None
    generate: GenerateTab | None
    about: AboutTab


STYLE_CONTROLS = ("title", "wall", *StyleSettings.WIDGETS, "region_box")
"""The widgets that a recipe sets."""


def wire_page(
    stylize: StylizeHandlers,
    translate: TranslateHandlers,
    generate: GenerateHandlers,
    studies: StudyDesk,
    page: gr.Blocks,
    parts: Parts,
) -> None:
    """Connect all events of the page.

    Whatever changes photo, style or look first asks for a new turn, outside the queue, which stops the work
    for the last one. The turn goes to a hidden number whose change runs the painter, one turn at a time; it
    paints what was asked for last (an event's own data would be that of the first click).
    """
    sessions, visits = stylize.sessions, VisitHandlers(stylize)
    shared: dict[str, Any] = {
        "visit": gr.State(None, time_to_live=LIFETIME, delete_callback=lambda _: sessions.sweep()),
        "key": gr.Textbox(visible="hidden", elem_id="visit-key"),
        "link": gr.Textbox(visible="hidden", elem_id="link"),
        "moment": gr.Number(value=0, visible="hidden"),
        "tab": gr.Textbox(visible="hidden", elem_id="tab"),
        "history": parts.about.history,
    }
    wires = Wires({**vars(parts.stylize), **shared, "turn": _turn("turn")}, ErrorLine(sessions, STYLIZE))
    outputs = ["visit", "key", "history", "tab", "facts", "title"]
    loaded = wires.on(page.load, visits.open_visit, ["key"], outputs, queue=False, js=call_page("claim()"))
    loaded = wires.on(
        loaded.then, stylize.come_back, ["visit"], ["stage", "turn", *STYLE_CONTROLS], act=False, queue=False
    )
    links = LinkHandlers(stylize)
    address: dict[str, Any] = {"js": call_page("address(...values)"), "act": False, "queue": False}
    wires.on(loaded.then, links.follow, ["visit", "link"], ["turn", *STYLE_CONTROLS], **address)
    _wire_copying(wires, links)
    # by a script: as an output, the tabs would be walked through, with all that is in them, at every event
    gr.on([shared["tab"].change], None, shared["tab"], None, js=call_page("openTab(...values)"))
    gr.on([shared["key"].change], None, shared["key"], None, js=call_page("remember(...values)"))
    page.unload(visits.leave)
    about_wires = Wires({**vars(parts.about), **shared}, ErrorLine(sessions, ABOUT))
    _wire_history(about_wires, HistoryHandlers(sessions), parts.about)
    forgotten = wires.on(parts.about.forget.click, visits.forget, ["visit"], [], **AT_ONCE)
    forgotten.then(None, js=call_page("forget()"))
    _wire_stylize(wires, stylize, parts, studies)
    if parts.translate is not None:
        tab = parts.translate
        shares = {f"share{place}": slider for place, slider in enumerate(tab.shares)}
        widgets = {**vars(tab), **shares, **shared, "turn": _turn("translate-turn")}
        # what is chosen of the looks may be the last model's for a moment; Gradio would refuse it
        translate_wires = Wires(widgets, ErrorLine(sessions, TRANSLATE), preprocess=False)
        back = ["stage", *translate_handlers.CONTROLS]
        translate_wires.on(
            loaded.then, translate.come_back, ["visit"], [*back, "turn"], act=False, queue=False
        )
        translate_links = TranslateLinkHandlers(translate)
        _wire_copying(translate_wires, translate_links)
        link = ["visit", "link"]
        translate_wires.on(loaded.then, translate_links.follow, link, ["turn", "tab", *back[1:]], **address)
        _wire_translate(translate_wires, translate, parts, tab)
    if parts.generate is not None:
        widgets = {**vars(parts.generate), **shared, "turn": _turn("invent-turn")}
        # the picture goes to the Stylize tab, whose widgets answer under their own names
        wires_there = Wires(widgets, ErrorLine(sessions, INVENT))
        _wire_generate(wires_there, generate, parts, parts.generate)
        to_stylize = Wires({**wires.widgets, "status": parts.generate.status}, wires_there.line)
        outputs = ["turn", "tab", "region_manner", *STYLE_CONTROLS]
        to_stylize.on(parts.generate.use.click, generate.use, ["visit"], outputs, **AT_ONCE)
        outputs = ["turn", "tab", "region_box"]
        to_stylize.on(parts.generate.paint.click, generate.paint_over, ["visit"], outputs, **AT_ONCE)


def _wire_copying(wires: Wires, links: LinkHandlers | TranslateLinkHandlers) -> None:
    """Connect the button that copies a link to what a tab shows."""
    kind, copy = type(links).settings_type, wires.widgets["copy_link"].click
    copied = wires.on(copy, links.copy, ["visit"], ["link"], kind, **AT_ONCE)
    copied.then(None, wires.widgets["link"], None, js=call_page("copyLink(...values)"))


def _turn(name: str) -> gr.Number:
    return gr.Number(value=0, visible="hidden", elem_id=name)


def _wire_stylize(wires: Wires, live: StylizeHandlers, parts: Parts, studies: StudyDesk) -> None:
    on, tab = wires.on, parts.stylize
    shares = [f"share{place}" for place in range(len(tab.shares))]
    looks = [tab.stroke, tab.detail, *tab.shares]
    wire_stage(wires, live, parts.doors[live.tab], parts.about, "stage", STYLE_CONTROLS, looks)
    gr.on([tab.colors_only.input], None, None, None, js=to_stage("stage", "adjusted()"))
    on(tab.camera.input, live.open_photo, ["visit", "camera"], ["turn", *STYLE_CONTROLS], **RAW)
    on(
        tab.wall.pick,
        live.choose_styles,
        ["visit"],
        ["turn", "title", "region_manner", "wall", "further", *shares],
        **AT_ONCE,
    )
    walls = PhotoWalls(live.engine, live.engine.styles())
    looked = PhotoWallHandlers(live, walls).look
    on(tab.wall.look, looked, ["visit"], ["photo_wall"], act=False, **AT_ONCE)
    for place, slider in enumerate(tab.shares):
        moved = f"(...values) => window.wall.balance({place}, ...values)"
        gr.on([slider.input], None, [tab.further, *tab.shares], tab.shares, js=moved)
    on(
        tab.own.upload,
        live.bring_styles,
        ["visit", "own"],
        ["turn", *STYLE_CONTROLS, "region_manner"],
        **RAW,
    )

    painted = on(
        tab.batch.upload,
        BatchHandlers(live).paint_batch,
        ["visit", "batch", "size", "format"],
        [*live.starters, "stop", "download"],
        live.settings_type,
        preprocess=False,
        trigger_mode="once",
        concurrency_id="full size",
        concurrency_limit=1,
    )
    painted.then(None, tab.download, None, js=call_page("download(...values)"))
    _wire_study(wires, StudyHandlers(live, studies), tab)
    region_handlers = StylizeRegionHandlers(live)
    on_region = wire_regions(wires, region_handlers, "stage", style_regions.PANEL, STYLE_CONTROLS)
    adjusted = [
        event for slider in (tab.region_color, tab.region_stroke) for event in (slider.input, slider.release)
    ]
    gr.on(adjusted, None, None, None, js=to_stage("stage", "regionAdjusted()"))
    on_region(tab.stage.adjust_region, region_handlers.adjust, "region_color", "region_stroke")
    on_region(tab.match.click, region_handlers.match)
    on_region(tab.mask.upload, region_handlers.bring_mask, "mask", preprocess=False)
    on_region(tab.region_part.input, region_handlers.pair, "region_part")
    on_region(tab.region_name.submit, region_handlers.rename, "region_name")
    for name, button in tab.edits.items():
        on_region(button.click, region_handlers.operation(name), "region_pixels")


def _wire_study(wires: Wires, live: StudyHandlers, tab: StylizeTab) -> None:
    """Connect studying; the desk counts who studies, so no event waits in the queue of the previews."""
    on, buttons = wires.on, ["study", "study_stop", "study_keep", "study_line"]
    on(tab.study.click, live.study_chosen, ["visit"], ["turn", "title", *buttons], concurrency_limit=None)
    stopping = on(tab.study_stop.click, live.stop, ["visit"], ["study_line"], **AT_ONCE)
    on(stopping.then, live.stopped, ["visit"], ["study_line"], act=False, **AT_ONCE)
    kept = on(tab.study_keep.click, live.keep, ["visit"], ["study_file"], **AT_ONCE)
    kept.then(None, tab.study_file, None, js=call_page("download(...values)"))


def _wire_translate(wires: Wires, live: TranslateHandlers, parts: Parts, tab: TranslateTab) -> None:
    on = wires.on
    shares = [f"share{place}" for place in range(len(tab.shares))]
    name = f"{PREFIX}stage"
    wire_stage(
        wires,
        live,
        parts.doors[live.tab],
        parts.about,
        name,
        translate_handlers.CONTROLS,
        [tab.stroke, *tab.shares],
    )
    chosen = ["turn", *translate_handlers.WALLS, *shares]
    on(tab.domains.input, live.choose_domains, ["visit", "model", "domains"], chosen, **AT_ONCE)
    picked = ["turn", "model", *translate_handlers.WALLS, "about", "hint_box", "domains", *shares]
    for wall, take in (("looks", live.choose_look), ("trials", live.choose_trial)):
        on(wires.widgets[wall].select, take, ["visit", "moment"], picked, js=CLICKED, **AT_ONCE)
    told, panel = HintHandlers(live), ["turn", "hints", *hints.PANEL]
    kind = live.settings_type
    on(tab.hint_picture.select, told.add, ["visit", "hint_color"], panel, kind, **AT_ONCE)
    on(tab.hint_back.click, told.take_back, ["visit"], panel, kind, **AT_ONCE)
    on(tab.hint_clear.click, told.clear, ["visit"], panel, kind, **AT_ONCE)
    on(tab.reference.upload, told.bring_reference, ["visit", "reference"], panel, kind, **RAW)
    region_handlers = TranslateRegionHandlers(live)
    region_panel, controls = translate_handlers.PANEL, translate_handlers.CONTROLS
    on_region = wire_regions(wires, region_handlers, name, region_panel, controls)
    on_region(tab.region_domains.input, region_handlers.set_domains, "region_domains")


def _wire_history(wires: Wires, live: HistoryHandlers, tab: AboutTab) -> None:
    on = wires.on
    on(tab.history.select, live.choose, ["visit"], ["history_box", "history_title"], **AT_ONCE)
    for button, suffix in ((tab.history_png, ".png"), (tab.history_jpeg, ".jpg")):
        ready = on(button.click, live.file(suffix), ["visit"], ["history_file"], **AT_ONCE)
        ready.then(None, tab.history_file, None, js=call_page("download(...values)"))


def _wire_generate(wires: Wires, live: GenerateHandlers, parts: Parts, tab: GenerateTab) -> None:
    on = wires.on
    entered = on(parts.doors[INVENT].select, live.enter, ["visit"], ["turn"], **AT_ONCE)
    many: dict[str, Any] = {"concurrency_id": "invent", "trigger_mode": "once"}
    kind = live.settings_type
    on(entered.then, live.fill, ["visit"], ["sheet"], kind, act=False, concurrency_id="invent")
    on(tab.eight.click, live.eight, ["visit"], ["sheet"], kind, **many)
    on(tab.vary.click, live.vary, ["visit"], ["sheet"], kind, **many)
    chosen = ["turn", *generate_handlers.WIDGETS]
    on(tab.sheet.select, live.choose, ["visit", "moment"], chosen, js=CLICKED, **AT_ONCE)
    on(tab.keep.click, live.keep, ["visit"], ["history"], **AT_ONCE)
    on(parts.about.use_again.click, live.use_again, ["visit"], ["tab", *chosen], **AT_ONCE)
    on(tab.saved.upload, live.open_saved, ["visit", "saved"], chosen, **RAW)
    sliders = (tab.coarse, tab.middle, tab.fine, tab.truncation)
    changed = [event for slider in sliders for event in (slider.input, slider.release)]
    changed += [tab.seed.input, tab.second.input, tab.model.input]
    on(changed, live.renew, ["visit"], ["turn"], **AT_ONCE)
    on(tab.roll.click, live.roll("seed"), ["visit"], ["seed", "turn"], **AT_ONCE)
    on(tab.roll_second.click, live.roll("second"), ["visit"], ["second", "turn"], **AT_ONCE)
    on(tab.other.click, live.take_other, ["visit"], ["second"], kind, **AT_ONCE)
    on(
        wires.widgets["turn"].change,
        live.paint,
        ["visit"],
        ["picture", "download", *generate_handlers.DEEDS, "walk", "sheet"],
        live.settings_type,
        act=False,
        trigger_mode="always_last",
        concurrency_id="invent",
        concurrency_limit=2,
    )
    on(
        tab.walk.select,
        live.take_step,
        ["visit"],
        ["picture", "download", *generate_handlers.DEEDS],
        **AT_ONCE,
    )
