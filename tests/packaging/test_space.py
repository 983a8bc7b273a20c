"""The folder of a Space: only what it needs, and it starts in an environment of its own and paints."""

import os
import signal
import subprocess
import sysconfig
import time
import venv
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from stylizer.cli.main import main
from stylizer.cli.space import gradio_version, write_space
from stylizer.errors import CommandError
from stylizer.imaging.picture import open_picture, read_recipe, save_picture
from stylizer.models.front_matter import split_front_matter
from tests.engine.drawn import drawn
from tests.ui.small_studio import free_port

HOUSE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("space") / "studio"
    write_space(folder)
    return folder


def test_a_space_holds_what_it_needs_and_nothing_else(space):
    assert {path.name for path in space.iterdir()} == {
        ".gitattributes", "LICENSE", "README.md", "app.py", "checkpoints", "requirements.txt", "stylizer",
    }  # fmt: skip
    files = [path for path in space.rglob("*") if path.is_file()]
    assert not any("__pycache__" in path.parts or path.suffix == ".pyc" for path in files)
    assert not any({"tests", "training"} & set(path.relative_to(space).parts) for path in files)
    assert sum(path.stat().st_size for path in files) < 80e6
    front, _ = split_front_matter((space / "README.md").read_text())
    assert front["sdk"] == "gradio" and front["app_file"] == "app.py"
    assert str(front["sdk_version"]) == gradio_version()


def test_its_requirements_are_the_pages_own(space):
    wanted = {line.split("#")[0].strip() for line in (HOUSE / "requirements.txt").read_text().splitlines()}
    found = set((space / "requirements.txt").read_text().splitlines())
    assert found - wanted == {"spaces>=0.40"} and wanted - {""} <= found


def test_the_command_tells_sizes_and_how_to_upload(tmp_path, capsys):
    assert main(["space", str(tmp_path / "new")]) == 0
    told = capsys.readouterr().out
    assert "checkpoints" in told and "MB" in told
    assert (
        told.splitlines()[-1]
        == f"hf upload YOUR-NAME/style-transfer-studio {tmp_path / 'new'} . --repo-type space"
    )


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(CommandError, match="not empty"):
        write_space(tmp_path)
    with pytest.raises(CommandError, match="no painter"):
        write_space(tmp_path / "new", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_it_starts_in_an_environment_that_borrows_packages_and_paints(space, tmp_path):
    """Quick, for what the requirements name is there already; the server's settings are those of a Space."""
    environment = tmp_path / "environment"
    venv.create(environment)
    python = environment / "bin" / "python"
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    purelib = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    (Path(purelib) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    check_that_it_paints(space, python, tmp_path)


@pytest.mark.slow
@pytest.mark.downloads
@pytest.mark.timeout(5400)
def test_it_starts_in_a_fresh_environment_and_paints(space, tmp_path):
    """Nothing but what the Space's own requirements install, from a registry: some GB, and many minutes."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "-r", space / "requirements.txt"]
    known = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(install, check=True, env=known | {"TMPDIR": str(tmp_path)})
    ask = [python, "-c", "import gradio, stylizer, sys; print(gradio.__file__, stylizer.__file__)"]
    places = subprocess.run(ask, capture_output=True, text=True, check=True, cwd=space, env=known).stdout
    assert str(environment) in places and str(space) in places
    check_that_it_paints(space, python, tmp_path)


def check_that_it_paints(space: Path, python: Path, tmp_path: Path) -> None:
    """Start the Space by that Python, and let a program paint with it."""
    port = free_port()
    known = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "GRADIO_TEMP_DIR")}
    known |= {
        "GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": str(port), "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1",
        "SPACE_ID": "",
    }  # fmt: skip
    server = subprocess.Popen([python, "app.py"], cwd=space, env=known)
    address = f"http://127.0.0.1:{port}/"
    try:
        end = time.monotonic() + 900
        while time.monotonic() < end and server.poll() is None:
            try:
                if httpx.get(f"{address}config", timeout=60).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(1)
        patient = {"timeout": 180}
        client = Client(
            address, verbose=False, download_files=str(tmp_path / "downloads"), httpx_kwargs=patient
        )
        save_picture(drawn(60, 90), tmp_path / "photo.png")
        file = client.predict(
            photo=handle_file(tmp_path / "photo.png"), style="starry-night", api_name="/stylize"
        )
        assert open_picture(file).rgb.shape == (60, 90, 3) and '"starry-night"' in read_recipe(file)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(120)
