import math

import pytest
import torch

from training.alarms import USUAL, Alarms, TrainingAlarm


@pytest.mark.parametrize(("losses", "norm", "sentence"), [
    ({"style": math.nan, "content": 1.0}, 1.0, "loss style is not finite"),
    ({"style": 1.0}, math.inf, "gradient is not finite though every loss is"),
])  # fmt: skip
def test_what_is_not_finite_stops_the_run_and_is_named(losses, norm, sentence):
    with pytest.raises(TrainingAlarm, match=sentence):
        Alarms().finite("paint", 7, losses, norm)


def test_a_spike_is_told_once_in_a_while():
    alarms = Alarms()
    for step in range(USUAL):
        alarms.gradient("paint", step, 1.0)
    assert alarms.collect() == []
    alarms.gradient("paint", USUAL, 30.0)
    alarms.gradient("paint", USUAL + 1, 30.0)
    (warning,) = alarms.collect()
    assert "gradient 30, usually 1" in warning
    alarms.gradient("paint", USUAL + 1001, 30.0)
    assert len(alarms.collect()) == 1


def test_a_critic_that_always_wins_is_told_and_one_that_often_wins_is_not():
    alarms = Alarms()
    for step in range(USUAL):
        alarms.critic("judge", step, 0.97)
    assert alarms.collect() == []
    for step in range(USUAL):
        alarms.critic("judge", step, 1.0)
    assert "teaches nothing" in alarms.collect()[0]


def test_one_picture_for_every_photo_is_told():
    alarms, one = Alarms(), torch.rand(1, 3, 32, 32)
    alarms.pictures("paint", 0, torch.rand(4, 3, 1, 1).expand(4, 3, 32, 32))
    assert alarms.collect() == []
    alarms.pictures("paint", 0, one.expand(4, 3, 32, 32) + 0.001 * torch.rand(4, 3, 32, 32))
    assert "alike" in alarms.collect()[0]
