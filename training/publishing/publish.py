"""`publish`: from a run to a checkpoint folder with its card."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from torch import Tensor, nn

from stylizer.models.checkpoint import save_checkpoint

from ..methods.unpaired import UnpairedMethod
from ..run.config import UserMistake, read_options
from ..run.method import METHODS
from ..run.snapshots import list_snapshots
from .card import NO_WORDS, Session, Words, write_card
from .figures import read_figures
from .runs import averaged_networks, between_folders, open_run, reverse_network

Direction = Literal["there", "back"]


def publish(run: Path, checkpoint: Path, metrics: Sequence[Path] = (), calibrate: bool = False,
            notes: Path | None = None, before: Sequence[Path] = (),
            words: Words = NO_WORDS, direction: Direction = "there") -> list[Path]:  # fmt: skip
    """Write the averaged weights of a run, in half precision, as a checkpoint folder with a card.

    metrics: JSON files of `evaluate` and `compare`, for the card's figures. calibrate: take the slider's
    table out of them. notes: text for the card's end. before: the runs, first to last, whose weights this one
    began from. words: for the card's head. direction: of a run between two folders, the translator from a to
    b ("there") or the one from b to a ("back"). A method that ships several networks gives each a folder of
    its own in `checkpoint`. Raises UserMistake.
    """
    figures = read_figures(metrics)
    source, tensors, plain = open_run(run)
    method, options = read_options(source)
    if direction == "back":
        networks, about = _way_back(method, options, tensors)
        words = dataclasses.replace(words, does=about)
    else:
        networks = averaged_networks(method, options, tensors)
    if calibrate:
        table = figures.get("slider", {}).get("calibration")
        if not table:
            raise UserMistake("--calibrate needs --metrics with a slider, as `evaluate` writes it.")
        for network in networks.values():
            pairs = tuple((position, strength) for position, strength in table)
            config: Any = network.config
            network.config = dataclasses.replace(config, calibration=pairs)
    extra = notes.read_text(encoding="utf-8") if notes else ""
    history = [*map(read_session, before), (method, options, plain)]
    written = []
    for name, network in networks.items():
        folder = checkpoint if len(networks) == 1 else checkpoint / name
        text = write_card(folder.name, network, history, figures, extra, words)
        save_checkpoint(folder, network, text, half=True)
        written.append(folder)
    return written


def _way_back(
    method: str, options: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> tuple[dict[str, nn.Module], str]:
    """Return the network that translates back, and a line on what it does; raises UserMistake."""
    found = between_folders(method, options)
    if found is None:
        both = sorted(name for name, (_, kind) in METHODS.items() if issubclass(kind, UnpairedMethod))
        raise UserMistake(
            f"{method} trains no network of its own for the way back; these methods do: {', '.join(both)}."
        )
    return {"ba": reverse_network(*found, tensors)}, found[0].about_reverse(found[1])


def read_session(run: Path) -> Session:
    """Read how far an earlier run came, without its tensors; raises UserMistake."""
    method, options = read_options(run)
    snapshots = list_snapshots(run)
    if not snapshots:
        raise UserMistake(f"{run} has no snapshot, so nothing began from it.")
    return method, options, json.loads((snapshots[-1] / "state.json").read_text(encoding="utf-8"))
