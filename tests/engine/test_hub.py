"""A server that speaks as the Hugging Face Hub does: models and styles are pushed over HTTP, and fetched."""

import hashlib
import json

import pytest
import yaml

from stylizer.engine import RequestError, from_pretrained, push
from stylizer.errors import CheckpointError, StyleFileError
from stylizer.imaging.picture import open_picture, save_picture
from stylizer.models.checkpoint import load_checkpoint
from tests.engine.drawn import drawn
from tests.engine.hub_server import Hub
from tests.engine.models import save_models
from tests.ui.small_studio import small_engine


@pytest.fixture
def hub():
    hub = Hub()
    yield hub
    hub.server.shutdown()


@pytest.fixture
def seasons(hub, tmp_path):
    """A friend's model on the Hub, with a program in its repository."""
    save_models(tmp_path / "models")
    (tmp_path / "models" / "seasons" / "setup.py").write_text("raise SystemExit('code of strangers ran')")
    files = sorted((tmp_path / "models" / "seasons").iterdir())
    hub.repositories["friend/seasons"] = {file.name: file.read_bytes() for file in files}
    return hub


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    small_engine(folder, teachable=True)  # a painter of a kind that other processes know
    return folder


def translate(hub, place, model):
    words = ["translate", "photo.png", "--model", model, "--domain", "autumn", "-o", "out.png"]
    return hub.run(place, "-m", "stylizer", *words)


def test_a_model_is_fetched_from_a_hub_and_nothing_but_its_data(seasons, tmp_path):
    save_picture(drawn(40, 56), tmp_path / "photo.png")
    done = translate(seasons, tmp_path, "friend/seasons")
    assert done.returncode == 0, done.stderr
    assert open_picture(tmp_path / "out.png").rgb.shape == (40, 56, 3)
    assert "friend/seasons: license other" in done.stderr
    assert any("model.safetensors" in line for line in seasons.asked)
    assert not any("setup.py" in line for line in seasons.asked)


def test_a_model_that_no_hub_has_is_one_sentence(seasons, tmp_path):
    save_picture(drawn(40, 56), tmp_path / "photo.png")
    done = translate(seasons, tmp_path, "friend/nothing")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert "cannot be fetched from the Hugging Face Hub" in done.stderr


def test_a_checkpoint_is_pushed_with_its_card_and_comes_back_bit_for_bit(hub, checkpoints, tmp_path):
    folder = checkpoints / "painter"
    (folder / "notes.txt").write_text("private")
    done = hub.run(tmp_path, "-m", "stylizer", "push", str(folder), "me/my-painter", "--private")
    (folder / "notes.txt").unlink()
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{hub.address}/me/my-painter" and hub.private == {"me/my-painter"}
    files = hub.repositories["me/my-painter"]
    assert set(files) == {"config.json", "model.safetensors", "README.md"}
    assert files["model.safetensors"] == (folder / "model.safetensors").read_bytes()
    entries = yaml.safe_load(files["README.md"].decode().split("---\n")[1])
    assert entries["license"] == "other" and "style-transfer" in entries["tags"]
    asks = (
        "from stylizer.engine import from_pretrained; print(from_pretrained('me/my-painter').checkpoint_sha)"
    )
    found = hub.run(tmp_path, "-c", asks)
    assert found.stdout.strip() == load_checkpoint(folder).checkpoint_sha, found.stderr


def test_a_style_is_pushed_and_paints_elsewhere_as_at_home(hub, checkpoints, tmp_path):
    at = ["--checkpoints", str(checkpoints)]
    save_picture(drawn(40, 56), tmp_path / "photo.png")
    paint = ["stylize", "photo.png", "--device", "cpu", *at]
    done = hub.run_each(
        tmp_path,
        ["push", "moss", "me/forest-floor", *at],
        [*paint, "--style", "moss", "-o", "home.png"],
        [*paint, "--style", "me/forest-floor", "-o", "away.png"],
    )
    assert done.returncode == 0, done.stderr
    files = hub.repositories["me/forest-floor"]
    assert set(files) == {"config.json", "model.safetensors", "README.md", "moss.webp"}
    assert (
        json.loads(files["config.json"])["sha256"] == hashlib.sha256(files["model.safetensors"]).hexdigest()
    )
    assert yaml.safe_load(files["README.md"].decode().split("---\n")[1])["title"] == "Moss"
    assert (open_picture(tmp_path / "home.png").rgb == open_picture(tmp_path / "away.png").rgb).all()


@pytest.mark.parametrize("token", [None, "hf_another"])
def test_whoever_may_not_write_is_told_how_to_log_in(hub, checkpoints, tmp_path, token):
    words = ["push", "moss", "me/moss", "--checkpoints", str(checkpoints)]
    done = hub.run(tmp_path, "-m", "stylizer", *words, token=token)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "hf auth login" in done.stderr and not hub.repositories


def test_what_is_damaged_is_not_pushed_at_all(hub, checkpoints, tmp_path):
    folder = tmp_path / "painter"
    folder.mkdir()
    for file in (checkpoints / "painter").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-4])
    with pytest.raises(CheckpointError, match=r"sha256|damaged|cut short"):
        push(folder, "me/painter")
    with pytest.raises(RequestError, match="give org/name"):
        push(checkpoints / "painter", "painter")
    assert not hub.asked


def test_a_style_that_was_changed_on_the_way_is_refused(hub, checkpoints, tmp_path):
    hub.run(tmp_path, "-m", "stylizer", "push", "moss", "me/moss", "--checkpoints", str(checkpoints))
    for name, data in hub.repositories["me/moss"].items():
        (tmp_path / name).write_bytes(data)
    assert from_pretrained(tmp_path).title == "Moss"
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"sha256": "0" * 64}))
    with pytest.raises(StyleFileError, match="is not what its config"):
        from_pretrained(tmp_path)
