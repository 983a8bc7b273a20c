import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stylizer.imaging.picture import save_picture
from tests.engine.drawn import drawn
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


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (KeyboardInterrupt(), 130, "stopped."),
        (MemoryError(), 2, "not enough memory"),
        (
            OSError(28, "No space left on device", "/secret/place/report.jsonl"),
            2,
            "report.jsonl: No space left",
        ),
        (NotADirectoryError(20, "Not a directory", "runs"), 2, "error: runs: Not a directory."),
        (OSError(), 2, "the disk: it was refused."),
    ],
)
def test_what_the_system_refuses_is_one_line_and_no_traceback(error, status, sentence, monkeypatch, capsys):
    def refuse(self):
        raise error

    monkeypatch.setattr(commands()["split"], "run", refuse)
    assert main(["split", "pictures", "out"]) == status
    seen = capsys.readouterr().err
    assert sentence in seen and len(seen.splitlines()) == 1 and "/secret" not in seen


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits file sizes as Unix does")
def test_a_disk_that_takes_no_snapshot_ends_a_training_in_one_sentence(tmp_path):
    """Files of 300 KB at most: the report and the samples fit, a snapshot does not."""
    import resource

    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for seed in range(3):
            save_picture(drawn(40, 48 + seed, seed), tmp_path / folder / f"{seed}.png")
    words = "discogan --a a --b b --steps 2 --batch 1 --crop 32 --critic-width 4 --name run --device cpu"
    done = subprocess.run(
        [sys.executable, "-m", "training", *words.split()],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "the snapshot of step 2 cannot be written" in done.stderr
    assert not list((tmp_path / "runs" / "run" / "snapshots").iterdir())
