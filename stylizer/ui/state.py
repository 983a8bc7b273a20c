"""The state of a visit: what its stages show, what its tabs share, and what was made during it."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stylizer.engine import CancelToken, GenerateRequest
from stylizer.imaging.picture import Picture
from stylizer.models.style_file import NamedStyle
from stylizer.ui.doors import Door
from stylizer.ui.photo_wall import PhotoWall
from stylizer.ui.stage_state import StageState, Turns, new_file

STAGES = ("stylize", "translate")
"""The tabs that have a stage."""


@dataclass(frozen=True)
class OwnStyle:
    """A style that the artist brought along, with a small picture of it."""

    style: Picture | NamedStyle
    title: str
    thumbnail: Path
    studied: NamedStyle | None = None
    """What was learned of the picture, if it was studied."""
    stopped_after: int = 0
    """Steps after which its study was stopped; 0 for one that came to its end."""

    @property
    def best(self) -> Picture | NamedStyle:
        """What is painted with: what was learned, or else the picture as it is read at first sight."""
        return self.studied or self.style


@dataclass(frozen=True)
class FinishedPicture:
    """A picture painted in full size during this visit: its file, a small copy, its words and its recipe."""

    file: Path
    thumbnail: Path
    caption: str
    recipe: str
    tab: str


@dataclass(frozen=True)
class GeneratedPicture:
    """A picture that was generated, and the recipe that makes it again; a step between two has none."""

    picture: Picture
    recipe: str | None


@dataclass
class Session:
    """One open page: a state for each stage, what is being generated, and what the tabs share."""

    id: str
    folder: Path
    """Where the pictures are that the page shows."""
    record: Path
    """Where it is written down what brings the visit back."""
    door: Door = field(default_factory=Door, repr=False)
    stages: dict[str, StageState] = field(init=False)
    chosen: str = ""
    """The key of the style that is chosen in the gallery."""
    own: dict[str, OwnStyle] = field(default_factory=dict)
    sources: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Files of photos and paintings that were brought, and their names, by the picture's digest."""
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the widgets of each stage held last."""
    tab: str = ""
    note: str = ""
    """What the next status line says first."""
    errors: dict[str, str] = field(default_factory=dict)
    """What went wrong since the visitor's last act, by the status line that says so."""
    clicked: float = 0.0
    generating: Turns = field(default_factory=Turns, repr=False)
    generated: GeneratedPicture | None = None
    walk: list[Picture] = field(default_factory=list)
    looks: dict[str, list[str]] = field(default_factory=dict)
    """The translator that was chosen last, and which of its looks: the page's box may still lag behind."""
    sheet: list[GenerateRequest] = field(default_factory=list)
    """Pictures to choose from, as the Invent tab shows them."""
    inventing: GenerateRequest | None = None
    """What the large picture of that tab is, or will be when it is made."""
    invent_note: str = ""
    """What the next status line of that tab says first."""
    sheeting: Turns = field(default_factory=Turns)
    sheets: list[Path] = field(default_factory=list)
    """Folders of generated pictures, the oldest first."""
    full: CancelToken = field(default_factory=CancelToken)
    photo_wall: PhotoWall | None = None
    study: CancelToken = field(default_factory=CancelToken)
    studying: str = ""
    """The key of the painting that is being studied."""
    study_said: Any = ""
    """What the line of studying said at the end of the last study, if there was one; None during a study."""
    study_told: str = ""
    """The key of the painting that the line of studying speaks of; empty: the line says nothing."""
    results: list[FinishedPicture] = field(default_factory=list)
    looked_at: FinishedPicture | None = None
    seen: float = field(default_factory=time.time)
    touched: bool = False
    """Whether anything was heard of the visit since its page was opened."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.stages = {name: StageState(self.folder, self.door) for name in STAGES}

    def newest_click(self, moment: float) -> bool:
        """Tell whether a click, at a moment of the browser's clock, is later than all that came before.

        Clicks travel side by side, and the last may well arrive before the one before it.
        """
        with self.lock:
            newest = moment >= self.clicked
            self.clicked = max(moment, self.clicked)
            return newest

    def new_file(self, suffix: str) -> Path:
        """Name a new file of this visit; no one can guess the name."""
        return new_file(self.folder, suffix, self.door)

    def new_folder(self) -> Path:
        """Make a folder of this visit, for files that keep a name of their own; raises SessionExpired."""
        with self.door.passed():
            folder = new_file(self.folder, "", self.door)
            folder.mkdir()
        return folder

    def stop(self) -> None:
        """Stop all work."""
        tokens = [stage.turns.token for stage in self.stages.values()]
        walls = [self.photo_wall.token] if self.photo_wall else []
        for token in (*tokens, *walls, self.generating.token, self.full, self.study):
            token.cancel()

    def close(self) -> None:
        """Stop all work and delete all files."""
        self.stop()
        self.door.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.record, ignore_errors=True)
