import json
import os
import shutil
import signal
import subprocess
import sys
from multiprocessing import get_all_start_methods
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.tiny_runs import TINY_RUNS
from tests.training.toy import Toy, tiny_painter_run, toy_run
from training.__main__ import main
from training.run import batches, loop
from training.run.alarms import TrainingAlarm
from training.run.config import UserMistake
from training.run.loop import resume, start
from training.run.method import METHODS, late_linear
from training.run.snapshots import list_snapshots, newest_snapshot, read_snapshot

ROOT = Path(__file__).parents[2]


def tensors_of(run):
    return newest_snapshot(run)[0]


def assert_equal_bits(first, second):
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


def resumed_from(run, step):
    """Go on with a copy of a run as it was after `step` steps."""
    copy = run.with_name(run.name + "-copy")
    shutil.copytree(run, copy)
    for snapshot in list_snapshots(copy):
        if snapshot.name > f"step-{step:06d}":
            shutil.rmtree(snapshot)
    torch.rand(1000)  # whatever else happened between the sessions
    return resume(copy)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_ten_steps_are_five_a_resume_and_five_bit_for_bit(tmp_path, precision):
    whole = start("toy", toy_run(tmp_path, precision=precision))
    names = tensors_of(whole)
    assert_equal_bits(names, tensors_of(resumed_from(whole, 5)))
    assert any(name.startswith("optimizers.critic.exp_avg_sq.") for name in names)
    assert {name.split(".")[0] for name in names} == {"nets", "memory", "averaged", "optimizers"}


def test_the_painter_resumes_bit_for_bit_and_all_of_it_learns(tmp_path, studio):
    run = start("painter", tiny_painter_run(tmp_path, studio, steps=4, save_every=2))
    tensors = tensors_of(run)
    assert_equal_bits(tensors, tensors_of(resumed_from(run, 2)))
    moments = {name: value for name, value in tensors.items() if ".exp_avg_sq." in name}
    assert {name.split(".")[1] for name in moments} == {"painter", "critic"}
    still = [name for name, value in moments.items() if not value.any()]
    # hinge: real and made scores pull a bias of the critic's last layer equally hard, both ways
    assert [name for name in still if not name.endswith("score.bias")] == []


@pytest.mark.skipif("fork" not in get_all_start_methods(), reason="crops are cut ahead by forked processes")
@pytest.mark.parametrize("name", ["painter", "cyclegan", "segmenter"])
def test_crops_that_were_cut_ahead_teach_the_same(tmp_path, studio, name):
    options = TINY_RUNS[name].options
    runs = [
        start(
            name, options(tmp_path, studio, name=f"ahead-{ahead}", steps=3, precision="float32", ahead=ahead)
        )
        for ahead in (0, 2)
    ]
    assert_equal_bits(*(tensors_of(run) for run in runs))


def test_where_nothing_forks_crops_cannot_be_cut_ahead(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "get_all_start_methods", lambda: ["spawn"])
    with pytest.raises(UserMistake, match="--ahead 0"):
        start("toy", toy_run(tmp_path, ahead=1))
    start("toy", toy_run(tmp_path, name="alone", steps=1))


def test_a_phase_changes_only_the_networks_it_names(tmp_path):
    torch.manual_seed(0)
    before = Toy(toy_run(tmp_path)).nets
    run = start("toy", toy_run(tmp_path, steps=1))  # the judge is not due before step 2
    after = tensors_of(run)
    same = {name: torch.equal(value, after[f"nets.{name}"]) for name, value in before.named_parameters()}
    assert {name for name in same if not same[name]} == {
        "painter.0.weight",
        "painter.2.weight",
        "painter.2.bias",
    }


