"""Mixes, strengths and the slider's calibration."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stylizer.models.strength import calibrate, code_weights, mix_styles, painted_share

mixes = st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0.01, 100)), min_size=1, max_size=6)


@given(mixes, st.randoms())
def test_the_order_of_styles_does_not_matter(mix, random):
    other = list(mix)
    random.shuffle(other)
    assert list(mix_styles(mix).items()) == list(mix_styles(other).items())


@given(mixes)
def test_shares_sum_to_one(mix):
    assert sum(mix_styles(mix).values()) == pytest.approx(1)


def test_a_style_split_in_two_is_itself():
    assert mix_styles([("a", 0.5), ("b", 1), ("a", 0.5)]) == mix_styles([("b", 1), ("a", 1)])


def test_weight_zero_leaves_a_style_out_and_all_zero_is_refused():
    assert mix_styles([("a", 0), ("b", 2)]) == {"b": 1.0}
    with pytest.raises(ValueError, match="no style has a weight above 0"):
        mix_styles([("a", 0.0)])


@given(mixes, st.floats(0, 1.5))
def test_weights_of_codes_sum_to_one_at_every_strength(mix, strength):
    weights = code_weights(list(mix_styles(mix).values()), strength)
    assert weights.sum().item() == pytest.approx(1, abs=1e-5)
    assert weights[0].item() == pytest.approx(1 - strength, abs=1e-6)


def test_more_than_full_strength_extrapolates_away_from_the_photo():
    assert torch.allclose(code_weights([1.0], 1.5), torch.tensor([-0.5, 1.5]))


def test_an_empty_table_and_the_identity_change_nothing():
    for table in ((), ((0.0, 0.0), (1.0, 1.0))):
        for strength in (0.0, 0.3, 1.0, 1.5):
            assert calibrate(strength, table) == pytest.approx(strength)


@given(st.floats(0, 1.5), st.floats(0, 1.5))
def test_calibration_never_turns_back(a, b):
    table = ((0.0, 0.0), (0.5, 0.2), (1.0, 1.0))
    low, high = sorted((a, b))
    assert calibrate(low, table) <= calibrate(high, table)


def test_calibration_follows_its_table_and_goes_on_beyond_it():
    table = ((0.0, 0.0), (0.5, 0.2), (1.0, 0.9))
    assert calibrate(0.25, table) == pytest.approx(0.1)
    assert calibrate(0.75, table) == pytest.approx(0.55)
    assert calibrate(1.5, table) == pytest.approx(1.4)


def test_a_table_that_begins_later_goes_on_below_its_first_pair():
    table = ((0.2, 0.3), (1.0, 0.8))
    assert [calibrate(at, table) for at in (0.1, 0.2, 0.6)] == pytest.approx([0.2, 0.3, 0.55])


def test_the_first_tick_shows_a_tenth_of_a_tenth():
    assert painted_share(0) == 0
    assert painted_share(0.01) == pytest.approx(0.1)
    assert painted_share(0.1) == painted_share(1.5) == 1
