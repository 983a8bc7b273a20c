import math

import pytest
import torch

from training.run.alarms import LOOKS, USUAL, Alarms, TrainingAlarm


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


def test_a_gradient_is_a_spike_beyond_ten_times_the_usual_one_once_it_is_known_what_is_usual():
    alarms = Alarms()
    for step in range(USUAL // 4 - 1):
        alarms.gradient("paint", step, 1.0)
    alarms.gradient("paint", 50, 1000.0)  # nobody knows yet
    alarms.gradient("paint", 51, 9.9)
    assert alarms.collect() == []
    alarms.gradient("paint", 52, 10.1)
    assert len(alarms.collect()) == 1


def test_a_critic_that_always_wins_is_told_and_one_that_often_wins_is_not():
    alarms = Alarms()
    for step in range(USUAL):
        alarms.critic("judge", step, 0.97)
    assert alarms.collect() == []
    for step in range(USUAL):
        alarms.critic("judge", step, 1.0)
    assert "teaches nothing" in alarms.collect()[0]


def test_what_lasts_is_told_once_until_it_is_over():
    alarms, alike, varied = Alarms(), torch.full((4, 3, 8, 8), 0.5), torch.rand(4, 3, 1, 1).expand(4, 3, 8, 8)

    def told(pictures, steps):
        for step in steps:
            alarms.pictures("paint", step, pictures)
        return [line.split(", ", 1)[1] for line in alarms.collect()]

    assert told(alike, range(0, 5000, 50)) == ["paint: the batch's pictures are alike (spread 0.0000)."]
    assert told(alike * 0.9 + 0.02 * varied, [5000]) == []  # a little better is not well
    assert told(varied, [5050, 5100]) == ["paint: no longer alike."]
    assert len(told(alike, [5150, 5200])) == 1


def test_a_critic_that_wins_and_inverted_colors_are_told_once():
    alarms, photos = Alarms(), torch.rand(2, 3, 32, 32).cumsum(2) / 32
    for step in range(3000):
        alarms.critic("judge", step, 1.0)
    for step in range(0, 3000, 50):
        alarms.colors("paint", step, photos, 1 - photos)
    assert len(alarms.collect()) == 2
    for step in range(USUAL):
        alarms.critic("judge", step, 0.7)
    for step in range(LOOKS):
        alarms.colors("paint", step, photos, photos)
    assert [line.split(", ")[1] for line in alarms.collect()] == ["judge: no longer winning.",
                                                                  "paint: no longer inverted."]  # fmt: skip


def test_one_picture_for_every_photo_is_told():
    alarms, one = Alarms(), torch.rand(1, 3, 32, 32)
    alarms.pictures("paint", 0, torch.rand(4, 3, 1, 1).expand(4, 3, 32, 32))
    assert alarms.collect() == []
    alarms.pictures("paint", 0, one.expand(4, 3, 32, 32) + 0.001 * torch.rand(4, 3, 32, 32))
    assert "alike" in alarms.collect()[0]


def test_of_batches_of_one_the_last_few_are_compared():
    def told(pictures):
        alarms = Alarms()
        for step, picture in enumerate(pictures):
            alarms.pictures("paint", step, picture)
        return len(alarms.collect())

    same, varied = [torch.full((1, 3, 8, 8), 0.5)] * LOOKS, list(torch.rand(LOOKS, 1, 3, 8, 8))
    assert told(same) == 1
    assert told(same[1:]) == told(varied) == 0


def test_colors_are_inverted_only_if_they_are_look_after_look():
    alarms, photos = Alarms(), torch.rand(2, 3, 32, 32).cumsum(2) / 32
    for step in range(LOOKS - 1):
        alarms.colors("paint", step, photos, 1 - photos)
    assert alarms.collect() == []
    alarms.colors("paint", LOOKS, photos, 1 - photos)
    assert "colors are inverted (correlation -1.00)" in alarms.collect()[0]
