"""The Regions part of the Stylize tab: finding regions, presets, and what the chosen ones wear."""

from __future__ import annotations

from typing import Any

import gradio as gr

from stylizer.ui import options
from stylizer.ui.handlers.regions import MANNERS, OPERATIONS
from stylizer.ui.handlers.style_regions import MATCH, WHOLE_PAINTING
from stylizer.ui.region_edits import PRESETS
from stylizer.ui.tabs.shared import make_region_head, make_region_rest

ABOUT = "Find the parts of the photo, or make one and paint it with the brush."
NO_SEGMENTER = "Regions cannot be found without their model; make them with the brush."


def make_regions_panel(can_find: bool, pictures: list[str]) -> dict[str, Any]:
    """Lay out the panel; `can_find` tells whether there is a segmenter, `pictures` the files it takes."""
    made: dict[str, Any] = {}
    # above the deeds, and shown while they are closed: it belongs to what was clicked on the picture
    with gr.Column(visible=False, elem_id="region-box", elem_classes="panel") as box:
        made |= make_region_head()
        made["region_manner"] = gr.Radio(
            list(MANNERS), label="Painted", show_label=False, container=False, elem_id="region-manner"
        )
        made["region_part"] = gr.Dropdown(
            [WHOLE_PAINTING],
            value=None,
            label="Takes from",
            visible=False,
            interactive=True,
            elem_id="region-part",
        )
        made["region_strength"] = _slider("strength")
        with gr.Accordion("Change the region", open=False, elem_id="region-more"):
            made["region_color"], made["region_stroke"] = _slider("color"), _slider("stroke")
            with gr.Row(elem_classes="deeds"):
                made["edits"] = {action: gr.Button(action) for action in OPERATIONS}
            made["region_pixels"] = gr.Slider(
                1,
                64,
                8,
                step=1,
                label="Step (px)",
                info="For grow, shrink and feather.",
                interactive=True,
            )
            made["region_name"] = gr.Textbox(
                label="Name", info="Enter renames it.", max_length=40, elem_id="region-name"
            )
    made["region_box"] = box
    with gr.Accordion("Regions", open=False, elem_id="regions-panel"):
        gr.HTML(f"<p>{ABOUT if can_find else NO_SEGMENTER}</p>")
        with gr.Row(elem_classes="deeds side-by-side"):
            made["find_regions"] = gr.Button("Find regions", visible=can_find, elem_id="find-regions")
            made["new_region"] = gr.Button("New region", elem_id="new-region")
            made["mask"] = gr.UploadButton("Upload mask", file_types=pictures, elem_id="upload-mask")
        with gr.Row(elem_classes="deeds presets", visible=can_find):
            made["presets"] = {label: gr.Button(label) for label in PRESETS}
            made["match"] = gr.Button(MATCH, visible=False, elem_id="match")
        made |= make_region_rest()
    return made


def _slider(name: str) -> gr.Slider:
    return options.slider(name, elem_id=f"region-{name}", of="the region")
