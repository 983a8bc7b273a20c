"""What one stage shows: a photo, its regions, and the previews of what was asked for last."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stylizer.engine import CancelToken
from stylizer.imaging.picture import Picture
from stylizer.ui.history import RegionHistory
from stylizer.ui.region_edits import RegionPlan, Strengths

MOST_STALE = 16


@dataclass
class Showing:
    """What a stage shows; `turn` counts what was asked for, `token` stops the work for an older turn."""

    folder: Path
    photo: Picture | None = None
    turn: int = 0
    begun: int = 0
    token: CancelToken = field(default_factory=CancelToken)
    size: tuple[int, int] = (0, 0)
    frames: dict[float, Path] = field(default_factory=dict)
    truth: dict[Strengths, Path] = field(default_factory=dict)
    layers: dict[str, dict[float, Path]] = field(default_factory=dict)
    base: Any = None
    """The picture's request as it was painted last; regions without a dress of their own follow it."""
    history: RegionHistory | None = None
    selected: tuple[str, ...] = ()
    heard: int = 0
    """The last of what the stage said about regions; `stamp` counts what it was told."""
    stamp: int = 0
    mask_file: tuple[str, Path] | None = None
    stale: list[Path] = field(default_factory=list)
    busy: bool = False
    offered: tuple = ()
    """What the file on offer shows: it is taken away when something else is asked for, and only then."""
    brought: float = 0.0
    """When the photo was brought, and, `cut`, when its regions changed last: stages share the newest."""
    cut: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def plan(self) -> RegionPlan | None:
        """The regions and what they wear; None while the photo is one."""
        return self.history.present if self.history else None

    def asked(self, request: Any) -> tuple:
        """Name the picture that a request asks for now, the turn first; equal names, the same picture."""
        with self.lock:
            plan = self.plan
            return (self.turn, *((plan.regions, plan.strengths(request)) if plan else (request.strength,)))

    # -- photo and regions ------------------------------------------------------------------------------

    def bring(self, photo: Picture) -> int:
        """Take another photo, which has other regions; returns the number of the turn that begins."""
        with self.lock:
            self.photo, self.brought = photo, time.monotonic()
            self.drop_regions()
            return self.renew()

    def follow(self, other: Showing, plan_type: type[RegionPlan]) -> bool:
        """Take over photo and regions of another stage where they are newer; tells whether anything was.

        Regions keep what they wear here, by their names.
        """
        with self.lock:
            newer = other.brought > self.brought or self.photo is None
            if newer:
                self.photo, self.brought = other.photo, other.brought
                self.drop_regions()
                self.cut = 0.0
            cut = other.cut > self.cut
            if cut:
                theirs = other.plan.regions if other.plan else None
                mine = self.plan.regions if self.plan else None
                if theirs is None:
                    self.drop_regions()
                elif mine != theirs:
                    self.change(self.plan.cut(theirs) if self.plan else plan_type(theirs))
                self.cut = other.cut
            return newer or cut

    def change(self, plan: RegionPlan, same_truth: bool = False) -> None:
        """Take a step that can be undone; true pictures go, unless strengths alone differ."""
        with self.lock:
            if self.history is None:
                self.history = RegionHistory(plan)
            self.history.push(plan)
            self.forget_truth(not same_truth)

    def forget_truth(self, wanted: bool = True) -> None:
        """Forget the true pictures, and those chosen regions that are gone."""
        with self.lock:
            self.cut = time.monotonic()
            if wanted:
                self.stale += self.truth.values()
                self.truth = {}
            names = self.plan.regions.names if self.plan else ()
            self.selected = tuple(name for name in self.selected if name in names)

    def drop_regions(self) -> None:
        """Forget the regions: another photo has others."""
        with self.lock:
            self.history, self.selected, self.cut = None, (), time.monotonic()

    # -- turns ------------------------------------------------------------------------------------------

    def renew(self, keep: bool = False) -> int:
        """Begin a new turn: stop the work for the last one, forget its pictures, return the turn's number.

        With `keep` the previews stay: what changed is how they are put together.
        """
        with self.lock:
            self.token.cancel()
            self.token = CancelToken()
            self.turn += 1
            self.stale += self.truth.values()
            self.truth, self.busy = {}, True
            if not keep:
                self.stale += self.frames.values()
                self.stale += [path for layer in self.layers.values() for path in layer.values()]
                self.frames, self.layers = {}, {}
            # the last few may still be on their way to the browser
            gone, self.stale = self.stale[:-MOST_STALE], self.stale[-MOST_STALE:]
        for path in gone:
            if path.parent == self.folder:  # and not one of the example that all visitors share
                path.unlink(missing_ok=True)
        return self.turn

    def begin(self) -> CancelToken | None:
        """Return the token to paint the present turn with; None when that turn was begun already."""
        with self.lock:
            if self.begun == self.turn:
                return None
            self.begun = self.turn
            return self.token

    def working_token(self) -> CancelToken:
        """Return the turn's token; a tab that was lost, and came back, gets one that works again."""
        with self.lock:
            if self.token.cancelled:
                self.token = CancelToken()
            return self.token

    def new_file(self, suffix: str) -> Path:
        """Name a new file of this visit; no one can guess the name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{secrets.token_hex(16)}{suffix}"
