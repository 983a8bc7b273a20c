"""What the tabs with a stage have in common: the easel with its buttons, and the place for photos."""

from __future__ import annotations

from typing import Any

import gradio as gr

from stylizer.engine import StyleRequest
from stylizer.engine.settings import find_option
from stylizer.imaging.folders import SUFFIXES
from stylizer.ui import options
from stylizer.ui.handlers.full_size import FORMATS, SIZE_CHOICES
from stylizer.ui.messages import status
from stylizer.ui.samples import SamplePhoto
from stylizer.ui.stage.component import make_stage, make_status_line
from stylizer.ui.stage.message import StageMessage

PICTURES = list(SUFFIXES)

PHOTO_WORDS = (
    "<h2>Photo</h2><p>Open, drop or paste; up to 40 MB and 40 megapixels. "
    "A PNG saved here brings its settings back.</p>"
)


def make_easel(
    message: StageMessage,
    sentence: str,
    prefix: str = "",
    picture: str = "painting",
    kind: type = StyleRequest,
    masterwork: bool = False,
) -> dict[str, Any]:
    """Lay out a stage, its strength and what saves in full size; `prefix` begins the ids.

    `masterwork` tells whether there is a button for one.
    """
    first, most = options.default("strength", kind) / 100, find_option("strength", kind).metadata["most"]
    made: dict[str, Any] = {"stage": make_stage(message, first, most, prefix, picture)}
    made["status"] = make_status_line(status(sentence), f"{prefix}status")
    with gr.Column(elem_id=f"{prefix}strength-box"):
        made["strength"] = options.slider("strength", elem_id=f"{prefix}strength", kind=kind)
    with gr.Row(elem_id=f"{prefix}actions"):
        made["size"] = gr.Radio(
            SIZE_CHOICES,
            value=SIZE_CHOICES[0][1],
            label="Longest side (px)",
            elem_id=f"{prefix}size",
            min_width=260,
            scale=3,
        )
        made["format"] = gr.Radio(
            list(FORMATS), value="PNG", label="File", elem_id=f"{prefix}format", min_width=120
        )
        made["render"] = gr.Button("Save", variant="primary", elem_id=f"{prefix}render", min_width=120)
        if masterwork:
            made["masterwork"] = gr.Button("Masterwork", elem_id=f"{prefix}masterwork", min_width=120)
        made["stop"] = gr.Button("Stop", visible=False, elem_id=f"{prefix}stop", min_width=120)
    made["facts"] = gr.HTML("", elem_id=f"{prefix}facts", apply_default_css=False)
    made["download"] = gr.DownloadButton(visible="hidden", elem_id=f"{prefix}download")
    made["copy_link"] = gr.Button("Copy link", elem_id=f"{prefix}copy-link", elem_classes="quiet", size="sm")
    return made


def make_region_head(prefix: str = "") -> dict[str, Any]:
    """Lay out what names the chosen regions, and the way back to the whole picture."""
    made: dict[str, Any] = {}
    with gr.Row(elem_id=f"{prefix}region-head", elem_classes="region-head"):
        made["region_title"] = gr.HTML("", apply_default_css=False, elem_id=f"{prefix}region-title")
        made["region_done"] = gr.Button(
            "Done", elem_id=f"{prefix}region-done", elem_classes="quiet", size="sm", min_width=44
        )
    return made


def make_region_rest(prefix: str = "") -> dict[str, Any]:
    """Lay out what can be done with regions that are there; until then nothing of it is seen."""
    manner: dict[str, Any] = {"elem_classes": "quiet", "size": "sm", "min_width": 44}
    with gr.Row(elem_classes="region-rest"):
        return {
            "save_masks": gr.Button("Save masks", elem_id=f"{prefix}save-masks", **manner),
            "clear_regions": gr.Button("No regions", elem_id=f"{prefix}clear-regions", **manner),
        }


def make_photo_row(samples: tuple[SamplePhoto, ...], prefix: str = "") -> dict[str, Any]:
    """Lay out the button for a photo and the samples."""
    gr.HTML(PHOTO_WORDS)
    with gr.Row(elem_id=f"{prefix}photo-row"):
        with gr.Column(elem_id=f"{prefix}open-photo", min_width=120, scale=1):
            photo = gr.UploadButton("Open photo", file_types=PICTURES, size="md")
        gallery = gr.Gallery(
            [(str(sample.small or sample.path), f"{sample.title}, {sample.credit}") for sample in samples],
            label="Sample photos",
            show_label=False,
            columns=len(samples),
            object_fit="cover",
            allow_preview=False,
            buttons=[],
            interactive=False,
            elem_id=f"{prefix}samples",
            container=False,
            scale=3,
            min_width=160,
        )
    return {"photo": photo, "samples": gallery}
