"""A model that lies on a server which speaks as the Hugging Face Hub does: fetched over HTTP, and used."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stylizer.imaging.picture import open_picture, save_picture
from tests.engine.drawn import drawn
from tests.engine.models import save_models

HOUSE = Path(__file__).parents[2]
COMMIT = "5" * 40


class Hub(BaseHTTPRequestHandler):
    """The Hub's answers, as far as a download asks for them; `asked` keeps every request."""

    asked: list[str] = []  # noqa: RUF012  one server, one list

    def __init__(self, folder: Path, *rest) -> None:
        self.folder = folder
        super().__init__(*rest)

    def log_message(self, *_) -> None:
        """Say nothing."""

    def do_GET(self, body: bool = True) -> None:
        self.asked.append(f"{self.command} {self.path}")
        _, *parts = self.path.split("?")[0].split("/")
        if parts[:2] == ["api", "models"] and "/".join(parts[2:4]) == "friend/seasons":
            files = {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}
            if parts[4:5] == ["tree"]:
                told = [
                    {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for name, data in files.items()
                ]
            else:
                siblings = [{"rfilename": name} for name in files]
                told = {"id": "friend/seasons", "sha": COMMIT, "siblings": siblings}
            self._send(json.dumps(told).encode(), body)
        elif parts[:2] == ["friend", "seasons"] and (self.folder / parts[-1]).is_file():
            self._send((self.folder / parts[-1]).read_bytes(), body)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def _send(self, data: bytes, body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.end_headers()
        if body:
            self.wfile.write(data)


@pytest.fixture
def hub(tmp_path):
    save_models(tmp_path / "models")
    (tmp_path / "models" / "seasons" / "setup.py").write_text("raise SystemExit('code of strangers ran')")
    Hub.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, tmp_path / "models" / "seasons"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def translate(hub: str, place: Path, model: str) -> subprocess.CompletedProcess:
    """Run the command line; the Hub's address is read when its package is imported."""
    known = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    known |= {"HF_ENDPOINT": hub, "HF_HOME": str(place / "cache"), "PYTHONPATH": str(HOUSE)}
    words = ["translate", "photo.png", "--model", model, "--domain", "autumn", "-o", "out.png"]
    return subprocess.run(
        [sys.executable, "-m", "stylizer", *words], cwd=place, env=known, capture_output=True, text=True
    )


def test_a_model_is_fetched_from_a_hub_and_nothing_but_its_data(hub, tmp_path):
    save_picture(drawn(40, 56), tmp_path / "photo.png")
    done = translate(hub, tmp_path, "friend/seasons")
    assert done.returncode == 0, done.stderr
    assert open_picture(tmp_path / "out.png").rgb.shape == (40, 56, 3)
    assert "friend/seasons: license other" in done.stderr
    assert any("model.safetensors" in line for line in Hub.asked)
    assert not any("setup.py" in line for line in Hub.asked)


def test_a_model_that_no_hub_has_is_one_sentence(hub, tmp_path):
    save_picture(drawn(40, 56), tmp_path / "photo.png")
    done = translate(hub, tmp_path, "friend/nothing")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert "cannot be fetched from the Hugging Face Hub" in done.stderr
