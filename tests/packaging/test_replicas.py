"""Two studios behind nginx with one folder of visits: one is killed, its visits come back on the other."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from stylizer.ui.visits import BACK
from tests.imaging.files import file_of, ramp
from tests.ui.small_studio import free_port

HOUSE = Path(__file__).parents[2]
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(NGINX is None, reason="needs nginx (Debian: apt-get install nginx-light)"),
]


class Artist:
    """A browser, as far as the server sees it: one address, one name, and a page that may be loaded anew."""

    def __init__(self, address: str, name: str) -> None:
        self.http = httpx.Client(base_url=address, headers={"user-agent": name}, timeout=180)
        self.key = ""
        self.load()

    def load(self) -> list:
        """Open the page; returns what its first event answers."""
        self.config = self.http.get("config").raise_for_status().json()
        self.page = secrets.token_hex(6)
        answer = self.fire("open_visit", self.key)
        self.key = next(each for each in answer if isinstance(each, str) and len(each) > 20)
        return answer

    def fire(self, name: str, *values) -> list:
        event = next(each for each in self.config["dependencies"] if each["api_name"] == name)
        parts = {part["id"]: part for part in self.config["components"]}
        given = iter(values)
        data = [
            None if parts[id]["type"] == "state" else next(given, parts[id]["props"].get("value"))
            for id in event["inputs"]
        ]
        body = {"data": data, "fn_index": event["id"], "session_hash": self.page}
        if not event["queue"]:
            return self.http.post("gradio_api/run/predict", json=body).raise_for_status().json()["data"]
        joined, answer = self.http.post("gradio_api/queue/join", json=body).raise_for_status().json(), None
        with self.http.stream("GET", f"gradio_api/queue/data?session_hash={self.page}") as stream:
            # to its end, as a page does: a stream that breaks off stops what its page asks for next
            for line in stream.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("event_id") == joined["event_id"] and message["msg"] == "process_completed":
                    assert message["success"], message
                    answer = message["output"]["data"]
        assert answer is not None, "the stream ended without an answer"
        return answer

    @property
    def home(self) -> str:
        """The port of the studio that answers."""
        return self.http.get("config").raise_for_status().headers["x-studio"].split(":")[1]

    def bring(self, photo: bytes) -> None:
        sent = self.http.post("gradio_api/upload", files={"files": ("mine.png", photo)}).raise_for_status()
        file = {"path": sent.json()[0], "orig_name": "mine.png", "meta": {"_type": "gradio.FileData"}}
        self.fire("open_photo", file)


def stage_of(answer: list) -> dict:
    """Find what the stage shows in an event's answer."""
    left = [answer]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            if "frames" in each and "turn" in each:
                return each
            left += each.values()
        elif isinstance(each, list):
            left += each
    raise AssertionError("the stage shows nothing")


def until_up(address: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + 900  # on a machine that is busy with other things
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{address}config", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.5)
    raise AssertionError("a server did not start")


@pytest.fixture
def town(tmp_path):
    """Two studios by port, and the address that they share."""
    studios, ports = {}, (free_port(), free_port(), free_port())
    for port in ports[:2]:
        (tmp_path / str(port)).mkdir()
        command = [sys.executable, "app.py", "--port", str(port), "--data", str(tmp_path / "visits")]
        studios[port] = subprocess.Popen(
            command,
            cwd=HOUSE,
            env=os.environ | {"TMPDIR": str(tmp_path / str(port)), "OMP_NUM_THREADS": "1"},
        )
    text = (HOUSE / "deploy" / "nginx.conf").read_text()
    for name, port in zip(("studio1:7860", "studio2:7860"), ports, strict=False):
        text = text.replace(name, f"127.0.0.1:{port}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{ports[2]}; access_log off;")
    places = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = text.replace("http {", f"http {{ {places} add_header X-Studio $upstream_addr always;")
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/nginx.pid; daemon off; error_log stderr;\n{text}")
    proxy = subprocess.Popen([NGINX, "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)])
    address = f"http://127.0.0.1:{ports[2]}/"
    try:
        for port in ports[:2]:
            until_up(f"http://127.0.0.1:{port}/", studios[port])
        until_up(address, proxy)
        yield studios, address
    finally:
        for process in (proxy, *studios.values()):
            process.send_signal(signal.SIGTERM)  # to all before any is waited for
        for process in (proxy, *studios.values()):
            process.wait(60)


def artists_of_both(address: str, each: int = 4) -> list[Artist]:
    """Let artists come until each of two studios has so many visitors.

    Which studio is one's own follows from the ports, which are new in every run: of eight visitors, all had
    the same one in 1.5 % of 4,000 pairs of ports.
    """
    found: dict[str, list[Artist]] = {}
    for number in range(100):
        artist = Artist(address, f"browser {number}")
        found.setdefault(artist.home, []).append(artist)
        if len(found) == 2 and all(len(artists) >= each for artists in found.values()):
            return [artist for artists in found.values() for artist in artists[:each]]
    raise AssertionError(f"of 100 visitors {[len(artists) for artists in found.values()]} have one studio")


def test_visits_of_a_studio_that_is_killed_come_back_on_the_other(town):
    studios, address = town
    artists = artists_of_both(address)
    homes = [artist.home for artist in artists]
    assert set(homes) == {str(port) for port in studios}
    for number, artist in enumerate(artists):
        artist.bring(file_of(ramp(32 + number, 48), "PNG"))
        assert stage_of(artist.fire("paint"))["size"] == [48, 32 + number]
    assert homes == [artist.home for artist in artists], "a visitor stays"

    killed = next(port for port in studios if str(port) == homes[0])
    studios[killed].kill()
    studios[killed].wait()
    for number, artist in enumerate(artists):
        key = artist.key
        artist.load()
        assert artist.key == key, f"visit {number} is lost"
        shown = artist.fire("come_back")
        answer = artist.fire("paint")
        assert stage_of(answer)["size"] == [48, 32 + number]
        if homes[number] == str(killed):
            assert BACK in json.dumps([shown, answer])
