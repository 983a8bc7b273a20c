import json
from pathlib import Path

import pytest

from training.__main__ import commands, main
from training.run.method import METHODS


def test_every_method_is_a_subcommand_and_the_tools_are_there():
    assert {*METHODS, "resume", "evaluate", "compare", "publish", "card"} <= set(commands())


def test_a_dry_run_prints_the_resolved_options_and_touches_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [
        "painter",
        "--content",
        "photos",
        "--style",
        "art",
        "--steps",
        "12",
        "--model.palette",
        "6",
        "--dry-run",
    ]
    assert main(words) == 0
    options = json.loads(capsys.readouterr().out)
    assert options["method"] == "painter"
    config = options["config"]
    assert (config["content"], config["style"], config["steps"]) == ("photos", "art", 12)
    assert (config["model"]["palette"], config["seed"]) == (6, 0)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(("words", "sentence"), [
    (["painter", "--steps", "0"], "steps is 0; it must be at least 1."),
    (["cyclgan"], "there is no subcommand 'cyclgan'; did you mean cyclegan? The subcommands are color"),
    (["resume", "runs/none"], "runs/none holds no run"),
    (["evaluate", "none"], "none holds no run"),
    (["compare", "--results", "none"], "give --pairs CSV, or --content and --style folders"),
])  # fmt: skip
def test_a_mistake_is_one_line_on_stderr_and_status_2(words, sentence, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    assert len(seen.err.splitlines()) == 1
    assert seen.err.startswith("error: ") and sentence in seen.err


@pytest.mark.parametrize(("words", "told"), [
    (["painter", "--stepz", "3"], "--stepz"),
    ([], "cyclegan, discogan"),
    (["publish", "runs/none"], "The folder to write"),
    (["evaluate"], "Checkpoint folder, run or snapshot"),
])  # fmt: skip
def test_a_command_line_that_cannot_be_read_is_explained(words, told, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(words) == 2
    seen = capsys.readouterr()
    assert told in seen.err and seen.out == ""


def test_an_empty_folder_of_photos_is_a_mistake(studio, tmp_path, capsys):
    words = f"painter --content {tmp_path} --style {studio}/paintings --out {tmp_path}/runs --device cpu"
    assert main([*words.split(), "--perceptual", str(studio / "vgg.safetensors")]) == 2
    assert "No readable picture" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
