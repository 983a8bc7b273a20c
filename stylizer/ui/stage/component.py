"""The stage: the one component of our own, a canvas that blends keyframes while the strength slider moves."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import gradio as gr

from stylizer.imaging.mask_files import pack_mask
from stylizer.ui.language import FILES, SENTENCES, say
from stylizer.ui.messages import capital
from stylizer.ui.region_edits import RegionEdits, appearance
from stylizer.ui.stage.message import EVENTS, RegionEntry, RegionsMessage, StageMessage, file_data
from stylizer.ui.stage_state import StageState

FOLDER = Path(__file__).parent
SCRIPTS = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.js"))}
"""The modules of the stage's script, as the browser asks for them."""
VERSION = hashlib.sha256(b"".join((*SCRIPTS.values(), *FILES.values()))).hexdigest()[:12]
PLACE = f"stage/{VERSION}"
"""Where the page's server hands them out: another version has another place, so browsers may keep them."""
TEMPLATE = """
<div class="stage" data-stage="{name}" data-first="{first}" data-most="{most}"
     data-strength-slider="#{prefix}strength" data-color-slider="#{prefix}color"
     data-region-color-slider="#{prefix}region-color"
     data-region-slider="#{prefix}region-strength" data-region-panel="#{prefix}region-box"
     data-photo-place="#{prefix}open-photo" role="group" tabindex="0"
     aria-label="Stage: plus and minus zoom, O shows the original">
  <div class="stage-view">
    <canvas role="img" aria-label="The finished picture"></canvas>
    <canvas class="stage-marks" aria-hidden="true"></canvas>
    <div class="stage-divider" role="slider" tabindex="0" aria-label="Divider between photo and {picture}"
         aria-orientation="horizontal" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0"><i></i></div>
    <span class="stage-name stage-before">Photo</span>
    <span class="stage-name stage-after">{title}</span>
    <p class="stage-drop">Drop the photo here</p>
    <div class="stage-busy"></div>
  </div>
  <div class="stage-regions" hidden>
    <div class="stage-legend" role="group" aria-label="Regions: click to choose, Shift-click to add"></div>
    <div class="stage-brush" role="toolbar" aria-label="Change the chosen region">
      <button type="button" data-tool="choose" aria-pressed="true">Choose</button>
      <button type="button" data-tool="add" aria-pressed="false">Brush</button>
      <button type="button" data-tool="erase" aria-pressed="false">Eraser</button>
      <button type="button" data-tool="similar" aria-pressed="false"
              title="Click: add what is colored alike. Alt-click: take it away.">Similar</button>
      <label class="stage-tolerance" hidden>Tolerance
        <input type="range" min="2" max="50" value="15" aria-label="Tolerance of Similar"></label>
      <button type="button" data-do="thinner" title="Smaller brush: [">Size &#8722;</button>
      <button type="button" data-do="thicker" title="Larger brush: ]">Size +</button>
      <button type="button" data-do="before" aria-pressed="false">Hold for before</button>
      <span class="stage-hint" role="status"></span>
    </div>
  </div>
  <div class="stage-tools" role="toolbar" aria-label="View">
    <button type="button" data-act="original" aria-pressed="false" title="Hold to see the photo"
      >Original</button>
    <button type="button" data-do="undo" aria-label="Undo" title="Undo: Ctrl+Z">&#8630;</button>
    <button type="button" data-do="redo" aria-label="Redo" title="Redo: Ctrl+Shift+Z">&#8631;</button>
    <button type="button" data-act="farther" aria-label="Zoom out">&#8722;</button>
    <button type="button" data-act="closer" aria-label="Zoom in">+</button>
    <button type="button" data-act="fit">Fit</button>
  </div>
</div>
"""


def make_stage(
    message: StageMessage, first: float, most: float, prefix: str = "", picture: str = "painting"
) -> gr.HTML:
    """Make a stage, showing a message; `first` is the strength at which it begins, `most` the largest.

    `prefix` begins the ids of its tab's widgets, `picture` names it. It triggers the EVENTS of its messages.
    """
    words = {"name": f"{prefix}stage", "prefix": prefix, "picture": picture, "title": picture.capitalize()}
    words |= {"first": f"{first:g}", "most": f"{most:g}"}
    return gr.HTML(
        message,
        html_template=TEMPLATE.format(**words),
        js_on_load=_script(),
        apply_default_css=False,
        elem_id=f"{prefix}stage",
    )


def head_tags() -> str:
    """Write tags that name our languages and let the browser fetch all modules at once, beside the page."""
    languages = f'<meta name="languages" content="{" ".join(SENTENCES)}">'
    return languages + "".join(f'<link rel="modulepreload" href="{PLACE}/{name}">' for name in SCRIPTS)


def make_status_line(line: str, elem_id: str) -> gr.HTML:
    """Make a status line in which what was said later stays, in whatever order answers come."""
    return gr.HTML(
        line,
        js_on_load=(
            f"import(new URL('{PLACE}/line.js', document.baseURI).href)"
            ".then(({ openLine }) => openLine({ element, props, watch }))"
        ),
        apply_default_css=False,
        elem_id=elem_id,
    )


def call_page(call: str) -> str:
    """Write a script that calls a function of `visit.js`, as soon as the browser has it."""
    return f"async (...values) => (await import(new URL('{PLACE}/visit.js', document.baseURI).href)).{call}"


def _script() -> str:
    """Write what Gradio runs for every stage; it reads out of the text which events a stage triggers."""
    return (
        f"import(new URL('{PLACE}/stage.js', document.baseURI).href)"
        ".then(({ openStage }) => openStage({ element, trigger, props, watch }));"
        f" // {', '.join(repr(event) for event in EVENTS)}"
    )


def describe_regions(stage: StageState, edits: RegionEdits, base: Any) -> RegionsMessage:
    """Tell the stage of the regions; their masks travel in one picture, one below the other."""
    regions = edits.regions
    revision = f"{regions.digest[:32]} {', '.join(regions.names)}"
    if stage.mask_file is None or stage.mask_file[0] != revision:
        file = stage.new_file(".png")
        file.write_bytes(pack_mask(regions.masks.reshape(-1, regions.size[1])))
        if stage.mask_file is not None:
            stage.stale.append(stage.mask_file[1])
        stage.mask_file = (revision, file)
    stage.serial += 1
    return {
        "serial": stage.serial,
        "acknowledged": stage.acknowledged,
        "revision": revision,
        "size": [regions.size[1], regions.size[0]],
        "file": file_data(stage.mask_file[1]),
        "selected": list(stage.selected),
        "entries": [_describe(edits, name, base) for name in regions.names],
    }


def _describe(edits: RegionEdits, name: str, base: Any) -> RegionEntry:
    shown = appearance(name, edits.regions.names)
    return {
        "name": name,
        "title": capital(say(name)),
        "color": list(shown.color),
        "hatch": shown.hatch,
        "layer": edits.layer(name, base) if base else "",
        "strength": edits.own_of(name).strength,
        "style_color": getattr(edits.own_of(name), "color", None),
        "words": edits.words(name),
    }