def test_the_loss_falls_and_the_report_says_so(tmp_path):
    run = start("toy", toy_run(tmp_path, steps=120, lr=1e-2, log_every=20, save_every=200, sample_every=200))
    lines = [json.loads(line) for line in (run / "report.jsonl").read_text().splitlines()]
    losses = [line["paint/match"] for line in lines if "paint/match" in line]
    assert len(losses) == 6
    assert losses[-1] < 0.2 * losses[0]
    assert {"judge/hinge", "judge/critic_right", "paint/norm", "paint/lr"} <= lines[-1].keys()
    assert list((run / "tensorboard").iterdir())
    assert (run / "samples" / "step-000120.png").stat().st_size > 0


@pytest.mark.parametrize(("precision", "told"), [("bfloat16", True), ("float32", False)])
def test_a_run_says_so_when_its_numbers_are_only_emulated(tmp_path, monkeypatch, precision, told):
    monkeypatch.setattr(loop, "fast_type", lambda kind: torch.float32)
    run = start("toy", toy_run(tmp_path, steps=1, log_every=1, precision=precision))
    notes = [json.loads(line).get("note", "") for line in (run / "report.jsonl").read_text().splitlines()]
    assert any("--precision float32" in note for note in notes) == told


def test_a_loss_that_is_not_a_number_stops_the_run_before_it_reaches_the_weights(tmp_path):
    with pytest.raises(TrainingAlarm, match="step 7, paint: loss match is not finite"):
        start("toy", toy_run(tmp_path, name="ill", poison=7))
    assert [path.name for path in list_snapshots(tmp_path / "ill")] == ["step-000005"]
    alarm, plain = read_snapshot(tmp_path / "ill" / "snapshots" / "alarm")
    assert plain["step"] == 7
    assert all(torch.isfinite(value.float()).all() for value in alarm.values())


def test_a_signal_saves_and_leaves_and_resume_goes_on(tmp_path, monkeypatch):
    whole = start("toy", toy_run(tmp_path, name="whole"))
    paint = Toy.paint

    def interrupted(self, batch, carry, step):
        if step == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return paint(self, batch, carry, step)

    monkeypatch.setattr(Toy, "paint", interrupted)
    run = start("toy", toy_run(tmp_path, name="stopped"))
    assert newest_snapshot(run)[1]["step"] == 4
    monkeypatch.setattr(Toy, "paint", paint)
    resume(run)
    assert_equal_bits(tensors_of(whole), tensors_of(run))


def test_the_best_snapshot_by_the_methods_own_figure_is_kept(tmp_path, monkeypatch):
    figures = iter([0.5, 0.1, 0.4, 0.4, 0.4, 0.4])
    monkeypatch.setattr(Toy, "score", lambda self, nets, batch: next(figures))
    run = start("toy", toy_run(tmp_path, steps=6, save_every=1))
    assert [path.name[-1] for path in list_snapshots(run)] == ["2", "4", "5", "6"]


def test_tensorboard_has_every_point_of_a_resumed_run_once(tmp_path):
    whole = start("toy", toy_run(tmp_path, log_every=1))
    for run in (whole, resumed_from(whole, 5)):
        events = EventAccumulator(str(run / "tensorboard")).Reload()
        assert [event.step for event in events.Scalars("paint/match")] == list(range(1, 11))


def test_only_lazy_phases_are_multiplied_by_what_they_miss(tmp_path):
    norms = {}
    for lazy in (False, True):
        run = start("toy", toy_run(tmp_path, name=f"lazy-{lazy}", steps=4, log_every=1, lazy=lazy))
        lines = map(json.loads, (run / "report.jsonl").read_text().splitlines())
        norms[lazy] = next(line["judge/norm"] for line in lines if "judge/norm" in line)
    assert norms[True] == pytest.approx(
        2 * norms[False], rel=1e-4
    )  # the toy's critic learns every second step


def test_a_new_run_can_begin_from_a_snapshot_and_says_what_is_new(tmp_path):
    run = start("toy", toy_run(tmp_path, name="first"))
    newest = list_snapshots(run)[-1]
    begun = start("toy", toy_run(tmp_path, name="second", steps=1, lr=1e-9, init=newest))
    first, second = tensors_of(run), tensors_of(begun)
    assert torch.allclose(first["averaged.painter.0.weight"], second["nets.painter.0.weight"], atol=1e-6)
    assert "started from step 10" in (begun / "report.jsonl").read_text()


