"""What programs may call for regions: /segment and /stylize_regions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from stylizer.engine import RegionStyle, RequestError, StyleChoice, StyleRequest
from stylizer.imaging.labels import REFINED_SIDE
from stylizer.imaging.mask_files import read_mask, write_masks
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.regions import REST, Regions, set_region, whole
from stylizer.imaging.resize import fit_within
from stylizer.models.class_table import CLASSES, NAMES
from stylizer.ui.handlers.stylize import Studio
from stylizer.ui.messages import sentence_of

KEEP, PAINTING, OTHER = "keep", "painting", NAMES[0]
COLORS = {entry.name: entry.color for entry in CLASSES}

Named = Callable[[Studio, str], list[StyleChoice]]


def make_region_endpoints(studio: Studio, number: Callable[[str], gr.Number], named: Named) -> None:
    """Declare the endpoints for regions; `named` reads style names, `number` makes a checked field."""

    def segment(photo: str | None = None) -> tuple[list[dict[str, Any]], list[str]]:
        """Find the parts of a photo that have a name.

        Returns a list of regions (name, and share of the picture, 0 to 1) and files: a soft 8-bit mask of
        each region, <name>.png in the photo's size, and overlay.png. What is not sure is called "other".
        """
        try:
            picture = _opened(photo)
            regions = studio.engine.segment(picture)
            folder = studio.sessions.loose_file(".png").parent
            files = write_masks(regions, folder, picture, COLORS, {REST: OTHER})
            found = [
                {"name": OTHER if name == REST else name, "share": round(regions.share(name), 4)}
                for name in regions.names
            ]
            return found, [str(file) for file in files]
        except Exception as error:
            raise gr.Error(sentence_of(error), print_exception=False) from None

    def stylize_regions(
        photo: str | None = None,
        regions: str = "",
        style: str = "",
        painting: str | None = None,
        masks: list[str] | None = None,
        match: bool = False,
        strength: float = 1.0,
        color: float = 1.0,
        stroke: float = 1.0,
        detail: float = 0.0,
    ) -> str:
        """Paint each region of a photo in its own style and return a PNG whose settings travel inside.

        photo: as for /stylize. regions: "sky=starry-night:0.8, person=keep": a region's name, then a style of
        /styles with its strength if wanted, "painting" for the painting that is sent, or "keep" for the photo
        itself. style: for the other regions, as for /stylize; they keep the photo if there is none and no
        painting. masks: pictures, white where a region is; the file's name is the region's. Without a mask of
        that name the regions are those of /segment. match: paint each region that is not named like the part
        of the painting that shows the same. strength, color, stroke, detail: as for /stylize.
        """
        try:
            picture = _opened(photo)
            own = StyleChoice(open_picture(painting)) if painting else None
            asked = _asked(studio, regions, own, named, stroke, color, strength)
            choices = [*named(studio, style), *((own,) if own else ())]
            found = _regions(studio, picture, masks or [], [look.name for look in asked], match)
            request = StyleRequest(
                picture,
                tuple(choices),
                strength=float(strength),
                color=float(color),
                stroke=float(stroke),
                detail=float(detail),
                regions=found,
            ).with_region_styles(
                *(look for look in asked if look.name in found.names or look.name not in NAMES)
            )
            result = studio.engine.paint(studio.engine.match(request) if match else request)
            file = studio.sessions.loose_file(".png")
            save_picture(result.picture, file, result.recipe.to_json())
            return str(file)
        except Exception as error:
            raise gr.Error(sentence_of(error), print_exception=False) from None

    with gr.Column(visible=False):
        sent = gr.File(label="Photo", type="filepath")
        found = gr.JSON(label="Regions")
        written = gr.File(label="Masks", file_count="multiple")
        gr.Button().click(segment, sent, [found, written], api_name="segment", concurrency_id="full size")
        inputs = [
            gr.File(label="Photo", type="filepath"),
            gr.Textbox("", label="Regions", max_length=2000),
            gr.Textbox("", label="Style", max_length=1000),
            gr.File(label="Painting", type="filepath"),
            gr.File(label="Masks", type="filepath", file_count="multiple"),
            gr.Checkbox(False, label="Match by meaning"),
            *(number(name) for name in ("strength", "color", "stroke", "detail")),
        ]
        output = gr.File(label="PNG")
        gr.Button().click(
            stylize_regions, inputs, output, api_name="stylize_regions", concurrency_id="full size"
        )


def _opened(photo: str | None) -> Picture:
    if not photo:
        raise RequestError("There is no photo; send one")
    return open_picture(photo)


def _asked(
    studio: Studio,
    text: str,
    own: StyleChoice | None,
    named: Named,
    stroke: float,
    color: float,
    strength: float,
) -> list[RegionStyle]:
    """Read "sky=wave:0.8, person=keep" into looks."""
    looks = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, found, value = (piece.strip() for piece in part.partition("="))
        if not found or not name or not value:
            raise RequestError(f"Region {part[:40]!r} was not understood; write it like sky=starry-night:0.8")
        wanted, _, number = (piece.strip() for piece in value.partition(":"))
        try:
            amount = float(number or strength)
        except ValueError:
            raise RequestError(f"The strength of {name!r} is {number[:20]!r}; give a number") from None
        if wanted == PAINTING and own is None:
            raise RequestError("No painting was sent; send one, or name a style")
        styles = () if wanted == KEEP else (own,) if wanted == PAINTING else tuple(named(studio, wanted))
        looks.append(
            RegionStyle(REST if name == OTHER else name, styles, amount, float(color), float(stroke))
        )
    return looks


def _regions(studio: Studio, photo: Picture, masks: list[str], wanted: list[str], match: bool) -> Regions:
    """Take the masks that were sent; segment the photo where they are not all that is wanted."""
    drawn = {Path(file).stem: file for file in masks}
    if match or any(name not in drawn and name != REST for name in wanted):
        regions = studio.engine.segment(photo)
    else:
        small = fit_within(photo, REFINED_SIDE)
        regions = whole((small.height, small.width))
    for name, file in drawn.items():
        regions = set_region(regions, name, read_mask(file, regions.size))
    return regions
