"""Cards of published networks: data, training, figures, limits, licences, how to repeat it; changing one."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn

from stylizer.imaging.files import write_whole
from stylizer.models.checkpoint import CARD, Card, read_card
from stylizer.models.front_matter import front_matter, split_front_matter
from stylizer.models.registry import find_for

from .. import methods as methods  # registers them, so that their options are known
from ..run.config import UserMistake, from_plain
from ..run.method import METHODS, find_method
from .figures import figure_table, kept_of, measured_line, read_figures

Status = Literal["final", "experimental"]
_BEFORE = ("Limits", "Licences", "To repeat it")  # sections that figures and notes go before
FENCE = "---"  # above and below a card's head
FIGURES = "Figures"  # heading of the section that `card` replaces
TAGS = {
    "segmenter": "image-segmentation",
    "translator": "image-to-image",
    "generator": "unconditional-image-generation",
}
ABOUT = {
    "painter": "Arbitrary style transfer: any photo in the style of any painting, from one code a style."
}
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
    place: int | None = None
    """Where it stands among others of its role on the page, from 0; None: behind those that have a place."""
    does: str = ""
    """What the network does, where that is not what its method is for."""


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
    kind = find_method(method)[1]
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
        "Losses are measured in features of VGG-16 (ImageNet, torchvision), which ships as `perceptual`.",
        FIGURES: figure_table(figures),
        "Limits": kind.limits or LIMITS,
        "Licences": kind.licences or LICENCES,
        "To repeat it": f"```\n{commands}\n```\n\nAll options of the last run:\n\n```json\n{settings}\n```",
    }
    does = words.does or kind.about or ABOUT.get(method, "")
    about = f"{does} {count / 1e6:.2f} million numbers, in half precision.".strip()
    entries = {
        "license": "other",
        "library_name": "pytorch",
        "tags": f"[{TAGS.get(find_for(network).role, 'style-transfer')}]",
        "title": words.title,
        "about": words.about or does,
        "status": words.status,
        "place": "" if words.place is None else str(words.place),
        "measured": measured_line(figures),
    }
    check_head(entries)
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


def path_options() -> frozenset[str]:
    """Name the options, of all methods, that are paths of one machine: cards tell their last part."""
    fields = (field for config, _ in METHODS.values() for field in dataclasses.fields(config))
    return frozenset(field.name for field in fields if str(field.type) in ("Path", "Path | None"))


def without_paths(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with their paths cut to the last part."""
    paths = path_options()
    return {key: last_part(value) if key in paths and value else value for key, value in options.items()}


def command(method: str, options: Mapping[str, Any]) -> str:
    """Write the command line of a run: the options that differ from the method's defaults."""
    kind = find_method(method)[0]
    config, default = from_plain(kind, options), kind()
    words, paths = [f"python -m training {method}"], path_options()
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            words += flags(value, getattr(default, field.name), f"{field.name}.")
        elif field.name in paths and value is not None and field.name != "out":
            words.append(f"--{field.name} {shlex.quote(last_part(str(value)))}")
        elif field.name in paths and value is None and getattr(default, field.name) is not None:
            words.append(f"--{field.name} None")
    words += flags(config, default, left_out=(*paths, "name"))
    return " \\\n  ".join(words)


def flags(values: Any, defaults: Any, prefix: str = "", left_out: Sequence[str] = ()) -> list[str]:
    """List the plain fields of a dataclass that differ from `defaults` as command-line flags."""
    found = []
    for field in dataclasses.fields(values):
        value, name = getattr(values, field.name), field.name.replace("_", "-")
        if (
            field.name in left_out
            or dataclasses.is_dataclass(value)
            or value == getattr(defaults, field.name)
        ):
            continue
        if isinstance(value, bool):
            found.append(f"--{prefix}{name}" if value else f"--{prefix}no-{name}")
            continue
        words = flatten(value) if isinstance(value, tuple) else [value]
        found.append(" ".join([f"--{prefix}{name}", *(shlex.quote(str(word)) for word in words)]))
    return found


def flatten(values: Any) -> list[Any]:
    """List the plain values of nested tuples."""
    return [item for value in values for item in flatten(value)] if isinstance(values, tuple) else [values]


