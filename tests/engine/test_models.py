"""Models of anyone: a folder dropped in, a name on the Hub, and refusals of what is broken or hostile."""

import json
import shutil
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch
from huggingface_hub.errors import DryRunError, RepositoryNotFoundError

from stylizer.engine import Engine, RequestError, TranslateRequest
from stylizer.engine import hub as hub_module
from stylizer.models.checkpoint import CheckpointError
from tests.engine.drawn import drawn
from tests.engine.models import save_models


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    save_models(folder)
    return folder


@pytest.fixture
def hub(sound, tmp_path, monkeypatch):
    """Stand in for the Hub: `hub["org/name"] = folder`; it hands links out, as the real one does."""
    repositories, calls = {}, []

    def snapshot_download(name, allow_patterns, dry_run=False):
        calls.append((name, dry_run))
        if name not in repositories:
            raise RepositoryNotFoundError("no such repository", response=SimpleNamespace(headers={}))
        files = [file for file in sorted(repositories[name].iterdir()) if file.name in allow_patterns]
        if dry_run:
            return [SimpleNamespace(filename=file.name, file_size=file.stat().st_size) for file in files]
        snapshot = tmp_path / "cache" / name.replace("/", "--")
        shutil.rmtree(snapshot, ignore_errors=True)
        snapshot.mkdir(parents=True)
        for file in files:
            (snapshot / file.name).symlink_to(file)
        return str(snapshot)

    monkeypatch.setattr(hub_module, "snapshot_download", snapshot_download)
    return SimpleNamespace(repositories=repositories, calls=calls)


def refused(folder, name="lines") -> str:
    with pytest.raises((CheckpointError, RequestError)) as caught:
        Engine(folder, device="cpu").translate(TranslateRequest(drawn(), name))
    sentence = str(caught.value)
    assert "\n" not in sentence and str(folder) not in sentence
    return sentence


def test_a_folder_dropped_in_is_listed_by_its_role_and_works(sound, tmp_path):
    shutil.copytree(sound / "lines", tmp_path / "my-own.v2")
    engine = Engine(tmp_path, device="cpu", whole_precision=True)
    assert [card.name for card in engine.models("translator")] == ["my-own.v2"]
    assert engine.models("generator") == () and engine.models() == engine.models("translator")
    assert engine.run(TranslateRequest(drawn(), "my-own.v2")).picture.height == 48


def test_a_model_of_the_hub_works_and_tells_its_license(sound, hub, tmp_path):
    hub.repositories["friend/lines"] = sound / "lines"
    engine = Engine(tmp_path, device="cpu", whole_precision=True)
    result = engine.run(TranslateRequest(drawn(), "friend/lines"))
    here = Engine(sound, device="cpu", whole_precision=True)
    assert result.picture.digest == here.translate(TranslateRequest(drawn(), "lines")).picture.digest
    assert result.notes == ("friend/lines: license other",) and result.recipe.model == "friend/lines"
    engine.run(TranslateRequest(drawn(seed=1), "friend/lines"))
    assert hub.calls == [("friend/lines", True), ("friend/lines", False)]


def test_a_recipe_alone_downloads_nothing(sound, hub, tmp_path):
    hub.repositories["friend/lines"] = sound / "lines"
    engine = Engine(tmp_path, device="cpu")
    recipe = engine.run(TranslateRequest(drawn(), "friend/lines")).recipe
    hub.calls.clear()
    with pytest.raises(RequestError, match="made with friend/lines of the Hugging Face Hub; choose"):
        engine.restore(recipe, drawn())
    assert engine.restore(recipe, drawn(), fetch=True)[0].model == "friend/lines" and not hub.calls


def test_a_repository_that_is_gone_large_or_no_checkpoint_is_refused(sound, hub, tmp_path, monkeypatch):
    assert "cannot be fetched from the Hugging Face Hub" in refused(tmp_path, "friend/gone")
    hub.repositories["friend/pickled"] = tmp_path / "pickled"
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"\x80\x04")
    assert "config.json is missing; only config.json, model.safetensors" in refused(
        tmp_path, "friend/pickled"
    )
    hub.repositories["friend/large"] = sound / "lines"
    monkeypatch.setattr(hub_module, "LARGEST_DOWNLOAD", 1000)
    assert "at most 0 are fetched" in refused(tmp_path, "friend/large")
    assert ("friend/large", False) not in hub.calls


