"""What one stage shows: a photo, its regions, and the previews of what was asked for last."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stylizer.engine import CancelToken
from stylizer.imaging.files import make_folder
from stylizer.imaging.picture import Picture
from stylizer.ui.doors import Door
from stylizer.ui.region_edits import RegionEdits, Strengths
from stylizer.ui.steps import Step, Steps

MOST_STALE = 16


class Turns:
    """Count what was asked for; a new turn stops the work for the one before."""

    def __init__(self) -> None:
        self.number = self.begun = 0
        self.token = CancelToken()
        self.lock = threading.RLock()

    def renew(self) -> int:
        """Begin a new turn, and return its number."""
        with self.lock:
            self.token.cancel()
            self.token = CancelToken()
            self.number += 1
            return self.number

    def begin(self) -> CancelToken | None:
        """Return the token to do the present turn's work with; None when that turn was begun already."""
        with self.lock:
            if self.begun == self.number:
                return None
            self.begun = self.number
            return self.token

    def working_token(self) -> CancelToken:
        """Return the turn's token; a tab that was lost, and came back, gets one that works again."""
        with self.lock:
            if self.token.cancelled:
                self.token = CancelToken()
            return self.token


@dataclass
class StageState:
    """What one stage shows: a photo, its regions, and the previews of what was asked for last."""

    folder: Path
    door: Door = field(default_factory=Door, repr=False)
    turns: Turns = field(default_factory=Turns, repr=False)
    photo: Picture | None = None
    sample: str | None = None
    """The sample photo's name; None for a photo that was brought."""
    size: tuple[int, int] = (0, 0)
    frames: dict[float, Path] = field(default_factory=dict)
    truth: dict[Strengths, Path] = field(default_factory=dict)
    layers: dict[str, dict[float, Path]] = field(default_factory=dict)
    request: Any = None
    """The picture's request as it was painted last; regions without overrides follow it."""
    edits: RegionEdits | None = None
    """The regions and their overrides; None while the photo is one."""
    steps: Steps = field(default_factory=Steps)
    """What was decided since the photo came, for undo and redo."""
    selected: tuple[str, ...] = ()
    parts: dict[str, str] = field(default_factory=dict)
    """Which part of the painting each region was matched with; `part_names` are those that there are."""
    part_names: set[str] = field(default_factory=set)
    acknowledged: int = 0
    """The number of the stage's last region edit that was carried out."""
    serial: int = 0
    """How many messages about regions the stage was sent."""
    mask_file: tuple[str, Path] | None = None
    stale: list[Path] = field(default_factory=list)
    busy: bool = False
    coarse_there: bool = False
    """Whether the present turn's coarse keyframes are all painted, and `fine_wanted` whether the fine ones
    are to follow."""
    fine_wanted: bool = False
    out_size: str = "photo"
    """The size that is chosen for saving."""
    photo_at: float = 0.0
    """When the photo came, and, `regions_at`, when its regions changed last: stages share the newest."""
    regions_at: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    # -- photo and regions ------------------------------------------------------------------------------

    def bring(self, photo: Picture, sample: str | None = None) -> int:
        """Take another photo, which has other regions; returns the number of the turn that begins."""
        with self.lock:
            self.photo, self.sample, self.photo_at = photo, sample, time.monotonic()
            self.drop_photo()
            return self.renew()

    def follow(self, other: StageState, edits_type: type[RegionEdits]) -> bool:
        """Take over photo and regions of another stage where they are newer; tells whether anything was.

        Regions keep their overrides here, by their names.
        """
        with self.lock:
            newer = other.photo_at > self.photo_at or self.photo is None
            if newer:
                self.photo, self.sample, self.photo_at = other.photo, other.sample, other.photo_at
                self.drop_photo()
                self.regions_at = 0.0
            changed = other.regions_at > self.regions_at
            if changed:
                theirs = other.edits.regions if other.edits else None
                mine = self.edits.regions if self.edits else None
                if theirs is None:
                    self.drop_regions()
                elif mine != theirs:
                    self.change(self.edits.with_regions(theirs) if self.edits else edits_type(theirs))
                self.regions_at = other.regions_at
            return newer or changed

    def change(self, edits: RegionEdits, same_truth: bool = False) -> None:
        """Take other regions or overrides; true pictures go, unless strengths alone differ."""
        with self.lock:
            self.edits = edits
            self.forget_truth(not same_truth)

    def note(self, chosen: str, values: tuple[tuple[str, Any], ...]) -> None:
        """Note what was decided, so that it can be come back to: style, widgets' values, regions."""
        with self.lock:
            self.steps.note(chosen, values, self.edits)

    def go_back(self, forward: bool) -> tuple[Step, Step] | None:
        """Take a step back, or forward again; returns what was and what is, None where there is no step."""
        with self.lock:
            went = self.steps.go_back(forward)
            if went is not None:
                self.edits = went[1].edits.unpacked() if went[1].edits else None
                self.forget_truth()
            return went

    def revise(self, change: Callable[[RegionEdits], RegionEdits]) -> None:
        """Change the regions' present and former steps alike, which is no step of its own."""
        with self.lock:
            if self.edits is not None:
                self.edits = change(self.edits)
            self.steps.revise(change)

    def forget_truth(self, wanted: bool = True) -> None:
        """Forget the true pictures, and those chosen regions that are gone."""
        with self.lock:
            self.regions_at = time.monotonic()
            if wanted:
                self.drop_truth()
            names = self.edits.regions.names if self.edits else ()
            self.selected = tuple(name for name in self.selected if name in names)

    def drop_truth(self) -> None:
        """Forget the true pictures: they are of other settings."""
        with self.lock:
            self.stale += self.truth.values()
            self.truth = {}

    def drop_photo(self) -> None:
        """Forget what there was of the last photo: its preview, its regions, and what was decided."""
        with self.lock:
            if 0.0 in self.frames:
                self.stale.append(self.frames.pop(0.0))
            self.drop_regions()
            self.steps = Steps()

    def drop_regions(self) -> None:
        """Forget the regions: another photo has others."""
        with self.lock:
            self.edits, self.selected, self.regions_at = None, (), time.monotonic()
            self.parts, self.part_names = {}, set()

    # -- turns and their previews -----------------------------------------------------------------------

    def renew(self, keep: bool = False) -> int:
        """Begin a new turn: stop the work for the last one, forget its pictures, return the turn's number.

        The photo's own stays, and with `keep` all previews: what changed is how they are put together.
        """
        with self.lock:
            number = self.turns.renew()
            self.stale += self.truth.values()
            self.truth, self.busy = {}, True
            self.coarse_there = self.fine_wanted = False
            if not keep:
                photo = {0.0: self.frames.pop(0.0)} if 0.0 in self.frames else {}
                self.stale += self.frames.values()
                self.stale += [path for layer in self.layers.values() for path in layer.values()]
                self.frames, self.layers = photo, {}
            # the last few may still be on their way to the browser
            gone, self.stale = self.stale[:-MOST_STALE], self.stale[-MOST_STALE:]
        for path in gone:
            if path.parent == self.folder:  # and not one of the example that all visitors share
                path.unlink(missing_ok=True)
        return number

    def coarse_done(self, token: CancelToken) -> bool:
        """Note that a turn's coarse keyframes are there; tells whether the fine ones are to follow at once.

        Raises Cancelled when another turn has begun.
        """
        with self.lock:
            token.check()
            self.coarse_there = True
            return self.fine_wanted

    def want_fine(self) -> bool:
        """Have the fine keyframes painted; tells whether to begin now: a turn under way does so itself."""
        with self.lock:
            first, self.fine_wanted = not self.fine_wanted, True
            return first and self.coarse_there

    def new_file(self, suffix: str) -> Path:
        """Name a new file of this visit; no one can guess the name."""
        return new_file(self.folder, suffix, self.door)


def new_file(folder: Path, suffix: str, door: Door) -> Path:
    """Name a new file in a visit's folder; no one can guess the name. Raises SessionExpired."""
    with door.passed():
        make_folder(folder)
    return folder / f"{secrets.token_hex(16)}{suffix}"
