"""What the deploy folder says of paths, ports and sizes is what the studio does."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path

import pytest
import tyro
import yaml

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


@pytest.mark.timeout(1000)
def test_what_the_image_holds_is_all_that_the_studio_needs(texts, tmp_path):
    for names, place in re.findall(r"^COPY (.+) (\S+)$", texts["Dockerfile"], re.MULTILINE):
        for name in names.split():
            source, there = HOUSE / name, tmp_path / (place if (HOUSE / name).is_dir() else name)
            if source.is_dir():
                shutil.copytree(source, there, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                shutil.copy(source, there)
    ask = "import app, stylizer.ui.page; from stylizer.engine import Engine; engine = Engine(device='cpu')\n"
    ask += "print(len(engine.styles()), len(engine.models()), engine.painter.code_size, engine.problems())"
    here = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, env=here, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    styles, models, _, problems = done.stdout.split(maxsplit=3)
    assert int(styles) == len(list((HOUSE / "checkpoints/styles").glob("*.safetensors")))
    assert int(models) > 8 and problems.strip() == "()"


def test_the_container_starts_by_a_command_that_the_studio_reads(texts):
    python, script, *words = json.loads(re.search(r"^CMD (\[.+\])$", texts["Dockerfile"], re.MULTILINE)[1])
    assert (python, (HOUSE / script).is_file()) == ("python", True)
    assert tyro.cli(App, args=words).data == Path("/data")


def test_the_studios_of_the_compose_file_are_those_that_the_proxy_asks(texts):
    told = yaml.safe_load(texts["compose.yaml"])
    services = told["services"]
    studios = {name: service for name, service in services.items() if "build" in service}
    for service in studios.values():
        context = DEPLOY / service["build"]["context"]
        assert context.samefile(HOUSE) and (context / service["build"]["dockerfile"]).is_file()
        (volume,) = service["volumes"]
        assert volume.split(":")[0] in told["volumes"], "a volume that outlives its container, and is shared"
    assert set(re.findall(r"server (\w+):", texts["nginx.conf"])) == set(studios)
    proxy = services["nginx"]
    assert set(proxy["depends_on"]) == set(studios)
    (file,) = proxy["volumes"]
    assert (DEPLOY / file.split(":")[0]).is_file() and file.endswith(":/etc/nginx/nginx.conf:ro")
    assert proxy["ports"][0].split(":")[1] == re.search(r"listen (\d+);", texts["nginx.conf"])[1]


def test_the_proxy_brings_along_what_the_studio_asks_who_and_where_one_is(texts):
    passed = dict(re.findall(r"proxy_set_header (\S+) (\S+);", texts["nginx.conf"]))
    # origins are compared with these (protection.py), and a Host without its port would be another
    assert passed["X-Forwarded-Host"] == "$http_host" and passed["X-Forwarded-Proto"] == "$scheme"
    assert "proxy_buffering off;" in texts["nginx.conf"], "previews come one by one"


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
