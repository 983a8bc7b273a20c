"""What programs may call: /stylize and /styles; regions and models have files of their own."""

from __future__ import annotations

from typing import Any

import gradio as gr

from stylizer.engine import RequestError, StyleChoice, StyleRequest, options
from stylizer.imaging.picture import open_picture, save_picture
from stylizer.ui.handlers.stylize import Studio
from stylizer.ui.messages import sentence_of
from stylizer.ui.model_api import make_model_endpoints
from stylizer.ui.options import LABELS
from stylizer.ui.region_api import make_region_endpoints


def make_endpoints(studio: Studio) -> None:
    """Declare the endpoints on components that no one sees: they check types, ranges and uploads."""

    def styles() -> list[dict[str, Any]]:
        """List the styles with names: name (what /stylize takes), title, artist, year and tags."""
        return [
            {"name": s.slug, "title": s.title, "artist": s.artist, "year": s.year, "tags": list(s.tags)}
            for s in studio.engine.styles()
        ]

    def stylize(
        photo: str | None = None,
        style: str = "",
        painting: str | None = None,
        strength: float = 1.0,
        color: float = 1.0,
        colors_only: bool = False,
        stroke: float = 1.0,
        detail: float = 0.0,
    ) -> str:
        """Paint a photo in full size and return a PNG whose settings travel inside.

        photo: JPEG, PNG, WebP, AVIF, BMP, TIFF or GIF, up to 40 megapixels. style: a name of /styles, or
        several with weights, "wave:0.7, irises:0.3"; may be empty with a painting. painting: a picture of
        your own to paint like. strength: 0 (the photo) to 1.5. color: 0 keeps the photo's colors, 1 takes
        the style's. colors_only: leave out the strokes. stroke: brush size, 0.5 to 2. detail: 0 to 1.
        """
        try:
            if not photo:
                raise RequestError("There is no photo; send one")
            choices = list(_named(studio, style))
            if painting:
                choices.append(StyleChoice(open_picture(painting)))
            made = StyleRequest(
                open_picture(photo),
                tuple(choices),
                strength=float(strength),
                color=float(color),
                colors_only=colors_only,
                stroke=float(stroke),
                detail=float(detail),
            )
            result = studio.engine.paint(made)
            file = studio.sessions.loose_file(".png")
            save_picture(result.picture, file, result.recipe.to_json())
            return str(file)
        except Exception as error:
            raise gr.Error(sentence_of(error), print_exception=False) from None

    facts = {entry.name: entry for entry in options(StyleRequest)}

    def number(name: str) -> gr.Number:
        entry = facts[name]
        return gr.Number(
            entry.default,
            label=LABELS[name],
            minimum=entry.metadata["least"],
            maximum=entry.metadata["most"],
            info=entry.metadata["help"],
        )

    with gr.Column(visible=False):
        inputs = [
            gr.File(label="Photo", type="filepath"),
            gr.Textbox("", label="Style", max_length=1000),
            gr.File(label="Painting", type="filepath"),
            number("strength"),
            number("color"),
            gr.Checkbox(False, label=LABELS["colors_only"]),
            number("stroke"),
            number("detail"),
        ]
        output = gr.File(label="PNG")
        listed = gr.JSON(label="Styles")
        gr.Button().click(
            stylize, inputs, output, api_name="stylize", concurrency_id="full size", concurrency_limit=1
        )
        gr.Button().click(styles, None, listed, api_name="styles", queue=False)
    make_region_endpoints(studio, number, _named)
    make_model_endpoints(studio)


def _named(studio: Studio, text: str) -> list[StyleChoice]:
    """Read "name:weight, name" into choices; only names, so that no file of the server can be asked for."""
    named = {style.slug: style for style in studio.engine.styles()}
    choices = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, weight = part.partition(":")
        if name.strip() not in named:
            raise RequestError(f"There is no style called {name.strip()[:40]!r}; /styles lists the names")
        try:
            choices.append(StyleChoice(named[name.strip()], float(weight or 1)))
        except ValueError as error:
            if isinstance(error, RequestError):
                raise
            raise RequestError(f"The weight of {name.strip()!r} is {weight[:20]!r}; give a number") from None
    return choices