def test_without_a_connection_what_was_fetched_before_serves(sound, hub, tmp_path, monkeypatch):
    hub.repositories["friend/lines"] = sound / "lines"
    online = hub_module.snapshot_download

    def offline(name, allow_patterns, dry_run=False):
        if dry_run:
            raise DryRunError("no connection")
        return online(name, allow_patterns)

    monkeypatch.setattr(hub_module, "snapshot_download", offline)
    engine = Engine(tmp_path, device="cpu")
    assert engine.run(TranslateRequest(drawn(), "friend/lines")).picture.height == 48


def doctored(sound, folder, model="lines"):
    shutil.copytree(sound / model, folder / "lines")
    return folder / "lines"


def rewrite(folder, **entries):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | entries))


def reweigh(folder, change):
    """Change the tensors and let the sha256 agree, as someone with intent would."""
    import hashlib

    tensors = safetensors.torch.load_file(folder / "model.safetensors")
    data = safetensors.torch.save(change(tensors))
    (folder / "model.safetensors").write_bytes(data)
    rewrite(folder, sha256=hashlib.sha256(data).hexdigest())


def test_another_role_is_refused(sound, tmp_path):
    doctored(sound, tmp_path, "dream")
    assert "'lines' has the role generator; choose one with translator" in refused(tmp_path)


def test_a_role_that_the_architecture_has_not_is_refused(sound, tmp_path):
    rewrite(doctored(sound, tmp_path, "dream"), role="translator")
    assert "style-gan is a generator" in refused(tmp_path)


def test_the_role_that_a_generator_had_before_still_opens(sound, tmp_path):
    rewrite(doctored(sound, tmp_path, "dream"), role="inventor")
    assert "'lines' has the role generator; choose one with translator" in refused(tmp_path)


def test_an_unknown_architecture_is_refused(sound, tmp_path):
    rewrite(doctored(sound, tmp_path), architecture="os.system")
    assert "architecture 'os.system' is unknown" in refused(tmp_path)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "README.md"])
def test_a_missing_file_is_refused(sound, tmp_path, file):
    (doctored(sound, tmp_path) / file).unlink()
    assert f"{file} is missing" in refused(tmp_path)


def test_a_link_out_of_the_folder_is_refused(sound, tmp_path):
    weights = doctored(sound, tmp_path) / "model.safetensors"
    weights.unlink()
    weights.symlink_to(sound / "lines" / "model.safetensors")
    assert "is not a plain file" in refused(tmp_path)


def test_a_pickle_is_refused(sound, tmp_path):
    (doctored(sound, tmp_path) / "model.safetensors").write_bytes(b"\x80\x04" + b"\xff" * 99)
    assert "holds a pickle, which could run code" in refused(tmp_path)


def test_shapes_that_do_not_match_are_refused(sound, tmp_path):
    reweigh(doctored(sound, tmp_path), lambda found: {k: v[..., :1].contiguous() for k, v in found.items()})
    assert "expected" in refused(tmp_path)


def test_numbers_that_are_none_are_refused(sound, tmp_path):
    def spoil(found):
        next(iter(found.values())).flatten()[0] = torch.nan
        return found

    reweigh(doctored(sound, tmp_path), spoil)
    assert "not finite" in refused(tmp_path)


def test_numbers_that_overflow_are_refused(sound, tmp_path):
    def inflate(found):
        return {
            key: torch.full_like(value, 3e38) if value.ndim == 1 else value for key, value in found.items()
        }

    reweigh(doctored(sound, tmp_path), inflate)
    assert "lines gives no picture of this photo; its numbers overflow" in refused(tmp_path)


def test_a_config_of_absurd_size_is_refused_before_memory_is_taken(sound, tmp_path):
    rewrite(doctored(sound, tmp_path), config={"widths": [1 << 20] * 8})
    assert "expected" in refused(tmp_path)


@pytest.mark.parametrize("name", ["../lines", "/etc", "", ".hidden", "a/../b", "a\\b", "x" * 200, None, 7])
def test_a_name_that_is_no_name_is_refused(name):
    with pytest.raises(RequestError, match="give the name of a checkpoint, or org/name"):
        TranslateRequest(drawn(), name)
