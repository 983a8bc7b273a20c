"""The wheel, in a fresh environment outside the checkout: it paints with what is inside."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from stylizer.imaging.picture import open_picture, read_recipe, save_picture
from tests.engine.drawn import drawn

HOUSE = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(HOUSE)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of scripts of an environment that has the wheel, and borrows only what it depends on."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], check=True)
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (Path(purelib) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def run(program: Path, *arguments: object, where: Path) -> subprocess.CompletedProcess:
    known = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [program, *map(str, arguments)], cwd=where, env=known, capture_output=True, text=True, timeout=600
    )


def test_the_wheel_holds_one_package_with_all_its_data(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} <= {
        "stylizer",
        "stylizer_training",
    }
    for wanted in (
        "stylizer/checkpoints/painter/model.safetensors",
        "stylizer/checkpoints/segmenter/model.safetensors",
        "stylizer/checkpoints/styles/starry-night.safetensors",
        "stylizer/checkpoints/perceptual/vgg16.safetensors",
        "stylizer/ui/page.css",
        "stylizer/ui/phone.css",
        "stylizer/ui/stage/stage.js",
        "stylizer/ui/samples/fig.webp",
        "stylizer_training/publishing/named_styles.csv",
    ):
        assert wanted in names


def test_an_installed_studio_trains_and_evaluates(installed, tmp_path):
    for folder in ("photos", "paintings"):
        (tmp_path / folder).mkdir()
        for seed in range(3):
            save_picture(drawn(40, 48 + seed), tmp_path / folder / f"{seed}.png")
    words = "discogan --a photos --b paintings --steps 1 --batch 1 --crop 32 --critic-width 4 --name run"
    done = run(installed / "stylizer-train", *words.split(), where=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "run" / "snapshots" / "step-000001").is_dir()
    words = "evaluate runs/run --photos photos --pictures paintings --size 64 --limit 3"
    done = run(installed / "stylizer-train", *words.split(), where=tmp_path)
    assert done.returncode == 2 and "a set of 3 pictures is too small" in done.stderr


def test_an_installed_studio_paints_with_what_it_brought_along(installed, tmp_path):
    save_picture(drawn(48, 64), tmp_path / "photo.png")
    listed = run(installed / "stylizer", "styles", "--json", where=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert "starry-night" in [style["name"] for style in json.loads(listed.stdout)]
    done = run(
        installed / "stylizer", "stylize", "photo.png", "--style", "starry-night", "-o", "out.png",
        where=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert open_picture(tmp_path / "out.png").rgb.shape == (48, 64, 3)
    assert json.loads(read_recipe(tmp_path / "out.png"))["request"]["styles"][0]["name"] == "starry-night"


def test_an_installed_studio_makes_its_page(installed, tmp_path):
    make = (
        "import os, stylizer; from stylizer.engine import Engine; from stylizer.ui.page import make_page; "
        "make_page(Engine()); print(stylizer.__file__, flush=True); os._exit(0)"
    )
    done = run(installed / "python", "-c", make, where=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "site-packages" in done.stdout and str(HOUSE) not in done.stdout
