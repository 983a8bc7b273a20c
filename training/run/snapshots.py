"""Snapshots: the full state of a run in a folder, written so that a kill leaves the last good one.

    snapshots/step-000500/state.safetensors   networks, memory, averaged weights, optimizers
    snapshots/step-000500/state.json          step, figures, sha256 of the tensors

Random numbers need no place in it: every step seeds its own generator from (seed, step).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from .config import RunConfig, UserMistake

FORMAT = 1
KEPT = 3  # newest snapshots that stay, beside the best one


@dataclass
class RunState:
    """All that a run changes: modules by prefix, optimizers by network, the step and plain figures."""

    modules: Mapping[str, nn.Module]
    optimizers: Mapping[str, torch.optim.Optimizer] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, nn.Parameter]] = field(default_factory=dict)
    step: int = 0
    seconds: float = 0.0
    processes: int = 1
    best: float | None = None

    def tensors(self) -> dict[str, Tensor]:
        """Gather every tensor of the run on the CPU, by name."""
        gathered = {}
        for prefix, module in self.modules.items():
            for key, value in module.state_dict().items():
                gathered[f"{prefix}.{key}"] = value
        for net, optimizer in self.optimizers.items():
            for key, parameter in self.names[net].items():
                for entry, value in optimizer.state.get(parameter, {}).items():
                    gathered[f"optimizers.{net}.{entry}.{key}"] = value
        # a copy of its own for each: safetensors refuses shared or strided memory
        return {key: value.detach().cpu().contiguous().clone() for key, value in gathered.items()}

    def restore(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Put a snapshot back, bit for bit.

        Raises UserMistake when its tensors are not those of this run.
        """
        for prefix, module in self.modules.items():
            part = {k[len(prefix) + 1 :]: v for k, v in tensors.items() if k.startswith(prefix + ".")}
            try:
                module.load_state_dict(part, strict=True)
            except RuntimeError as error:
                raise UserMistake(
                    f"the snapshot's {prefix} does not fit this code: {first_line(error)}"
                ) from error
        for net, optimizer in self.optimizers.items():
            for key, parameter in self.names[net].items():
                entries = {}
                for entry in ("step", "exp_avg", "exp_avg_sq"):
                    value = tensors.get(f"optimizers.{net}.{entry}.{key}")
                    if value is not None:
                        # Adam counts its steps on the CPU; moments keep the layout of their parameter
                        entries[entry] = (
                            value.clone() if entry == "step" else torch.empty_like(parameter).copy_(value)
                        )
                if entries:
                    optimizer.state[parameter] = entries
        self.step, self.seconds, self.best = plain["step"], plain["seconds"], plain["best"]


def first_line(error: Exception) -> str:
    """Return an error's text on one line, cut to a readable length."""
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:297] + "..."


