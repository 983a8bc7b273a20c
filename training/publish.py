"""`publish`: from a run to a checkpoint folder with its card."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stylizer.models.checkpoint import save_checkpoint
from training.card import write_card
from training.config import UserMistake, read_options
from training.shipping import averaged_networks, open_run


def publish(run: Path, checkpoint: Path, metrics: Path | None = None, calibrate: bool = False,
            notes: Path | None = None) -> list[Path]:  # fmt: skip
    """Write the averaged weights of a run, in half precision, as a checkpoint folder with a card.

    metrics: JSON of `evaluate` or `compare`, for the card's table. calibrate: take the slider's table of it.
    notes: text for the card's end. A method that ships several networks gives each a folder of its own in
    `checkpoint`. Raises UserMistake.
    """
    figures = read_figures(metrics)
    source, tensors, plain = open_run(run)
    method, options = read_options(source)
    networks = averaged_networks(method, options, tensors)
    if calibrate:
        table = figures.get("slider", {}).get("calibration")
        if not table:
            raise UserMistake("--calibrate needs --metrics with a slider, as `evaluate` writes it.")
        for network in networks.values():
            pairs = tuple((position, strength) for position, strength in table)
            network.config = dataclasses.replace(network.config, calibration=pairs)
    extra = notes.read_text(encoding="utf-8") if notes else ""
    written = []
    for name, network in networks.items():
        folder = checkpoint if len(networks) == 1 else checkpoint / name
        text = write_card(name, network, method, options, plain, figures, extra)
        save_checkpoint(folder, network, text, half=True)
        written.append(folder)
    return written


def read_figures(file: Path | None) -> Mapping[str, Any]:
    """Read the JSON of `evaluate` or `compare`; raises UserMistake."""
    if file is None:
        return {}
    if not file.is_file():
        raise UserMistake(f"{file} is not a file; give the JSON that `evaluate --out` wrote.")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UserMistake(f"{file.name} is not JSON; give what `evaluate --out` wrote.") from error
