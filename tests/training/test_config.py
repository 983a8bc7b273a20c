import json
from dataclasses import replace
from pathlib import Path

import pytest

from stylizer.models.painter_config import PainterConfig
from training.methods.dualgan import DualGANRun
from training.methods.painter import PainterRun
from training.methods.stargan import StarGANRun
from training.run.config import UserMistake, from_plain, read_options, to_plain, write_options


def test_options_survive_the_run_folder(tmp_path):
    model = replace(PainterConfig.tiny(), calibration=((0.0, 0.0), (0.5, 0.3), (1.0, 1.0)))
    config = PainterRun(content=Path("a"), perceptual=None, init=Path("b"), model=model, seed=3)
    write_options(tmp_path, "painter", config)
    name, plain = read_options(tmp_path)
    assert name == "painter"
    assert from_plain(PainterRun, plain) == config
    assert json.loads(json.dumps(to_plain(config))) == plain


@pytest.mark.parametrize(("options", "sentence"), [
    ({"steps": 0}, "steps is 0; it must be at least 1"),
    ({"crop": 8}, "crop is 8 pixels"),
    ({"lr": 0.0}, "lr is 0.0; it must be above 0"),
    ({"clip": -1.0}, "clip is -1.0; it must be 0 or more"),
    ({"step": 5}, "PainterRun has the entry 'step'; known are"),
])  # fmt: skip
def test_nonsense_is_refused_with_its_value(options, sentence):
    with pytest.raises(UserMistake, match=sentence):
        from_plain(PainterRun, options)


def test_options_of_older_runs_are_read_under_their_new_names():
    clipped = from_plain(DualGANRun, {"penalty": "clip", "largest_weight": 0.02, "penalty_weight": 10.0})
    assert (clipped.gradient_penalty, clipped.largest_weight) == (0.0, 0.02)
    bounded = from_plain(DualGANRun, {"penalty": "gradient", "largest_weight": 0.01, "penalty_weight": 5.0})
    assert (bounded.gradient_penalty, bounded.largest_weight) == (5.0, 0.0)
    assert from_plain(StarGANRun, {"penalty": 3.0}).gradient_penalty == 3.0
