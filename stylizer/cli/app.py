"""`stylizer app` and `python app.py`: open the page in the browser."""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tyro

from stylizer.cli.options import EngineOptions
from stylizer.engine.runtime.heaps import keep_heaps_few
from stylizer.errors import CommandError, StudioError

PREFIX = "studio-"
"""Begins the name of a run's folder; its process follows."""
GRACE = 2.0
"""Seconds that a server has to end by itself once it is told to."""


@dataclass(frozen=True, kw_only=True)
class App(EngineOptions):
    """Open the page: paint photos in the browser."""

    share: tyro.conf.FlagCreatePairsOff[bool] = False
    """Make a public link, open for a week."""
    host: str = field(default_factory=lambda: os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"))
    """Address to listen on; 0.0.0.0 is the whole network. GRADIO_SERVER_NAME sets it on a Space."""
    port: int = field(default_factory=lambda: int(os.environ.get("GRADIO_SERVER_PORT", "7860")))
    """Port to listen on."""
    sign_in: Path | None = None
    """Text file with a name:password in each line; who opens the page must know one."""
    data: Path | None = None
    """Folder that keeps visits for two days, longer than the server runs; one of your cache if not given."""

    def run(self) -> int:
        """Make the engine and its page, and serve it until stopped."""
        check_port(self.host, self.port)
        keep_heaps_few()
        remove_left_folders(Path(tempfile.gettempdir()))
        folder, uploads = (tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-") for _ in range(2))
        end_when_told(folder, uploads)  # first: what is registered first is done last
        for each in (folder, uploads):
            atexit.register(shutil.rmtree, each, ignore_errors=True)
        os.environ["TMPDIR"] = tempfile.tempdir = folder  # all that a library writes down goes with it
        os.environ["GRADIO_TEMP_DIR"] = uploads  # and results of this run, nothing else
        os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
        from stylizer.ui.page import make_page, open_page  # gradio reads the environment when imported
        from stylizer.ui.zero_gpu import import_spaces, lend_gpu

        spaces = import_spaces()
        engine = self.engine()
        atexit.register(engine.close)  # a study goes on in a thread that nobody waits for
        if spaces is not None:
            lend_gpu(engine, spaces)

        for problem in engine.problems():
            print(f"Left out: {problem}.", file=sys.stderr)
        page = make_page(engine, data=linked(self.data or default_data(), Path(folder) / "visits"))
        open_page(
            page,
            share=self.share,
            server_name=self.host,
            server_port=self.port,
            **signing_in(self.sign_in),
        )
        page.block_thread()
        return 0


def end_when_told(*folders: str) -> None:
    """End at SIGTERM, now or in `GRACE` seconds, and delete these folders.

    What is raised in the midst of an import may be caught there, and threads that paint are waited for. At
    the very end the process leaves as it is: taken apart, it would abort where a thread computes or loads.
    """
    told = threading.Event()

    def leave() -> None:
        for each in folders:
            shutil.rmtree(each, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    def end_anyway() -> None:
        time.sleep(GRACE)
        leave()

    def end(*_: object) -> None:
        told.set()
        threading.Thread(target=end_anyway, daemon=True).start()
        sys.exit(0)

    atexit.register(lambda: leave() if told.is_set() else None)
    signal.signal(signal.SIGTERM, end)


def check_port(host: str, port: int) -> None:
    """Say before anything is loaded that another program has the port; raises CommandError."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(
                    f"port {port} is taken by another program; choose one with --port"
                ) from None
            # anything else the server itself meets, and says


def signing_in(file: Path | None) -> dict[str, Any]:
    """Return the launch settings of a page that asks for a name and a password; raises CommandError.

    Assistants are not asked, so that door stays shut.
    """
    if file is None:
        return {}
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{file.name} cannot be read; give a text file of name:password lines.") from None
    pairs = [tuple(line.split(":", 1)) for line in lines if line and not line.startswith("#")]
    if not pairs or not all(len(pair) == 2 and all(pair) for pair in pairs):
        raise CommandError(f"{file.name} holds a line that is no name:password; write one in each line.")
    return {"auth": pairs, "auth_message": "This studio asks who you are.", "mcp_server": False}


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
    """Delete the folders of runs that were killed before they could: those whose process is gone.

    Call it before this run has folders: those of its own number are of one before, in a container of each.
    """
    for folder in place.glob(f"{PREFIX}*-*"):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and (int(number) == os.getpid() or not _runs(int(number))):
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
