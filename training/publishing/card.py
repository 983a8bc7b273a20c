"""The card of a published network: data, training, figures, limits, licences and how to repeat it."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from stylizer.models.front_matter import front_matter
from stylizer.models.registry import find_for
from training.publishing.figures import class_figures, inventor_figures, measured_line, translator_figures
from training.run.config import from_plain
from training.run.method import METHODS

SHOWN = ("style_moments", "style_gram", "content", "perceptual", "top1", "top1_luminance", "fid", "kid")
PATHS = (
    "content",
    "style",
    "perceptual",
    "encoder",
    "init",
    "out",
    "a",
    "b",
    "photos",
    "paintings",
    "pictures",
    "data",
)  # of one machine: cut to their names
FIGURES = "Figures"  # heading of the section that `card` replaces
TAGS = {
    "segmenter": "image-segmentation",
    "translator": "image-to-image",
    "inventor": "unconditional-image-generation",
}
ABOUT = {
    "painter": "Arbitrary style transfer: any photo in the style of any painting, from one code a style."
}
TABLES = {"segmenter": class_figures, "translator": translator_figures, "inventor": inventor_figures}
LIMITS = """\
Trained on paintings and natural photos at small sizes; text, drawings and screenshots were not among them.
Small faces can lose their features at full strength. Figures are measured with a network of the family that
the losses use, which favors every system trained that way: look at the pictures too."""
LICENCES = """\
The weights were learned from research-use pictures and are for research use. The trunk of the style encoder
is EfficientNet-Lite0, trained on ImageNet (timm `tf_efficientnet_lite0`, Apache-2.0)."""


Plain = Mapping[str, Any]
Session = tuple[str, Plain, Plain]  # method, options, plain figures of the last snapshot


@dataclass(frozen=True)
class Words:
    """What people are told of a checkpoint before they open its card."""

    title: str = ""
    about: str = ""
    status: str = ""
    """"experimental" or empty."""


NO_WORDS = Words()


def write_card(
    name: str,
    network: nn.Module,
    history: Sequence[Session],
    figures: Plain,
    extra: str,
    words: Words = NO_WORDS,
) -> str:
    """Write a card from the runs that led to a network, first to last, and the JSON of its evaluation."""
    count = sum(value.numel() for value in network.state_dict().values())
    method, options, _ = history[-1]
    kind = METHODS[method][1]
    settings = json.dumps(without_paths(options), indent=2)
    commands = "\n".join(command(*session[:2]) for session in history)
    trained = training_facts(*history[-1])
    if len(history) > 1:
        told = [f"Run {index}:\n\n{training_facts(*run)}" for index, run in enumerate(history, 1)]
        trained = "\n\n".join(["Several runs, each from the weights of the one before.", *told])
    sections = {
        "Method": kind.data and inspect.getdoc(kind),
        "Training": trained,
        "Data": kind.data(options)
        if kind.data
        else f"Photos from `{last_part(options.get('content'))}`, paintings from "
        f"`{last_part(options.get('style'))}`, unpaired, for research use only; none is in this folder.\n"
        "Losses are measured in features of VGG-16 (ImageNet, torchvision), which does not ship.",
        FIGURES: figure_table(figures),
        "Limits": kind.limits or LIMITS,
        "Licences": kind.licences or LICENCES,
        "To repeat it": f"```\n{commands}\n```\n\nAll options of the last run:\n\n```json\n{settings}\n```",
    }
    does = kind.about or ABOUT.get(method, "")
    about = f"{does} {count / 1e6:.2f} million numbers, in half precision.".strip()
    entries = {
        "license": "other",
        "library_name": "pytorch",
        "tags": f"[{TAGS.get(find_for(network).role, 'style-transfer')}]",
        "title": words.title,
        "about": words.about or does,
        "status": words.status,
        "measured": measured_line(figures),
    }
    parts = [front_matter(entries), f"# {name}", about]
    parts += [f"## {title}\n\n{text}" for title, text in sections.items() if text]
    return "\n\n".join([*parts, extra.strip()]).strip() + "\n"


def training_facts(method: str, options: Mapping[str, Any], plain: Mapping[str, Any]) -> str:
    """List how a run was trained."""
    pictures = plain["step"] * options["batch"] * plain.get("processes", 1)
    return "\n".join(
        [
            f"- method `{method}`, seed {options['seed']}, {plain['step']:,} of {options['steps']:,} steps",
            f"- {pictures:,} pictures: batches of {options['batch']}, crops of {options['crop']} px, "
            f"{plain.get('processes', 1)} process(es), {plain['seconds'] / 3600:.1f} hours",
            f"- averaged weights with a half-life of {options['ema']:,.0f} pictures",
            f"- arithmetic {options['precision']}, torch {plain['torch']}",
        ]
    )


def last_part(path: str | None) -> str:
    """Return the last part of a path, which is all that a card may tell of it."""
    return Path(path).name if path else "?"


def without_paths(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with their paths cut to the last part."""
    return {key: last_part(value) if key in PATHS and value else value for key, value in options.items()}


def command(method: str, options: Mapping[str, Any]) -> str:
    """Write the command line of a run: the options that differ from their defaults."""
    config = from_plain(METHODS[method][0], options)
    words = [f"python -m training {method}"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            words += flags(value, f"--{field.name}.")
        elif field.name in PATHS and value is not None and field.name != "out":
            words.append(f"--{field.name} {last_part(str(value))}")
    words += [word for word in flags(config, "--") if word.split()[0][2:] not in (*PATHS, "name")]
    return " \\\n  ".join(words)


def flags(values: Any, prefix: str) -> list[str]:
    """List the plain fields of a dataclass that differ from their defaults as command-line flags."""
    found = []
    for field in dataclasses.fields(values):
        value = getattr(values, field.name)
        if dataclasses.is_dataclass(value) or value == field.default:
            continue
        words = flatten(value) if isinstance(value, tuple) else [value]
        found.append(" ".join([prefix + field.name.replace("_", "-"), *map(str, words)]))
    return found


def flatten(values: Any) -> list[Any]:
    """List the plain values of nested tuples."""
    return [item for value in values for item in flatten(value)] if isinstance(values, tuple) else [values]


def figure_table(figures: Mapping[str, Any]) -> str:
    """Write the table of means, with the names of the protocols, slider and speed below."""
    for role, table in TABLES.items():
        if role in figures:
            return table(figures[role])
    if not figures:
        return ""
    means, protocol = figures["means"], figures["protocol"]
    columns = [name for name in SHOWN if any(name in row for row in means.values())]
    lines = [
        f"Means over {figures['pairs']} pairs of photo and painting.\n",
        "| system | " + " | ".join(columns) + " |",
        "| --- |" + " --- |" * len(columns),
    ]
    for name, row in means.items():
        cells = [f"{row[column]:.4f}" if column in row else "-" for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("\nProtocols: " + ", ".join(f"`{protocol[column]}`" for column in columns) + ".")
    if slider := figures.get("slider"):
        lines.append(
            f"\nThe slider is monotone on {slider['monotonicity']:.0%} of its steps; unevenness of equal "
            f"steps (deviation over mean of their perceptual distance) {slider['unevenness']:.3f}."
        )
    if speed := figures.get("speed"):
        told = [f"{name.replace('_', ' ')} {value:.3f}" for name, value in speed.items()]
        lines.append("\n" + ", ".join(told) + ".")
    return "\n".join(lines)
