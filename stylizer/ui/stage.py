"""The stage: the one component of our own, a canvas that blends keyframes while the strength slider moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

TEMPLATE = """
<div class="stage" role="group" tabindex="0" aria-label="Stage: plus and minus zoom, O shows the original">
  <div class="stage-view">
    <canvas role="img" aria-label="The painted picture"></canvas>
    <div class="stage-divider" role="slider" tabindex="0" aria-label="Divider between photo and painting"
         aria-orientation="horizontal" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"><i></i></div>
    <span class="stage-name stage-before">Photo</span>
    <span class="stage-name stage-after">Painting</span>
    <p class="stage-drop">Drop the photo here</p>
    <div class="stage-busy"></div>
  </div>
  <div class="stage-tools" role="toolbar" aria-label="View">
    <button type="button" data-act="original" aria-pressed="false">Hold for original</button>
    <button type="button" data-act="farther" aria-label="Zoom out">&#8722;</button>
    <button type="button" data-act="closer" aria-label="Zoom in">+</button>
    <button type="button" data-act="fit">Fit</button>
  </div>
</div>
"""


def make_stage(message: dict[str, Any]) -> gr.HTML:
    """Make the stage, showing a message of `compose_message`.

    It triggers `rest`, when the slider rests at a strength whose true picture it lacks, and `look`, when the
    settings that need the painter have come to rest.
    """
    script = Path(__file__).with_name("stage.js").read_text(encoding="utf-8")
    return gr.HTML(
        message, html_template=TEMPLATE, js_on_load=script, apply_default_css=False, elem_id="stage"
    )


def compose_message(
    turn: int,
    photo: str,
    frames: dict[float, Path],
    truth: dict[float, Path] | None = None,
    size: tuple[int, int] = (3, 2),
    alt: str = "",
    busy: bool = False,
) -> dict[str, Any]:
    """Tell the stage all it shows: preview files by strength (0 is the photo), and true pictures.

    `photo` names the photo; with another one the stage starts afresh. A message is complete in itself, so
    the stage may miss any but the last; `turn` never falls.
    """
    return {
        "turn": turn,
        "photo": photo,
        "size": list(size),
        "frames": _files(frames),
        "truth": _files(truth or {}),
        "alt": alt,
        "busy": busy,
    }


def _files(pictures: dict[float, Path]) -> list[dict[str, Any]]:
    described = {"meta": {"_type": "gradio.FileData"}}
    return [
        {"strength": strength, "file": {"path": str(path), **described}}
        for strength, path in sorted(pictures.items())
    ]
