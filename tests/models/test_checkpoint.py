"""A checkpoint comes back bit for bit, or is refused by a sentence that helps."""

import json
import os
import pickle  # noqa: TID251 - only to prove that it is refused
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest
import safetensors.torch
import torch
from torch import nn

from stylizer.models.checkpoint import (
    UNPLACED,
    CheckpointError,
    load_checkpoint,
    read_card,
    save_checkpoint,
)
from stylizer.models.config import before, config_from_json
from stylizer.models.front_matter import front_matter, split_front_matter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.registry import architecture, find


@dataclass(frozen=True)
class BrushConfig:
    width: int = 3
    curve: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))
    name: str | None = None
    gloss: bool = field(default=True, metadata=before(False))

    def __post_init__(self):
        if self.width < 1:
            raise ValueError(f"width is {self.width}; it must be at least 1")


@architecture("test-brush", role="stylizer", config=BrushConfig)
class Brush(nn.Module):
    def __init__(self, config: BrushConfig):
        super().__init__()
        self.config = config
        self.first = nn.Conv2d(3, config.width, 3)
        self.norm = nn.BatchNorm2d(config.width)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    network = Brush(BrushConfig(curve=((0.0, 0.1), (1.5, 2.0))))
    save_checkpoint(tmp_path / "brush", network, "# Brush\n")
    return tmp_path / "brush"


def edit(folder, **entries):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | entries))


def rewrite_weights(folder, change):
    """Change the tensors and give config.json the right sha256 for them."""
    import hashlib

    tensors = safetensors.torch.load((folder / "model.safetensors").read_bytes())
    change(tensors)
    data = safetensors.torch.save(tensors)
    (folder / "model.safetensors").write_bytes(data)
    edit(folder, sha256=hashlib.sha256(data).hexdigest())


def without(folder, entry):
    config = json.loads((folder / "config.json").read_text())["config"]
    edit(folder, config={key: value for key, value in config.items() if key != entry})


def test_an_option_that_came_later_means_in_an_older_folder_what_was_done_then(saved):
    assert load_checkpoint(saved).config.gloss, "what is saved now says what it is"
    without(saved, "gloss")
    assert not load_checkpoint(saved).config.gloss
    without(saved, "width")
    assert load_checkpoint(saved).config.width == 3, "what was there from the start has its default"


def test_a_painter_of_before_an_option_paints_as_it_did():
    then = config_from_json(PainterConfig, {})
    assert (then.normalize_encoder, then.variance_floor) == (True, 0.0)
    assert not then.match_colors and not then.told_calmness
    assert then.blurs == (0.0, 0.0, 0.0) and not then.smooth_enlarging


def silent(kind, values, where=""):
    """List the fields that a config leaves out without their saying what that means."""
    hints, left_out = get_type_hints(kind), []
    for one in fields(kind):
        if one.name not in values:
            left_out += [] if one.metadata else [where + one.name]
        elif is_dataclass(hints[one.name]):
            left_out += silent(hints[one.name], values[one.name], f"{where}{one.name}.")
    return left_out


SHIPPED = sorted(path.parent for path in (Path(__file__).parents[2] / "checkpoints").glob("*/config.json"))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_what_ships_is_not_changed_by_an_option_that_it_does_not_name(folder):
    """A new field's default is for what is trained from now on: the folder names it, or `before` says it."""
    config = json.loads((folder / "config.json").read_text())
    assert silent(find(config["architecture"]).config, config["config"]) == []


def refusal(folder):
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(folder)
    message = str(caught.value)
    assert str(folder.parent) not in message and "\n" not in message
    assert folder.name in message
    return message


def test_whole_precision_comes_back_bit_for_bit(tmp_path):
    network = Brush(BrushConfig())
    save_checkpoint(tmp_path / "brush", network, "card", half=False)
    loaded = load_checkpoint(tmp_path / "brush")
    for key, tensor in network.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[key]), key


def test_half_precision_settles_at_the_first_save(saved, tmp_path):
    loaded = load_checkpoint(saved)
    save_checkpoint(tmp_path / "again", loaded, "# Brush\n")
    again = load_checkpoint(tmp_path / "again")
    assert again.checkpoint_sha == loaded.checkpoint_sha
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), again.parameters(), strict=True))


