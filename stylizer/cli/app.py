"""`stylizer app` and `python app.py`: open the page in the browser."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import tyro

from stylizer.cli.options import EngineOptions
from stylizer.errors import StudioError

PREFIX = "studio-"
"""Begins the name of a run's folder; its process follows."""


@dataclass(frozen=True, kw_only=True)
class App(EngineOptions):
    """Open the page: paint photos in the browser."""

    share: tyro.conf.FlagCreatePairsOff[bool] = False
    """Make a public link, open for a week."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 is the whole network."""
    port: int = 7860
    """Port to listen on."""
    data: Path | None = None
    """Folder that keeps visits for two days, longer than the server runs; one of your cache if not given."""

    def run(self) -> int:
        """Make the engine and its page, and serve it until stopped."""
        remove_left_folders(Path(tempfile.gettempdir()))
        folder, uploads = (tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-") for _ in range(2))
        for each in (folder, uploads):
            atexit.register(shutil.rmtree, each, ignore_errors=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # or nothing would be deleted
        os.environ["TMPDIR"] = tempfile.tempdir = folder  # all that a library writes down goes with it
        os.environ["GRADIO_TEMP_DIR"] = uploads  # and results of this run, nothing else
        os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
        engine = self.engine()
        from stylizer.ui.page import launch_settings, make_page  # gradio reads the environment when imported

        for problem in engine.problems():
            print(f"Left out: {problem}.", file=sys.stderr)
        make_page(engine, data=linked(self.data or default_data(), Path(folder) / "visits")).launch(
            share=self.share, server_name=self.host, server_port=self.port, **launch_settings()
        )
        return 0


def default_data() -> Path:
    """Return the folder for visits in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "style-transfer-studio"


def linked(data: Path, link: Path) -> Path:
    """Reach a folder by a link: visitors are told where pictures lie, but not whose home that is."""
    data.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(data.resolve(), target_is_directory=True)
    except OSError:  # Windows lets not everyone make links
        return data
    return link


def remove_left_folders(place: Path) -> None:
    """Delete the folders of runs that were killed before they could: those whose process is gone."""
    for folder in place.glob(f"{PREFIX}*-*"):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not _runs(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True


def main() -> None:
    """Open the page; a mistake is one sentence."""
    try:
        tyro.cli(App, description="Paint photos in the style of paintings, in the browser.").run()
    except StudioError as mistake:
        sys.exit(f"app.py: {mistake}")
    except KeyboardInterrupt:
        sys.exit(130)
