"""What the deploy folder says of paths, ports and sizes is what the studio does."""

import re
from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path

import pytest

from stylizer.cli.app import App
from stylizer.cli.space import write_space
from stylizer.ui import limits

HOUSE = Path(__file__).parents[2]
DEPLOY = HOUSE / "deploy"


@pytest.fixture(scope="module")
def texts():
    return {path.name: path.read_text() for path in DEPLOY.iterdir()}


def test_the_image_is_built_from_what_is_there_and_is_sent(texts):
    ignored = [line for line in texts["Dockerfile.dockerignore"].splitlines() if line and line[0] != "#"]
    sent = {line[1:] for line in ignored if line.startswith("!")}
    copied = re.findall(r"^COPY (.+) \S+$", texts["Dockerfile"], re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names == sent and all((HOUSE / name).exists() for name in names)
    assert ignored[0] == "*" and any(fnmatch("**/__pycache__", line) for line in ignored)


def test_all_speak_of_one_port_and_it_is_the_pages(texts):
    port = next(entry for entry in fields(App) if entry.name == "port").default_factory()
    assert f"EXPOSE {port}\n" in texts["Dockerfile"] and f"{port}:{port}" in texts["Dockerfile"]
    assert set(re.findall(r"server (studio\d):(\d+)", texts["nginx.conf"])) == {
        ("studio1", str(port)), ("studio2", str(port)),
    }  # fmt: skip
    services = re.findall(r"^  (\w+):", texts["compose.yaml"].split("services:")[1], re.MULTILINE)
    assert {"studio1", "studio2", "nginx"} <= set(services)


def test_the_container_listens_to_all_and_keeps_visits_where_its_volume_is(texts, monkeypatch):
    name, host = re.search(r"^ENV (\w+)=(\S+)$", texts["Dockerfile"], re.MULTILINE).groups()
    monkeypatch.setenv(name, host)
    assert App().host == "0.0.0.0"
    command = re.search(r'"--data", "(\S+)"\]', texts["Dockerfile"])[1]
    assert f"VOLUME {command}\n" in texts["Dockerfile"] and f":{command}" in texts["compose.yaml"]
    assert "data" in {entry.name for entry in fields(App)}


def test_the_proxy_lets_the_largest_upload_and_the_longest_work_pass(texts):
    most = int(re.search(r"client_max_body_size (\d+)m;", texts["nginx.conf"])[1])
    assert most << 20 >= limits.UPLOAD_BYTES + limits.MB
    patience = int(re.search(r"proxy_read_timeout (\d+)s;", texts["nginx.conf"])[1])
    assert patience > limits.STUDY_PLACES * limits.STUDY_SECONDS


def test_a_space_is_as_large_as_the_readme_says(tmp_path):
    told = re.search(
        r"a Hugging Face Space needs and nothing else \((\d+) MB\)", (HOUSE / "README.md").read_text()
    )
    found = sum(write_space(tmp_path / "space").values()) / 1e6
    assert abs(found - int(told[1])) < 3