def test_mistakes_about_runs_are_sentences(tmp_path):
    start("toy", toy_run(tmp_path, name="taken", steps=1))
    with pytest.raises(UserMistake, match="already holds a run; resume it or give another name"):
        start("toy", toy_run(tmp_path, name="taken"))
    with pytest.raises(UserMistake, match="holds no run"):
        resume(tmp_path / "nowhere")
    with pytest.raises(UserMistake, match="neither a checkpoint folder nor a snapshot"):
        start("toy", toy_run(tmp_path, name="lost", init=tmp_path))


def test_the_loop_knows_the_methods_before_anything_else_was_imported(tmp_path):
    run = start("toy", toy_run(tmp_path, steps=1))
    options = json.loads((run / "options.json").read_text())
    (run / "options.json").write_text(json.dumps(options | {"method": "unheard-of"}))
    code = (
        "import sys; from pathlib import Path; from training.run.loop import resume\n"
        "try: resume(Path(sys.argv[1]))\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, run], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "there is no method 'unheard-of'; the methods are" in done.stdout
    assert set(METHODS) - {"toy"} <= set(done.stdout.strip(" .\n").replace(",", "").split())


def test_new_steps_of_a_resumed_run_stretch_the_line_of_its_rate_as_the_help_says(studio, tmp_path, capsys):
    options = TINY_RUNS["dualgan"].options(tmp_path, studio, steps=4, log_every=1, critic_steps=1)
    run = start("dualgan", options)
    resume(run, steps=8)
    lines = map(json.loads, (run / "report.jsonl").read_text().splitlines())
    rates = [line["translate/lr"] for line in lines if "translate/lr" in line]
    short, long = ([late_linear(step, steps, options.lr) for step in range(steps)] for steps in (4, 8))
    assert rates == pytest.approx(short + long[4:])
    assert short[3] < long[3]  # so that it is told
    assert main(["resume", "--help"]) == 0
    assert "learning rate is a function of it" in " ".join(capsys.readouterr().out.split())


def test_a_run_has_one_trainer(tmp_path):
    run = start("toy", toy_run(tmp_path, steps=2))
    before = tensors_of(run)
    code = (
        "import sys; from pathlib import Path; from training.run.lock import training_alone\n"
        "with training_alone(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, run], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UserMistake, match=f"is being trained by process {other.pid}; stop that one"):
            resume(run, steps=4)
        assert_equal_bits(tensors_of(run), before)
    finally:
        other.kill()
        other.communicate()
    assert newest_snapshot(resume(run, steps=4))[1]["step"] == 4


def test_processes_that_do_not_work_together_are_refused(tmp_path, monkeypatch):
    """Both would write one run's folder, and their gradients would not be averaged."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(loop, "Accelerator", lambda **_: SimpleNamespace(num_processes=1))
    with pytest.raises(UserMistake, match="2 processes were launched, but 1 of them work together"):
        start("toy", toy_run(tmp_path))
    assert not list(tmp_path.iterdir())


def test_pictures_for_a_critic_are_cut_from_its_first_step_on_and_not_from_its_first_batch(
    tmp_path, studio, monkeypatch
):
    monkeypatch.setenv("WORLD_SIZE", "2")  # batches 6 and 7 are of step 3
    method = loop.build("painter", tiny_painter_run(tmp_path, studio, judge_start=3, judge_every=1))
    assert [len(method.batch(number)["real"]) > 0 for number in range(4, 8)] == [False, False, True, True]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"method": "toy"}', '{"method": "toy", "config": 5}'])
def test_damaged_options_are_a_sentence(tmp_path, text):
    run = start("toy", toy_run(tmp_path, steps=1))
    (run / "options.json").write_text(text)
    with pytest.raises(UserMistake, match=r"options.json is damaged; put there"):
        resume(run)
