"""Options of a run: the frozen dataclasses that the command line is drawn from, to JSON and back."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from stylizer.errors import StudioError
from stylizer.imaging.files import write_whole
from stylizer.models.config import ConfigError, config_from_json

Config = TypeVar("Config")
_LARGEST_NUMBER = 1 << 40  # of steps and seeds; the file is our own


class UserMistake(StudioError):
    """Something the person at the keyboard can mend; the message is one plain sentence."""


@dataclass(frozen=True)
class RunConfig:
    """Options that every method shares."""

    out: Path = Path("runs")
    """Folder that holds the runs."""
    name: str = ""
    """Name of the run's folder; empty: the method and the next free number."""
    seed: int = 0
    """Seed of weights, data order, crops and noise."""
    steps: int = 10_000
    """Steps of the whole run."""
    minutes: float = 0.0
    """Save and stop after this many minutes of this session; 0: no limit. `resume` goes on."""
    batch: int = 6
    """Pictures per process and step."""
    crop: int = 192
    """Side of the square training crops, pixels."""
    lr: float = 1e-3
    """Highest learning rate (Adam)."""
    clip: float = 10.0
    """Largest norm of a phase's gradient; above it the gradient is scaled down. 0: no limit."""
    ema: float = 5_000.0
    """Half-life of the averaged weights, in pictures."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic inside the losses; weights, optimizers and averages are always float32."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes the accelerator if there is one."""
    ahead: int = 0
    """Processes that cut the crops of the next steps meanwhile, so that an accelerator need not wait for
    them (Linux and macOS); 0: each is cut when it is its turn."""
    save_every: int = 1_000
    """Steps between two snapshots."""
    save_minutes: float = 10.0
    """Minutes after which a snapshot is taken whatever the step; 0: by steps alone."""
    keep_every: int = 0
    """Keep snapshots at multiples of this many steps for good, beside the newest three and the best; 0:
    none."""
    sample_every: int = 500
    """Steps between two sample grids."""
    log_every: int = 20
    """Steps between two lines of the report; figures are means over these steps."""
    init: Path | None = None
    """Start from the weights of a checkpoint folder or of a snapshot (step 0, new optimizers)."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "save_every", "sample_every", "log_every"):
            if getattr(self, name) < 1:
                raise UserMistake(f"{name} is {getattr(self, name)}; it must be at least 1.")
        for name in ("lr", "ema"):
            if not getattr(self, name) > 0:
                raise UserMistake(f"{name} is {getattr(self, name)}; it must be above 0.")
        for name in ("clip", "minutes", "save_minutes", "keep_every", "ahead"):
            if getattr(self, name) < 0:
                raise UserMistake(f"{name} is {getattr(self, name)}; it must be 0 or more.")
        if self.crop < 16:
            raise UserMistake(f"crop is {self.crop} pixels; it must be at least 16.")

    def resolved(self) -> RunConfig:
        """Return the options with what `init` says of them, once, as a new run begins; raises StudioError."""
        return self

    @classmethod
    def upgraded(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options of an older run, as JSON, under the names that they have now."""
        return dict(options)


def to_plain(value: Any) -> Any:
    """Turn a config (or a part of one) into what JSON can hold."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def from_plain(kind: type[Config], value: Any) -> Config:
    """Rebuild a config from JSON; raises UserMistake, which names an option that does not fit."""
    if issubclass(kind, RunConfig) and isinstance(value, dict):
        value = kind.upgraded(value)
    try:
        return config_from_json(kind, value, kind.__name__, _LARGEST_NUMBER)
    except ConfigError as error:
        raise UserMistake(str(error).rstrip(".") + ".") from error


def write_options(folder: Path, method: str, config: RunConfig) -> None:
    """Keep the resolved options of a run in its folder as `options.json`."""
    text = json.dumps({"method": method, "config": to_plain(config)}, indent=2)
    write_whole(folder / "options.json", (text + "\n").encode())


def read_options(folder: Path) -> tuple[str, dict[str, Any]]:
    """Read the method's name and its options as JSON from a run's folder.

    Raises UserMistake when the folder holds no run, or what it holds is damaged.
    """
    path = folder / "options.json"
    if not path.is_file():
        raise UserMistake(f"{folder} holds no run: there is no options.json in it.")
    try:
        options = json.loads(path.read_text(encoding="utf-8"))
        method, config = str(options["method"]), dict(options["config"])
    except (ValueError, KeyError, TypeError):
        raise UserMistake(
            f"{folder}: options.json is damaged; put there what the method prints with --dry-run, or delete "
            "the folder."
        ) from None
    return method, config