def file_digest(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Ask the disk to have a file, or the entries of a folder, for good."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def save_snapshot(state: RunState, run: Path, name: str | None = None) -> Path:
    """Write `state` as a snapshot of `run`; it exists whole or not at all. Returns its folder.

    Raises UserMistake when the disk refuses it, as a full one does; nothing of it stays then.
    """
    folder = run / "snapshots" / (name or f"step-{state.step:06d}")
    draft = folder.with_name(folder.name + ".tmp")
    try:
        return _write_snapshot(state, folder, draft)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        there = list_snapshots(run)
        kept = (
            f"{there[-1].name} is kept, and `resume` goes on from it" if there else "there is none before it"
        )
        raise UserMistake(
            f"the snapshot of step {state.step} cannot be written ({first_line(error)}); {kept}. "
            "Make room on the disk first."
        ) from error


def _write_snapshot(state: RunState, folder: Path, draft: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    save_file(state.tensors(), draft / "state.safetensors")
    plain = {
        "format": FORMAT,
        "step": state.step,
        "seconds": state.seconds,
        "processes": state.processes,
        "best": state.best,
        "torch": torch.__version__,
        "files": {"state.safetensors": file_digest(draft / "state.safetensors")},
    }
    (draft / "state.json").write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
    for part in (draft / "state.safetensors", draft / "state.json", draft):
        sync(part)
    if folder.exists():  # saved before at this very step: it stays until the new one is whole
        folder.rename(folder.with_name(folder.name + ".old.tmp"))
    draft.rename(folder)
    sync(folder.parent)
    return folder


def read_snapshot(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a snapshot and check it against its manifest: its tensors and its plain figures.

    Raises UserMistake when it is not whole.
    """
    try:
        plain = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        for name, digest in plain["files"].items():
            if file_digest(folder / name) != digest:
                raise UserMistake(f"snapshot {folder.name} is damaged: {name} is not what was saved.")
        return load_file(folder / "state.safetensors"), plain
    except (OSError, KeyError, json.JSONDecodeError, SafetensorError) as error:
        raise UserMistake(f"snapshot {folder.name} is not whole: {first_line(error)}") from error


def list_snapshots(run: Path) -> list[Path]:
    """List the snapshots of a run that were renamed into place, oldest first."""
    found = (path for path in (run / "snapshots").glob("step-*") if path.is_dir())
    # by number: a run of a million steps has one digit more than the name makes room for
    return sorted((path for path in found if _step(path).isdecimal()), key=lambda path: int(_step(path)))


def _step(snapshot: Path) -> str:
    return snapshot.name.removeprefix("step-")


def newest_snapshot(run: Path) -> tuple[dict[str, Tensor], dict[str, Any], list[str]] | None:
    """Return the newest whole snapshot and what is wrong with newer ones; None when there is none."""
    faults: list[str] = []
    for folder in reversed(list_snapshots(run)):
        try:
            return *read_snapshot(folder), faults
        except UserMistake as error:
            faults.append(str(error))
    if faults:
        raise UserMistake(f"no snapshot of {run.name} is whole: {faults[0]}")
    return None


def tidy(run: Path, best: str | None, keep_every: int = 0) -> None:
    """Delete snapshots and drafts that a kill left.

    The newest stay, the one called `best`, and those at multiples of `keep_every` steps.
    """
    for folder in list_snapshots(run)[:-KEPT]:
        marked = keep_every and int(_step(folder)) % keep_every == 0
        if folder.name != best and not marked:
            shutil.rmtree(folder)
    for draft in (run / "snapshots").glob("*.tmp"):
        shutil.rmtree(draft)


def take_weights(nets: nn.ModuleDict, tensors: Mapping[str, Tensor], prefix: str) -> list[str]:
    """Copy the weights that fit by name and shape into `nets`; return the names of those that did not.

    Raises UserMistake when nothing fits.
    """
    own, missed = nets.state_dict(), []
    with torch.no_grad():
        for key, value in own.items():
            other = tensors.get(f"{prefix}.{key}")
            if other is not None and other.shape == value.shape:
                value.copy_(other)
            else:
                missed.append(key)
    if len(missed) == len(own):
        raise UserMistake("nothing in the snapshot fits this run's networks by name and shape.")
    return missed


class Saver:
    """Says when a snapshot is due and keeps the newest and the best."""

    def __init__(self, state: RunState, run: Path, config: RunConfig, writes: bool) -> None:
        self.state, self.run, self.config, self.writes = state, run, config, writes
        self.began = self.saved = time.monotonic()
        self.spent = state.seconds

    def out_of_time(self) -> bool:
        """Say whether this session has had its minutes."""
        return 0 < self.config.minutes * 60 <= time.monotonic() - self.began

    def due(self) -> bool:
        """Say whether steps or minutes ask for a snapshot."""
        late = 0 < self.config.save_minutes * 60 <= time.monotonic() - self.saved
        return late or self.state.step % self.config.save_every == 0

    def save(self, name: str | None = None, score: float | None = None) -> None:
        """Write a snapshot and tidy up; remember it as the best if its score is the lowest yet."""
        self.saved = time.monotonic()
        if not self.writes:
            return
        self.state.seconds = self.spent + self.saved - self.began
        note = self.run / "snapshots" / "best.txt"
        better = score is not None and (self.state.best is None or score < self.state.best)
        if better:
            self.state.best = score
        folder = save_snapshot(self.state, self.run, name)
        if better:
            note.write_text(folder.name + "\n", encoding="utf-8")
        best = note.read_text(encoding="utf-8").strip() if note.exists() else None
        tidy(self.run, best, self.config.keep_every)


@contextlib.contextmanager
def leave_on_signal() -> Iterator[list[int]]:
    """Turn Ctrl-C and SIGTERM into a wish to save and leave; a second Ctrl-C is the usual one."""
    wishes: list[int] = []

    def wish(number: int, frame: object) -> None:
        wishes.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {}
    with contextlib.suppress(ValueError):  # only the main thread may listen to signals
        before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
