"""What programs may call of translators and inventors: /translate and /invent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from stylizer.engine import InventRequest, RequestError, TranslateRequest, options
from stylizer.engine.requests import Domains
from stylizer.imaging.picture import open_picture, save_picture
from stylizer.ui.handlers.generate import SIDE
from stylizer.ui.handlers.stylize import Studio
from stylizer.ui.messages import sentence_of


def make_model_endpoints(studio: Studio) -> None:
    """Declare the endpoints on components that no one sees: they check types, ranges and uploads."""

    def translate(
        photo: str | None = None,
        model: str = "",
        domains: str = "",
        strength: float = 1.0,
        color: float = 1.0,
        stroke: float = 1.0,
    ) -> str:
        """Translate a photo in full size and return a PNG whose settings travel inside.

        photo: as for /stylize. model: a translator's name; with a wrong one the answer lists the names.
        domains: one of the model's looks, or several with weights, "monet:0.7, ukiyo-e:0.3"; the first if
        empty. strength: 0 (the photo) to 1. color: 0 keeps the photo's colors, 1 takes the model's. stroke:
        size of what the model draws, 0.5 to 2.
        """

        def work() -> Any:
            if not photo:
                raise RequestError("There is no photo; send one")
            name = _model(studio, model, "translator")
            settings = {"strength": float(strength), "color": float(color), "stroke": float(stroke)}
            request = TranslateRequest(open_picture(photo), name, _domains(domains), **settings)
            return studio.engine.translate(request)

        return _saved(studio, work)

    def invent(
        model: str = "",
        seed: int = 0,
        second: int | None = None,
        coarse: float = 0.0,
        middle: float = 0.0,
        fine: float = 0.0,
        truncation: float = 0.7,
    ) -> str:
        """Invent a picture and return a PNG whose settings travel inside.

        model: an inventor's name; may be empty where there is one. seed: 0 to 65535, every number is another
        picture. second: another seed, of which coarse, middle and fine layers (composition, shapes, colors)
        may be mixed in, 0 to 1 each. truncation: 0 is the most usual picture, 1 the most daring.
        """

        def work() -> Any:
            name = _model(studio, model, "inventor")
            mix = (float(coarse), float(middle), float(fine))
            other = None if second is None else int(second)
            return studio.engine.invent(
                InventRequest(name, int(seed), other, mix, float(truncation), (SIDE, SIDE))
            )

        return _saved(studio, work)

    with gr.Column(visible=False):
        inputs = [
            gr.File(label="Photo", type="filepath"),
            gr.Textbox("", label="Model", max_length=200),
            gr.Textbox("", label="Domains", max_length=1000),
            *(_number(TranslateRequest, name) for name in ("strength", "color", "stroke")),
        ]
        settings = {"concurrency_id": "full size", "concurrency_limit": 1}
        gr.Button().click(translate, inputs, gr.File(label="PNG"), api_name="translate", **settings)
        inputs = [
            gr.Textbox("", label="Model", max_length=200),
            _number(InventRequest, "seed", 0),
            _number(InventRequest, "second", 0),
            *(
                gr.Number(0, label=f"{level} share", minimum=0, maximum=1)
                for level in ("Coarse", "Middle", "Fine")
            ),
            _number(InventRequest, "truncation"),
        ]
        gr.Button().click(invent, inputs, gr.File(label="PNG"), api_name="invent", **settings)


def _number(kind: type, name: str, precision: int | None = None) -> gr.Number:
    entry = next(entry for entry in options(kind) if entry.name == name)
    return gr.Number(
        entry.default,
        label=name.capitalize(),
        minimum=entry.metadata["least"],
        maximum=entry.metadata["most"],
        info=entry.metadata["help"],
        precision=precision,
    )


def _saved(studio: Studio, work: Callable[[], Any]) -> str:
    """Write down what was made, with its recipe; a mistake becomes a sentence."""
    try:
        result = work()
        file = studio.sessions.loose_file(".png")
        save_picture(result.picture, file, result.recipe.to_json())
        return str(file)
    except Exception as error:
        raise gr.Error(sentence_of(error), print_exception=False) from None


def _model(studio: Studio, name: str, role: str) -> str:
    """Return the name of a model that is here: visitors make the studio download nothing."""
    names = [card.name for card in studio.engine.models(role)]
    if not names:
        raise RequestError(f"there is no {role} here")
    if not name and len(names) == 1:
        return names[0]
    if name not in names:
        raise RequestError(f"there is no {role} called {name[:40]!r}; there are {', '.join(names)}")
    return name


def _domains(text: str) -> Domains:
    """Read "name:weight, name" into domains."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, weight = part.partition(":")
        try:
            found.append((name.strip(), float(weight or 1)))
        except ValueError:
            raise RequestError(
                f"The weight of {name.strip()[:40]!r} is {weight[:20]!r}; give a number"
            ) from None
    return tuple(found)
