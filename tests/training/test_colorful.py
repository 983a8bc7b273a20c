"""What a colorizer is told while it learns."""

import pytest

from tests.training.tiny_runs import TINY_RUNS
from training.run.loop import build


@pytest.mark.parametrize(("hinted", "within"), [(0.0, 0), (0.5, 0.25), (1.0, 0)])
def test_as_many_crops_as_are_asked_for_come_with_colors_told(tmp_path, studio, hinted, within):
    method = build("colorful", TINY_RUNS["colorful"].options(tmp_path, studio, hinted=hinted, batch=8))
    told = [method.batch(number)["told"].flatten(1).amax(1) for number in range(4)]
    assert sum(float(some.mean()) for some in told) / 4 == pytest.approx(hinted, abs=within)