def test_a_loaded_network_is_frozen_in_eval_mode_and_knows_its_config(saved):
    network = load_checkpoint(saved)
    assert not network.training and not any(p.requires_grad for p in network.parameters())
    assert network.config == BrushConfig(curve=((0.0, 0.1), (1.5, 2.0)))
    assert all(p.dtype == torch.float32 for p in network.parameters())


def test_the_card_is_read_without_the_weights(saved):
    (saved / "model.safetensors").write_bytes(b"")
    card = read_card(saved)
    assert (card.name, card.role, card.architecture, card.text) == (
        "brush",
        "stylizer",
        "test-brush",
        "# Brush\n",
    )


def test_a_card_gives_its_title_and_status_from_its_head(saved):
    assert (read_card(saved).title, read_card(saved).about, read_card(saved).status) == ("brush", "", "")
    entries = {"license": "other", "title": 'Monet: "haystacks"', "about": "Photos, as he\nsaw them.",
               "status": "experimental", "tags": "[image-to-image]"}  # fmt: skip
    (saved / "README.md").write_text(front_matter(entries) + "\n\n# Brush\n\ntitle: not this one\n")
    card = read_card(saved)
    assert (card.title, card.about) == ('Monet: "haystacks"', "Photos, as he saw them.")
    assert (card.status, card.license, card.measured) == ("experimental", "other", "")
    assert split_front_matter(card.text)[1].startswith("# Brush")


@pytest.mark.parametrize(("head", "place"), [
    ("place: 3", 3), ("place: 0", 0), ("title: brush", UNPLACED), ("place: -1", UNPLACED),
    ("place: ٣", UNPLACED), ("place: 99999999999999999999", UNPLACED), ("place: first", UNPLACED),
])  # fmt: skip
def test_a_card_tells_its_place_and_what_is_no_number_is_none(saved, head, place):
    (saved / "README.md").write_text(f"---\n{head}\n---\n# Brush\n")
    assert read_card(saved).place == place


@pytest.mark.parametrize(("head", "title"), [
    ("title: 'It''s mine'", "It's mine"),
    ('title: "torn \\u202e and \\ud800"', "torn and"),
    ('title: "never closed', "never closed"),
    ("title: " + 500 * "x", 300 * "x"),
    ("title: *anchor", "*anchor"),
    ("title:", "brush"),
    ("other:\n  title: nested", "brush"),
])  # fmt: skip
def test_a_strange_head_gives_plain_words(saved, head, title):
    (saved / "README.md").write_text(f"---\n{head}\n---\n# Brush\n")
    assert read_card(saved).title == title


def test_saving_again_replaces_and_leaves_no_litter(saved):
    before = load_checkpoint(saved).checkpoint_sha
    save_checkpoint(saved, Brush(BrushConfig(width=5)), "new")
    assert load_checkpoint(saved).checkpoint_sha != before
    assert sorted(os.listdir(saved.parent)) == ["brush"]


def test_a_save_that_dies_between_its_renames_leaves_the_old_checkpoint(saved):
    before = load_checkpoint(saved).checkpoint_sha
    os.rename(saved, saved.with_name(".brush.previous"))
    assert load_checkpoint(saved).checkpoint_sha == before


def test_a_save_that_fails_leaves_the_old_checkpoint(saved):
    before = load_checkpoint(saved).checkpoint_sha
    broken = Brush(BrushConfig())
    broken.first.weight.data[0, 0, 0, 0] = 1e6  # more than half precision holds
    with pytest.raises(CheckpointError, match=r"first\.weight has values that are not finite in float16"):
        save_checkpoint(saved, broken, "card")
    assert load_checkpoint(saved).checkpoint_sha == before
    assert sorted(os.listdir(saved.parent)) == ["brush"]


def test_a_folder_with_other_things_is_never_overwritten(tmp_path):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.jpg").write_bytes(b"dear")
    with pytest.raises(CheckpointError, match="holds other things"):
        save_checkpoint(tmp_path / "holiday", Brush(BrushConfig()), "card")
    assert (tmp_path / "holiday" / "beach.jpg").read_bytes() == b"dear"


def test_a_missing_folder_is_named(tmp_path):
    assert "is missing" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "README.md"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    assert f"{name} is missing" in refusal(saved)