def rewrite_card(
    checkpoint: Path,
    figures: Sequence[Path] = (),
    notes: Path | None = None,
    title: str | None = None,
    about: str | None = None,
    status: Status | None = None,
    place: int | None = None,
) -> Card:
    """Change what is given on a card, and nothing else; return the card. Raises UserMistake.

    Sections of `notes` (Markdown) take the place of those of the same heading, or join the end; text before
    its first heading is the section Notes. Figures take the place of the section Figures.
    """
    card = read_card(checkpoint)
    found = read_figures(figures)
    if wrong := [
        role for role in ("segmenter", "translator", "generator") if role in found and role != card.role
    ]:
        raise UserMistake(f"{checkpoint.name} is for the role {card.role}; the figures are for {wrong[0]}.")
    told = {"title": title, "about": about, "measured": measured_line(found) if found else None}
    entries = {key: value for key, value in told.items() if value is not None}
    if status is not None:
        entries["status"] = "" if status == "final" else status
    if place is not None:
        entries["place"] = str(place)
    check_head(entries)
    head, body = changed_head(card.text, entries)
    sections = split_sections(body)
    if found:
        put(sections, FIGURES, figure_table(found))
    if notes:
        own = split_sections(notes.read_text(encoding="utf-8"))
        opening = own.pop("").strip()
        for heading, text in {**({"Notes": opening} if opening else {}), **own}.items():
            put(sections, heading, text.strip())
    write_whole(checkpoint / CARD, (head + "\n\n" + joined(sections)).encode())
    return read_card(checkpoint)


def check_head(entries: Mapping[str, str]) -> None:
    """Raise UserMistake for an entry that readers of a card would cut."""
    for key, value in entries.items():
        if cut := kept_of(value):
            raise UserMistake(
                f"{key} has {len(value)} characters, of which a card's readers keep {cut}; say it shorter."
            )


def changed_head(text: str, entries: Mapping[str, str]) -> tuple[str, str]:
    """Give the head of a card other entries, an empty one none at all; return head and body.

    All other lines stay as they are: written anew, what readers cut or do not read would be lost.
    """
    _, body = split_front_matter(text)
    above = text.removeprefix("\ufeff").splitlines()[1:] if body != text else []
    lines = list(itertools.takewhile(lambda line: line.rstrip() != FENCE, above))
    parts = re.split(r"\n(?!\s)", "\n".join(lines)) if lines else []  # an entry with what is nested in it
    for key, value in entries.items():
        own = [place for place, part in enumerate(parts) if part.startswith(f"{key}:")]
        at = own[0] if own else len(parts)
        parts = [part for place, part in enumerate(parts) if place not in own]
        parts[at:at] = front_matter({key: value}).splitlines()[1:-1]
    return "\n".join([FENCE, *parts, FENCE]), body


def split_sections(text: str) -> dict[str, str]:
    """Part Markdown at its headings of the second level; what is before the first has an empty heading."""
    sections, heading, fenced = {"": ""}, "", False
    for line in text.splitlines(keepends=True):
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            heading = line[3:].strip()
            sections[heading] = ""
        else:
            sections[heading] += line
    return sections


def put(sections: dict[str, str], heading: str, text: str) -> None:
    """Replace a section; a new one goes before limits and licences if it is Figures, else to the end."""
    known = heading in sections
    sections[heading] = text
    if not known and heading == FIGURES:
        for later in [name for name in sections if name in _BEFORE]:
            sections[later] = sections.pop(later)


def joined(sections: dict[str, str]) -> str:
    """Write sections as Markdown again."""
    parts = [
        f"## {heading}\n\n{text.strip()}" if heading else text.strip() for heading, text in sections.items()
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table_row(card: Card, figures: Sequence[Path]) -> str:
    """Write a row of README's table of checkpoints."""
    found = read_figures(figures)
    speed = next(
        (part["speed"] for part in found.values() if isinstance(part, dict) and "speed" in part), None
    )
    cells = [
        f"[`{card.name}`](checkpoints/{card.name}/README.md)",
        card.about + (f" ({card.status})" if card.status else ""),
        f"{card.nbytes / 1e6:.1f} MB",
        f"{speed:.2f} units" if isinstance(speed, float) else "-",
        card.measured or "-",
    ]
    return "| " + " | ".join(cells) + " |"
