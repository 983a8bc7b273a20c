"""The Invent tab: eight pictures to choose from, one of them large, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from stylizer.ui.handlers.generate import FIRST, SECOND, STEPS, GenerateHandlers
from stylizer.ui.handlers.translate import about_line
from stylizer.ui.messages import status
from stylizer.ui.stage.component import make_status_line

PREFIX = "invent-"
NONE = "No inventor is here yet. Put its folder into checkpoints, and start the studio again."
LEVELS = {
    "coarse": ("Composition of the other (%)", "Where things are."),
    "middle": ("Shapes of the other (%)", "What is drawn."),
    "fine": ("Colors of the other (%)", "Color and grain."),
}
ABOUT_SHEET = "Nobody painted these. Click one to see it large."
ABOUT_SECOND = "The steps below the picture walk to it; mix in what you like of it."
ABOUT_NUMBERS = "Every picture has a number, which brings it back; a PNG saved here brings its settings back."
DARING = "0 is the most usual picture, 100 the most daring."


@dataclass(frozen=True)
class GenerateTab:
    """The components of the tab, by the names that the handlers use."""

    picture: gr.Image
    status: gr.HTML
    sheet: gr.Gallery
    use: gr.Button
    paint: gr.Button
    keep: gr.Button
    vary: gr.Button
    eight: gr.Button
    saved: gr.UploadButton
    download: gr.DownloadButton
    walk: gr.Gallery
    model: gr.Radio
    seed: gr.Number
    roll: gr.Button
    second: gr.Number
    roll_second: gr.Button
    other: gr.Button
    coarse: gr.Slider
    middle: gr.Slider
    fine: gr.Slider
    truncation: gr.Slider


def make_generate_tab(generate: GenerateHandlers) -> GenerateTab | None:
    """Lay out the tab; without an inventor it says so, and there is nothing to return."""
    models = generate.models()
    if not models:
        gr.HTML(f"<p>{NONE}</p>", elem_id=f"{PREFIX}none")
        return None
    made: dict[str, Any] = {}
    with gr.Row(elem_id=f"{PREFIX}studio", equal_height=False):
        with gr.Column(scale=3, min_width=320, elem_id=f"{PREFIX}easel"):
            made |= _easel()
        with gr.Column(scale=2, min_width=320, elem_id=f"{PREFIX}palette"):
            made["model"] = gr.Radio(
                models,
                value=models[0][1],
                label="Inventor",
                visible=len(models) > 1,
                elem_id=f"{PREFIX}model",
            )
            made |= _sheet(generate)
            made["truncation"] = _slider("truncation", "Daring (%)", DARING, 70)
            with gr.Column(elem_classes="panel"):
                gr.HTML(f"<h2>Another picture</h2><p>{ABOUT_SECOND}</p>")
                with gr.Row(elem_classes="deeds"):
                    made["other"] = gr.Button("Take the picture shown", elem_id=f"{PREFIX}other")
                    made["roll_second"] = gr.Button("Roll the dice", elem_id=f"{PREFIX}roll_second")
            for name, (label, info) in LEVELS.items():
                made[name] = _slider(name, label, info, 0)
            with gr.Accordion("By number", open=False, elem_id=f"{PREFIX}numbers"):
                gr.HTML(f"<p>{ABOUT_NUMBERS}</p>")
                with gr.Row(elem_classes="seed"):
                    made["seed"] = _number("seed", FIRST, "Number of the picture")
                    made["roll"] = gr.Button("Roll the dice", elem_id=f"{PREFIX}roll", min_width=120)
                with gr.Row(elem_classes="seed"):
                    made["second"] = _number("second", SECOND, "Number of the other picture")
                made["saved"] = gr.UploadButton(
                    "Open a saved one", file_types=[".png"], size="md", elem_id=f"{PREFIX}saved"
                )
    return GenerateTab(**made)


def _sheet(generate: GenerateHandlers) -> dict[str, Any]:
    made: dict[str, Any] = {}
    with gr.Column(elem_classes="panel", elem_id=f"{PREFIX}sheet-panel"):
        gr.HTML(f"<h2>Choose a picture</h2><p>{ABOUT_SHEET}</p>")
        for card in generate.engine.models("generator"):
            gr.HTML(about_line(card))
        made["sheet"] = gr.Gallery(
            label="Invented pictures",
            show_label=False,
            columns=4,
            object_fit="cover",
            height="auto",
            allow_preview=False,
            buttons=[],
            interactive=False,
            container=False,
            elem_id=f"{PREFIX}sheet",
        )
        with gr.Row(elem_classes="deeds"):
            made["eight"] = gr.Button("Eight others", elem_id=f"{PREFIX}eight")
            made["vary"] = gr.Button("Vary the chosen one", visible=False, elem_id=f"{PREFIX}vary")
    return made


def _easel() -> dict[str, Any]:
    made: dict[str, Any] = {}
    made["picture"] = gr.Image(
        interactive=False,
        show_label=False,
        container=False,
        buttons=[],
        elem_id=f"{PREFIX}picture",
        label="Invented picture",
    )
    made["status"] = make_status_line(status("Inventing."), f"{PREFIX}status")
    with gr.Row(elem_id=f"{PREFIX}actions"):
        made["use"] = gr.Button(
            "Use as painting", variant="primary", visible=False, elem_id=f"{PREFIX}use", min_width=160
        )
        made["paint"] = gr.Button("Paint over it", visible=False, elem_id=f"{PREFIX}paint", min_width=120)
        made["keep"] = gr.Button("Keep", visible=False, elem_id=f"{PREFIX}keep", min_width=120)
        made["download"] = gr.DownloadButton(
            "Download PNG", visible=False, elem_id=f"{PREFIX}download", min_width=160
        )
    # last, for it comes last, and nothing below it could move
    made["walk"] = gr.Gallery(
        label="Steps from the first picture to the second",
        show_label=False,
        columns=STEPS,
        object_fit="cover",
        height="auto",
        allow_preview=False,
        buttons=[],
        interactive=False,
        visible=False,
        container=False,
        elem_id=f"{PREFIX}walk",
    )
    return made


def _number(name: str, value: int, label: str) -> gr.Number:
    return gr.Number(value, precision=0, label=label, elem_id=f"{PREFIX}{name}")


def _slider(name: str, label: str, info: str, value: int) -> gr.Slider:
    return gr.Slider(
        0,
        100,
        value,
        step=1,
        label=label,
        info=info,
        buttons=["reset"],
        interactive=True,
        elem_id=f"{PREFIX}{name}",
    )
