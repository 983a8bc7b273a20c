import os
import signal

import pytest
import torch
from safetensors import SafetensorError
from torch import nn

from training.run import snapshots
from training.run.config import UserMistake
from training.run.snapshots import (
    RunState,
    list_snapshots,
    newest_snapshot,
    read_snapshot,
    save_snapshot,
    tidy,
)


def state_at(step: int) -> RunState:
    net = nn.Linear(3, 2)
    nn.init.constant_(net.weight, float(step))
    return RunState({"nets": net}, step=step)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("moment", ["in the tensors", "before the manifest", "before the rename"])
def test_a_kill_during_a_save_leaves_the_last_good_snapshot(tmp_path, moment):
    save_snapshot(state_at(1), tmp_path)
    child = os.fork()
    if child == 0:
        die_at(moment)
        save_snapshot(state_at(2), tmp_path)
        os._exit(1)  # not reached: the kill came first
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    tensors, plain, faults = newest_snapshot(tmp_path)
    assert (plain["step"], faults) == (1, [])
    assert torch.equal(tensors["nets.weight"], torch.ones(2, 3))
    save_snapshot(state_at(2), tmp_path)  # the leftovers are in nobody's way
    assert newest_snapshot(tmp_path)[1]["step"] == 2


def die_at(moment: str) -> None:
    """Arrange for this process to be killed in the middle of a save."""

    def die(*args: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def half(tensors: dict, path: object) -> None:
        path.write_bytes(b"half of it")
        die()

    if moment == "in the tensors":
        snapshots.save_file = half
    elif moment == "before the manifest":
        snapshots.file_digest = die
    else:
        snapshots.sync = die


@pytest.mark.parametrize("file", ["state.safetensors", "state.json"])
def test_a_damaged_newest_snapshot_is_reported_and_the_one_before_is_taken(tmp_path, file):
    save_snapshot(state_at(1), tmp_path)
    newest = save_snapshot(state_at(2), tmp_path)
    data = (newest / file).read_bytes()
    (newest / file).write_bytes(data[: len(data) // 2])
    _, plain, faults = newest_snapshot(tmp_path)
    assert plain["step"] == 1
    assert "step-000002" in faults[0]


def test_one_changed_byte_is_found(tmp_path):
    folder = save_snapshot(state_at(1), tmp_path)
    data = bytearray((folder / "state.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "state.safetensors").write_bytes(data)
    with pytest.raises(UserMistake, match="is damaged"):
        read_snapshot(folder)


def test_saving_the_same_step_again_replaces_it(tmp_path):
    save_snapshot(state_at(1), tmp_path)
    again = state_at(1)
    again.seconds = 60.0
    save_snapshot(again, tmp_path)
    tidy(tmp_path, best=None)
    assert newest_snapshot(tmp_path)[1]["seconds"] == 60
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == ["step-000001"]


def test_the_last_three_and_the_best_stay(tmp_path):
    for step in range(1, 7):
        save_snapshot(state_at(step), tmp_path)
    (tmp_path / "snapshots" / "step-000009.tmp").mkdir()
    tidy(tmp_path, best="step-000002")
    assert [path.name[-1] for path in list_snapshots(tmp_path)] == ["2", "4", "5", "6"]
    assert not (tmp_path / "snapshots" / "step-000009.tmp").exists()


def test_snapshots_at_multiples_stay_where_they_are_asked_for(tmp_path):
    for step in range(1, 11):
        save_snapshot(state_at(step), tmp_path)
    tidy(tmp_path, best=None, keep_every=4)
    assert [int(path.name[-6:]) for path in list_snapshots(tmp_path)] == [4, 8, 9, 10]


def test_the_newest_snapshot_is_the_one_of_most_steps_beyond_a_million_too(tmp_path):
    for step in (999_998, 999_999, 1_000_000, 1_000_001):
        save_snapshot(state_at(step), tmp_path)
    (tmp_path / "snapshots" / "step-999998 (copy)").mkdir()
    assert newest_snapshot(tmp_path)[1]["step"] == 1_000_001
    tidy(tmp_path, None)
    assert [path.name for path in list_snapshots(tmp_path)] == ["step-999999", "step-1000000", "step-1000001"]


def test_a_snapshot_of_another_network_is_refused_in_one_sentence(tmp_path):
    tensors, plain = read_snapshot(save_snapshot(state_at(1), tmp_path))
    with pytest.raises(UserMistake, match="nets does not fit"):
        RunState({"nets": nn.Linear(4, 2)}).restore(tensors, plain)


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        SafetensorError("I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_a_sentence_that_says_what_is_kept(tmp_path, monkeypatch, error):
    def full(tensors, path):
        path.write_bytes(b"half of it")
        raise error

    real = snapshots.save_file
    monkeypatch.setattr(snapshots, "save_file", full)
    with pytest.raises(UserMistake, match=r"No space left on device.*there is none before it"):
        save_snapshot(state_at(1), tmp_path)
    monkeypatch.setattr(snapshots, "save_file", real)
    save_snapshot(state_at(1), tmp_path)
    monkeypatch.setattr(snapshots, "save_file", full)
    with pytest.raises(UserMistake, match=r"step 2 cannot be written.*step-000001 is kept, and `resume`"):
        save_snapshot(state_at(2), tmp_path)
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == ["step-000001"]
    assert newest_snapshot(tmp_path)[1]["step"] == 1
