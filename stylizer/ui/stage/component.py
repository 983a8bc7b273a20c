"""The stage: the one component of our own, a canvas that blends keyframes while the strength slider moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from stylizer.imaging.mask_files import pack_mask
from stylizer.ui.region_edits import RegionPlan, Strengths, appearance
from stylizer.ui.showing import Showing

PROPERTIES = "element, trigger, props, server, upload, watch"
"""What Gradio gives the script of a component."""
EVENTS = ("rest", "look", "dress", "choose", "settle", "stroke", "wand", "undo")
TEMPLATE = """
<div class="stage" data-stage="{name}" data-strength-slider="#{prefix}strength"
     data-region-slider="#{prefix}region-strength" data-photo-place="#{prefix}open-photo"
     role="group" tabindex="0" aria-label="Stage: plus and minus zoom, O shows the original">
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
      <button type="button" data-tool="wand" aria-pressed="false"
              title="Click: add what is colored alike. Alt-click: take it away.">Similar</button>
      <button type="button" data-do="thinner" title="Smaller brush: [">Size &#8722;</button>
      <button type="button" data-do="thicker" title="Larger brush: ]">Size +</button>
      <button type="button" data-do="undo" title="Ctrl+Z">Undo</button>
      <button type="button" data-do="before" aria-pressed="false">Hold for before</button>
      <span class="stage-hint" role="status"></span>
    </div>
  </div>
  <div class="stage-tools" role="toolbar" aria-label="View">
    <button type="button" data-act="original" aria-pressed="false">Hold for original</button>
    <button type="button" data-act="farther" aria-label="Zoom out">&#8722;</button>
    <button type="button" data-act="closer" aria-label="Zoom in">+</button>
    <button type="button" data-act="fit">Fit</button>
  </div>
</div>
"""


def make_stage(message: dict[str, Any], prefix: str = "", picture: str = "painting") -> gr.HTML:
    """Make a stage, showing a message of `compose_message`; the first of a page brings the script of all.

    `prefix` begins the ids of its tab's widgets, `picture` names what it shows. A stage triggers `rest`, when
    the slider rests at a strength whose true picture it lacks, `look` and `dress`, when settings of the
    picture or of its chosen regions that need the painter have come to rest, and what the artist does to
    regions: `choose`, `settle`, `stroke`, `wand` and `undo`.
    """
    words = {"name": f"{prefix}stage", "prefix": prefix, "picture": picture, "title": picture.capitalize()}
    return gr.HTML(
        message,
        html_template=TEMPLATE.format(**words),
        js_on_load=_script(everything=not prefix),
        apply_default_css=False,
        elem_id=f"{prefix}stage",
    )


def _script(everything: bool) -> str:
    """Write the script that begins a stage; `everything` is what the function that does it consists of.

    Gradio reads out of a component's script which events it triggers.
    """
    begin = f"window.openStage({PROPERTIES}); // {', '.join(repr(event) for event in EVENTS)}"
    if not everything:
        return begin
    folder = Path(__file__).parent
    files = "\n".join((folder / name).read_text(encoding="utf-8") for name in ("stage.js", "regions.js"))
    return f"window.openStage = ({PROPERTIES}) => {{\n{files}\nstart();\n}};\n{begin}"


def compose_message(
    turn: int,
    photo: str,
    frames: dict[float, Path],
    truth: dict[Strengths, Path] | None = None,
    size: tuple[int, int] = (3, 2),
    alt: str = "",
    busy: bool = False,
    regions: dict[str, Any] | None = None,
    layers: dict[str, dict[float, Path]] | None = None,
) -> dict[str, Any]:
    """Tell the stage all it shows: preview files by strength (0 is the photo), and true pictures.

    `photo` names the photo; with another one the stage starts afresh. `regions` are those of
    `describe_regions`, `layers` the previews of the photo painted as each region is. A message is complete in
    itself, so the stage may miss any but the last; `turn` never falls.
    """
    return {
        "turn": turn,
        "photo": photo,
        "size": list(size),
        "frames": _files(frames),
        "truth": [{"strengths": list(key), "file": _file(path)} for key, path in (truth or {}).items()],
        "alt": alt,
        "busy": busy,
        "regions": regions,
        "layers": [{"key": key, "frames": _files(painted)} for key, painted in (layers or {}).items()],
    }


def describe_regions(showing: Showing, plan: RegionPlan, base: Any) -> dict[str, Any]:
    """Tell the stage of the regions; their masks travel in one picture, one below the other."""
    regions = plan.regions
    revision = f"{regions.digest[:32]} {', '.join(regions.names)}"
    if showing.mask_file is None or showing.mask_file[0] != revision:
        file = showing.new_file(".png")
        file.write_bytes(pack_mask(regions.masks.reshape(-1, regions.size[1])))
        if showing.mask_file is not None:
            showing.stale.append(showing.mask_file[1])
        showing.mask_file = (revision, file)
    showing.stamp += 1
    return {
        "stamp": showing.stamp,
        "heard": showing.heard,
        "revision": revision,
        "size": [regions.size[1], regions.size[0]],
        "file": _file(showing.mask_file[1]),
        "selected": list(showing.selected),
        "list": [_describe(plan, name, base) for name in regions.names],
    }


def _describe(plan: RegionPlan, name: str, base: Any) -> dict[str, Any]:
    dress, shown = plan.dress(name), appearance(name, plan.regions.names)
    return {
        "name": name,
        "title": name[:1].upper() + name[1:],
        "color": list(shown.color),
        "hatch": shown.hatch,
        "look": plan.layer(name, base) if base else "",
        "strength": dress.strength,
        "words": plan.words(name),
    }


def _files(pictures: dict[float, Path]) -> list[dict[str, Any]]:
    return [{"strength": strength, "file": _file(path)} for strength, path in sorted(pictures.items())]


def _file(path: Path) -> dict[str, Any]:
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}
