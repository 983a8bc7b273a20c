"""The Stylize tab: the stage, and beside it photo, painting and look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from stylizer.models.style_file import SUFFIX
from stylizer.ui import options
from stylizer.ui.gallery import StyleGallery
from stylizer.ui.options import MOST_FURTHER
from stylizer.ui.samples import SamplePhoto
from stylizer.ui.stage.message import StageMessage
from stylizer.ui.stage.wall import chosen_panel, make_photo_wall, make_wall
from stylizer.ui.tabs.regions import make_regions_panel
from stylizer.ui.tabs.shared import PICTURES, make_easel, make_photo_row


@dataclass(frozen=True)
class StylizeTab:
    """The components of the tab, by the names that the handlers use."""

    stage: gr.HTML
    status: gr.HTML
    strength: gr.Slider
    render: gr.Button
    masterwork: gr.Button
    stop: gr.Button
    download: gr.DownloadButton
    size: gr.Radio
    format: gr.Radio
    facts: gr.HTML
    copy_link: gr.Button
    photo: gr.UploadButton
    samples: gr.Gallery
    batch: gr.UploadButton
    camera: gr.Image
    wall: gr.HTML
    photo_wall: gr.HTML
    title: gr.HTML
    own: gr.UploadButton
    study: gr.Button
    study_stop: gr.Button
    study_keep: gr.Button
    study_line: gr.HTML
    study_file: gr.DownloadButton
    further: gr.Dropdown
    share0: gr.Slider
    share1: gr.Slider
    share2: gr.Slider
    share3: gr.Slider
    color: gr.Slider
    colors_only: gr.Checkbox
    stroke: gr.Slider
    detail: gr.Slider
    gentle_faces: gr.Checkbox
    find_regions: gr.Button
    new_region: gr.Button
    mask: gr.UploadButton
    save_masks: gr.Button
    clear_regions: gr.Button
    presets: dict[str, gr.Button]
    match: gr.Button
    edits: dict[str, gr.Button]
    region_box: gr.Column
    region_title: gr.HTML
    region_done: gr.Button
    region_manner: gr.Radio
    region_part: gr.Dropdown
    region_strength: gr.Slider
    region_color: gr.Slider
    region_stroke: gr.Slider
    region_pixels: gr.Slider
    region_name: gr.Textbox

    @property
    def shares(self) -> list[gr.Slider]:
        return [self.share0, self.share1, self.share2, self.share3]


def make_stylize_tab(
    gallery: StyleGallery,
    samples: tuple[SamplePhoto, ...],
    message: StageMessage,
    chosen: str,
    sentence: str,
    can_find: bool,
) -> StylizeTab:
    """Lay out the tab: `message` is for the stage, `chosen` the style's key, `sentence` the status.

    `can_find` tells whether there is a segmenter.
    """
    made: dict[str, Any] = {}
    with gr.Row(elem_id="studio", equal_height=False):
        with gr.Column(scale=3, min_width=320, elem_id="easel"):
            made |= make_easel(message, sentence, masterwork=True)
        with gr.Column(scale=2, min_width=320, elem_id="palette"):
            made |= _photo(samples)
            made |= make_regions_panel(can_find, PICTURES)
            made |= _styles(gallery, chosen)
            with gr.Accordion("Look", open=False, elem_id="look"):
                made |= {"color": options.slider("color"), "colors_only": options.switch("colors_only")}
                made |= {"stroke": options.slider("stroke"), "detail": options.slider("detail")}
                made["gentle_faces"] = options.switch("gentle_faces")
    return StylizeTab(**made)


def _photo(samples: tuple[SamplePhoto, ...]) -> dict[str, Any]:
    with gr.Column(elem_id="photo-panel", elem_classes="panel"):
        made = make_photo_row(samples)
        with gr.Column(elem_id="batch"):
            made["batch"] = gr.UploadButton(
                "Several photos at once, as a zip",
                file_types=PICTURES,
                file_count="multiple",
                size="sm",
                elem_classes="quiet",
            )
        with gr.Accordion("Camera", open=False, elem_id="camera-panel"):
            made["camera"] = gr.Image(
                sources=["webcam"],
                type="filepath",
                image_mode=None,
                show_label=False,
                buttons=[],
                elem_id="camera",
                height=240,
            )
    return made


def _styles(gallery: StyleGallery, chosen: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    card = next((card for card in gallery.shipped if card.key == chosen), None)
    with gr.Column(elem_id="styles-panel", elem_classes="panel"):
        gr.HTML("<h2>Painting</h2>")
        with gr.Column(elem_id="chosen-box"):
            made["title"] = gr.HTML(chosen_panel(card), elem_id="chosen", apply_default_css=False)
            made["study_line"] = gr.HTML("", elem_id="study-line", apply_default_css=False)
            with gr.Row(elem_classes="deeds", elem_id="study-deeds"):
                made["study"] = gr.Button("Study this painting", visible=False, elem_id="study")
                made["study_stop"] = gr.Button("Stop studying", visible=False, elem_id="study-stop")
                made["study_keep"] = gr.Button("Keep the studied style", visible=False, elem_id="study-keep")
        made["further"] = gr.Dropdown(
            [], value=[], multiselect=True, allow_custom_value=True, visible="hidden", elem_id="further"
        )
        with gr.Column(elem_id="mix"):
            for place in range(MOST_FURTHER + 1):
                made[f"share{place}"] = gr.Slider(
                    0,
                    100,
                    50,
                    step=1,
                    label="Share (%)",
                    visible=False,
                    interactive=True,
                    buttons=[],
                    elem_classes="share",
                )
        made["wall"] = make_wall(gallery, card.key if card else "")
        made["photo_wall"] = make_photo_wall()
        with gr.Column(elem_id="own-style"):
            made["own"] = gr.UploadButton(
                "Add your own paintings", file_types=[*PICTURES, SUFFIX], file_count="multiple", size="md"
            )
        made["study_file"] = gr.DownloadButton(visible="hidden", elem_id="study-file")
    return made