def test_a_pickle_in_disguise_is_refused_unread(saved):
    for data in (pickle.dumps({"weight": 1}), b"PK\x03\x04" + b"\0" * 40):
        (saved / "model.safetensors").write_bytes(data)
        assert "pickle" in refusal(saved)


def test_a_huge_header_is_refused(saved):
    (saved / "model.safetensors").write_bytes((2**40).to_bytes(8, "little") + b"{}")
    assert "cut short" in refusal(saved)
    (saved / "model.safetensors").write_bytes((5 << 20).to_bytes(8, "little") + b" " * (5 << 20))
    assert "header of 5242880 bytes" in refusal(saved)


def test_changed_weights_are_noticed(saved):
    data = bytearray((saved / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (saved / "model.safetensors").write_bytes(data)
    assert "sha256" in refusal(saved)


def test_a_truncated_file_is_noticed(saved):
    data = (saved / "model.safetensors").read_bytes()
    (saved / "model.safetensors").write_bytes(data[:5])
    assert "cut short" in refusal(saved)


def test_shapes_are_compared(saved):
    rewrite_weights(saved, lambda t: t.update({"first.bias": torch.zeros(7)}))
    assert "first.bias has shape 7; expected 3" in refusal(saved)


def test_missing_extra_wrong_and_mad_weights_are_named(saved):
    keep = (saved / "model.safetensors").read_bytes(), (saved / "config.json").read_bytes()
    for change, words in (
        (lambda t: t.pop("first.bias"), "first.bias is missing"),
        (lambda t: t.update(extra=torch.zeros(1)), "'extra'; the network has no such weight"),
        (lambda t: t.update({"first.bias": torch.zeros(3, dtype=torch.int8)}), "first.bias holds int8"),
        (lambda t: t["first.bias"].fill_(float("nan")), "first.bias has values that are not finite"),
    ):
        (saved / "model.safetensors").write_bytes(keep[0])
        (saved / "config.json").write_bytes(keep[1])
        rewrite_weights(saved, change)
        assert words in refusal(saved)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"width": 3, "colour": 1}, "'colour'; known are width, curve, name"),
        ({"width": "3"}, "config.width is '3'; expected int"),
        ({"width": True}, "config.width is True; expected int"),
        ({"width": 10**12}, "expected int of at most 1048576"),
        ({"width": 10**400}, "an enormous number"),
        ({"width": 0}, "width is 0; it must be at least 1"),
        ({"curve": [[0, 0, 0]]}, "config.curve[0] has 3 items; expected 2"),
        ({"curve": [[0, 1e999]]}, "config.curve[0][1] is inf; expected float"),
        ({"curve": [[0, 0]] * 5000}, "expected a list of at most 4096"),
        ({"name": 3}, "config.name is 3; expected str"),
        ([], "config is a list of 0; expected an object"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(saved, config, words):
    edit(saved, config=config)
    assert words in refusal(saved)


def test_an_absurd_width_costs_no_memory(saved):
    edit(saved, config={"width": 1 << 20})
    assert "first.weight has shape 3x3x3x3; expected 1048576x3x3x3" in refusal(saved)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"format": 2}, "format 2; this studio reads format 1"),
        ({"architecture": "../../etc/passwd"}, "is unknown"),
        ({"architecture": ["x"]}, "is unknown"),
        ({"role": "wizard"}, "role 'wizard'; test-brush is a stylizer"),
        ({"sha256": "00"}, "expected 64 hexadecimal digits"),
        ({"auto_map": "evil.py"}, "expected architecture, config, format, role, sha256"),
    ],
)
def test_entries_that_do_not_fit_are_refused(saved, entries, words):
    edit(saved, **entries)
    assert words in refusal(saved)


@pytest.mark.parametrize("text", ["", "[" * 100_000, "null", "\xff", '{"a": NaN'])
def test_a_config_that_is_no_object_is_refused(saved, text):
    (saved / "config.json").write_text(text, encoding="latin-1")
    assert "config.json" in refusal(saved)


def test_links_and_pipes_are_not_followed(saved, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes((saved / "model.safetensors").read_bytes())
    (saved / "model.safetensors").unlink()
    (saved / "model.safetensors").symlink_to(secret)
    assert "not a plain file" in refusal(saved)
    (saved / "model.safetensors").unlink()
    os.mkfifo(saved / "model.safetensors")
    assert "not a plain file" in refusal(saved)
