"""The Translate tab: the stage, and beside it photo, model, look and regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from stylizer.engine import TranslateRequest
from stylizer.ui import options
from stylizer.ui.handlers.hints import NO_HINTS
from stylizer.ui.handlers.regions import FOLLOW, PHOTO
from stylizer.ui.handlers.translate import OWN_LOOK, TranslateHandlers, about_line, worded
from stylizer.ui.looks import Look, looks, takes_hints
from stylizer.ui.messages import status
from stylizer.ui.options import MOST_SHARES
from stylizer.ui.region_edits import PRESETS
from stylizer.ui.samples import SamplePhoto
from stylizer.ui.stage.message import compose_message
from stylizer.ui.tabs.shared import PICTURES, make_easel, make_photo_row, make_region_head, make_region_rest

PREFIX = "translate-"
NONE = "No translator is here yet. Put its folder into checkpoints, and start the studio again."
WAITING = "Reading the photo."
USEFUL = ("Subject only", "Background only", "Protect people")
"""Presets; the others ask for a painting."""
ABOUT_LOOKS = "All on one photo. Those with a + can be mixed."
ABOUT_TRIALS = "Look twice: faces and fine lines may suffer."
ABOUT_HINTS = (
    "Choose a color, and click where it belongs; what looks alike takes it too. Or bring a photo in color of "
    "something alike."
)
ABOUT_REGIONS = "Each region can keep the photo, or have a look and a strength of its own."


@dataclass(frozen=True)
class TranslateTab:
    """The components of the tab, by the names that the handlers use."""

    stage: gr.HTML
    status: gr.HTML
    strength: gr.Slider
    render: gr.Button
    stop: gr.Button
    download: gr.DownloadButton
    size: gr.Radio
    format: gr.Radio
    facts: gr.HTML
    copy_link: gr.Button
    photo: gr.UploadButton
    samples: gr.Gallery
    looks: gr.Gallery
    trials: gr.Gallery
    model: gr.Radio
    about: gr.HTML
    domains: gr.CheckboxGroup
    shares: tuple[gr.Slider, ...]
    color: gr.Slider
    stroke: gr.Slider
    gentle_faces: gr.Checkbox
    hints: gr.Textbox
    hint_box: gr.Column
    hint_picture: gr.Image
    hint_line: gr.HTML
    hint_color: gr.ColorPicker
    hint_back: gr.Button
    hint_clear: gr.Button
    reference: gr.UploadButton
    find_regions: gr.Button
    new_region: gr.Button
    save_masks: gr.Button
    clear_regions: gr.Button
    presets: dict[str, gr.Button]
    region_box: gr.Column
    region_title: gr.HTML
    region_done: gr.Button
    region_manner: gr.Radio
    region_strength: gr.Slider
    region_domains: gr.CheckboxGroup


def make_translate_tab(
    translate: TranslateHandlers, samples: tuple[SamplePhoto, ...], can_find: bool
) -> TranslateTab | None:
    """Lay out the tab; without a translator it says so, and there is nothing to return."""
    if not translate.models():
        gr.HTML(f"<p>{NONE}</p>", elem_id=f"{PREFIX}none")
        return None
    made: dict[str, Any] = {}
    with gr.Row(elem_id=f"{PREFIX}studio", equal_height=False):
        with gr.Column(scale=3, min_width=320, elem_id=f"{PREFIX}easel"):
            empty = compose_message(0, "", {})
            made |= make_easel(empty, WAITING, PREFIX, "translation", TranslateRequest)
        with gr.Column(scale=2, min_width=320, elem_id=f"{PREFIX}palette"):
            with gr.Column(elem_classes="panel"):
                made |= make_photo_row(samples, PREFIX)
            made |= _chosen_region()
            made |= _models(translate)
            made |= _hints(translate)
            made |= _regions(can_find)
            with gr.Accordion("Fine tuning", open=False, elem_id=f"{PREFIX}fine"):
                for name in ("color", "stroke"):
                    made[name] = options.slider(name, elem_id=f"{PREFIX}{name}", kind=TranslateRequest)
                made["gentle_faces"] = options.switch(
                    "gentle_faces", f"{PREFIX}gentle-faces", TranslateRequest
                )
    return TranslateTab(**made)


def _models(translate: TranslateHandlers) -> dict[str, Any]:
    made: dict[str, Any] = {}
    models = translate.models()
    card = translate.card(models[0][1])
    offered = looks(card)
    with gr.Column(elem_id=f"{PREFIX}models-panel", elem_classes="panel"):
        gr.HTML(f"<h2>Look</h2><p>{ABOUT_LOOKS}</p>")
        made["about"] = gr.HTML(about_line(card), elem_id=f"{PREFIX}about", apply_default_css=False)
        convince = translate.wall("looks")
        made["looks"] = _wall(convince, "Looks", f"{PREFIX}looks", 0 if convince else None)
        made["model"] = gr.Radio(
            models,
            value=card.name,
            label="Translation",
            show_label=False,
            container=False,
            visible="hidden",  # a look's sample chooses it
            elem_id=f"{PREFIX}model",
        )
        made["domains"] = gr.CheckboxGroup(
            worded(offered),
            value=offered[:1],
            label="Look, or a mix of several",
            visible=len(offered) > 1,
            elem_id=f"{PREFIX}domains",
        )
        made["shares"] = tuple(
            gr.Slider(
                0, 100, 50, step=1, label="Share", visible=False, interactive=True, elem_classes="share"
            )
            for _ in range(MOST_SHARES)
        )
        trials = translate.wall("trials")
        opened, there = not convince, bool(trials)
        with gr.Accordion("Experimental looks", open=opened, visible=there, elem_id=f"{PREFIX}trials-panel"):
            gr.HTML(f"<p>{ABOUT_TRIALS}</p>")
            made["trials"] = _wall(trials, "Experimental looks", f"{PREFIX}trials", None if convince else 0)
    return made


def _wall(shown: list[Look], label: str, name: str, ringed: int | None) -> gr.Gallery:
    """Hang samples of looks on a wall."""
    return gr.Gallery(
        [(look.sample, look.title) for look in shown],
        label=label,
        selected_index=ringed,
        show_label=False,
        columns=4,
        object_fit="cover",
        allow_preview=False,
        buttons=[],
        interactive=False,
        elem_id=name,
        container=False,
    )


def _hints(translate: TranslateHandlers) -> dict[str, Any]:
    """Lay out the place for color hints; a model that takes none hides it."""
    made: dict[str, Any] = {"hints": gr.Textbox("", visible="hidden", elem_id=f"{PREFIX}hints")}
    first = takes_hints(translate.card(translate.models()[0][1]))
    with gr.Column(visible=first, elem_id=f"{PREFIX}hint-box", elem_classes="panel") as box:
        gr.HTML(f"<h2>Colors that you know</h2><p>{ABOUT_HINTS}</p>")
        made["hint_color"] = gr.ColorPicker("#c08040", label="Color", elem_id=f"{PREFIX}hint-color")
        made["hint_picture"] = gr.Image(
            interactive=False,
            show_label=False,
            container=False,
            buttons=[],
            label="The photo in gray, to click colors on",
            elem_id=f"{PREFIX}hint-picture",
        )
        made["hint_line"] = gr.HTML(status(NO_HINTS), apply_default_css=False, elem_id=f"{PREFIX}hint-line")
        with gr.Row(elem_classes="deeds"):
            made["hint_back"] = gr.Button("Take the last back", visible=False, elem_id=f"{PREFIX}hint-back")
            made["hint_clear"] = gr.Button("No colors", visible=False, elem_id=f"{PREFIX}hint-clear")
            made["reference"] = gr.UploadButton(
                "Colors of another photo", file_types=PICTURES, size="md", elem_id=f"{PREFIX}reference"
            )
    made["hint_box"] = box
    return made


def _chosen_region() -> dict[str, Any]:
    """Lay out the panel of what was clicked on the picture; it is shown while the deeds are closed, too."""
    made: dict[str, Any] = {}
    with gr.Column(visible=False, elem_id=f"{PREFIX}region-box", elem_classes="panel") as box:
        made |= make_region_head(PREFIX)
        made["region_manner"] = gr.Radio(
            [FOLLOW, OWN_LOOK, PHOTO],
            label="Translated",
            show_label=False,
            container=False,
            elem_id=f"{PREFIX}region-manner",
        )
        made["region_strength"] = options.slider(
            "strength", "the region", f"{PREFIX}region-strength", TranslateRequest
        )
        made["region_domains"] = gr.CheckboxGroup(
            [], label="Look of the region", visible=False, elem_id=f"{PREFIX}region-domains"
        )
    made["region_box"] = box
    return made


def _regions(can_find: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    with gr.Accordion("Regions", open=False, elem_id=f"{PREFIX}regions-panel"):
        gr.HTML(f"<p>{ABOUT_REGIONS}</p>")
        with gr.Row(elem_classes="deeds side-by-side"):
            made["find_regions"] = gr.Button(
                "Find regions", visible=can_find, elem_id=f"{PREFIX}find-regions"
            )
            made["new_region"] = gr.Button("New region")
        with gr.Row(elem_classes="deeds presets", visible=can_find):
            made["presets"] = {label: gr.Button(label) for label in PRESETS if label in USEFUL}
        made |= make_region_rest(PREFIX)
    return made
