"""The page's server begins and ends without leaving visitors' files."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from stylizer.cli.app import PREFIX, check_port, linked, remove_left_folders, signing_in
from stylizer.errors import CommandError
from stylizer.imaging.picture import save_picture
from tests.engine.drawn import drawn
from tests.imaging.files import file_of, ramp
from tests.ui.small_studio import free_port, small_engine

ROOT = Path(__file__).parents[2]


def test_folders_of_runs_that_were_killed_go_and_others_stay(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    running, again = f"{PREFIX}{os.getppid()}-abc", f"{PREFIX}{os.getpid()}-abc"  # in containers all are 1
    for name in (f"{PREFIX}{ended.pid}-abc", running, again, f"{PREFIX}mine", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo.png").write_bytes(b"x")
    remove_left_folders(tmp_path)
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {running, f"{PREFIX}mine", "other"}


def test_a_port_that_is_taken_is_said_before_anything_is_loaded():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=f"port {port} is taken by another program"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_names_and_passwords_come_from_a_file(tmp_path):
    file = tmp_path / "who.txt"
    file.write_text("# us\nmia:pass:word\n\n  leo:x\n")
    settings = signing_in(file)
    assert settings["auth"] == [("mia", "pass:word"), ("leo", "x")] and settings["mcp_server"] is False
    assert signing_in(None) == {}
    for text in ("", "mia", ":x", "mia:", "mia:x\nleo"):
        file.write_text(text)
        with pytest.raises(CommandError, match=r"who.txt .* name:password"):
            signing_in(file)
    with pytest.raises(CommandError, match="cannot be read"):
        signing_in(tmp_path / "nobody.txt")


def test_visits_are_reached_by_a_path_that_says_nothing_of_the_home(tmp_path):
    link = linked(tmp_path / "home" / "data", tmp_path / "visits")
    (link / "photo.png").write_bytes(b"x")
    assert "home" not in str(link) and (tmp_path / "home" / "data" / "photo.png").is_file()


SWALLOWS = """
import threading, time
from stylizer.cli.app import end_when_told
end_when_told({folder!r})
working = threading.Thread(target=time.sleep, args=(60,))  # is waited for at the end
try:
    print("ready", flush=True)
    time.sleep(60)
except BaseException:  # as a module may that is being imported
    working.start()
"""


def test_a_server_ends_even_where_its_end_is_swallowed_or_a_thread_works_on(tmp_path):
    (tmp_path / "uploads").mkdir()
    program = SWALLOWS.format(folder=str(tmp_path / "uploads"))
    server = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None and server.stdout.readline()
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    finally:
        server.kill()
    assert not (tmp_path / "uploads").exists()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [1, 2, 4, 7, 11])
def test_a_server_that_is_told_to_end_while_it_loads_ends_soon(tmp_path, seconds):
    (tmp_path / "files").mkdir()
    places = {"TMPDIR": str(tmp_path / "files"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "app.py", "--port", str(free_port())]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | places)
    try:
        time.sleep(seconds)
        server.send_signal(signal.SIGTERM)
        server.wait(15)
    finally:
        server.kill()
    assert list((tmp_path / "files").rglob("*")) == []


@pytest.mark.slow
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_told_to_end_leaves_nothing(tmp_path, way):
    small_engine(tmp_path / "checkpoints")
    (tmp_path / "files").mkdir()
    port = free_port()
    command = [sys.executable, "app.py", "--port", str(port), "--checkpoints", str(tmp_path / "checkpoints")]
    places = {"TMPDIR": str(tmp_path / "files"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | places,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may have it ignored
    )
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                photo = {"files": ("a.png", file_of(ramp(32, 32), "PNG"))}
                httpx.post(f"http://127.0.0.1:{port}/gradio_api/upload", files=photo).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.5)
        assert any(path.is_file() for path in (tmp_path / "files").rglob("*"))
        server.send_signal(way)
        assert server.wait(30) in (0, 130)
    finally:
        if server.poll() is None:
            server.kill()
    assert list((tmp_path / "files").rglob("*")) == []


@pytest.mark.slow
def test_a_server_that_is_told_to_end_during_a_study_ends_without_a_word(tmp_path):
    small_engine(tmp_path / "checkpoints", teachable=True)
    save_picture(drawn(64, 64, seed=9), tmp_path / "harbor.png")
    port = free_port()
    command = [sys.executable, "app.py", "--port", str(port), "--checkpoints", str(tmp_path / "checkpoints")]
    with (tmp_path / "said.txt").open("w") as said:
        places = {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        server = subprocess.Popen(command, cwd=ROOT, env=os.environ | places, stderr=said)
        try:
            client = _client_of(f"http://127.0.0.1:{port}/")
            painting = handle_file(tmp_path / "harbor.png")
            asked = client.submit(painting=painting, seconds=60, api_name="/study")
            time.sleep(6)
            assert not asked.done(), "it is studied"
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0
        finally:
            server.kill()
    assert "terminate" not in (tmp_path / "said.txt").read_text()


def _client_of(address: str) -> Client:
    end = time.monotonic() + 120
    while True:
        try:
            return Client(address, verbose=False)
        except (httpx.HTTPError, ValueError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
