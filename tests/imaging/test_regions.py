"""Regions share every pixel exactly, whatever is done to them."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stylizer.imaging import regions as operations
from stylizer.imaging.regions import REST, Regions, RegionsError, regions_from_weights, whole

SIZE = (9, 12)
NAMES = ("sky", "person", "sea")
masks = st.integers(0, 2**32 - 1).map(
    lambda seed: torch.rand(SIZE, generator=torch.Generator().manual_seed(seed)).numpy()
)
hard_masks = masks.map(lambda mask: (mask > 0.6).astype(np.float32))
any_masks = st.one_of(masks, hard_masks, st.just(np.zeros(SIZE)), st.just(np.ones(SIZE, bool)))


@st.composite
def some_regions(draw) -> Regions:
    count = draw(st.integers(1, 3))
    return regions_from_weights(np.stack([draw(any_masks) for _ in range(count)]), NAMES[:count])


@st.composite
def steps(draw):
    """One operation with its arguments; the names may not be there."""
    kind = draw(st.sampled_from(["set_region", "add_to", "subtract_from", "invert", "grow", "shrink",
                                 "feather", "merge", "rename", "delete"]))  # fmt: skip
    name = draw(st.sampled_from((*NAMES, REST)))
    if kind in ("set_region", "add_to", "subtract_from"):
        return kind, (name, draw(any_masks))
    if kind in ("grow", "shrink", "feather"):
        return kind, (name, draw(st.integers(0, 6)))
    if kind == "merge":
        return kind, (
            draw(st.lists(st.sampled_from((*NAMES, REST)), max_size=3)),
            draw(st.sampled_from(NAMES)),
        )
    return kind, (name, "cloud") if kind == "rename" else (name,)


@settings(max_examples=150, deadline=None)
@given(some_regions(), st.lists(steps(), max_size=5))
def test_masks_sum_to_255_after_every_operation(regions, todo):
    for kind, arguments in todo:
        try:
            changed = getattr(operations, kind)(regions, *arguments)
        except RegionsError:
            continue
        assert (changed.masks.sum(0, dtype=int) == 255).all() and changed.names[0] == REST
        assert changed.size == SIZE and not changed.masks.flags.writeable
        regions = changed


@settings(max_examples=60, deadline=None)
@given(some_regions(), st.sampled_from([(9, 12), (31, 40), (5, 6), (64, 1)]))
def test_weights_of_any_size_sum_to_one(regions, size):
    weights = regions.weights(size)
    assert weights.shape == (len(regions.names), *size) and weights.min() >= 0
    assert torch.allclose(weights.sum(0), torch.ones(size), atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(some_regions(), any_masks)
def test_a_region_gets_its_mask_and_nobody_wins_by_its_loss(regions, mask):
    changed = operations.set_region(regions, "sky", mask)
    assert np.array_equal(changed.mask("sky"), np.rint(np.asarray(mask, np.float32) * 255))
    for name in set(regions.names) & {"person", "sea"}:
        assert (changed.mask(name).astype(int) <= regions.mask(name)).all()


@settings(max_examples=60, deadline=None)
@given(some_regions(), any_masks)
def test_what_is_added_twice_or_taken_twice_counts_once(regions, mask):
    for change in (operations.add_to, operations.subtract_from):
        once = change(regions, "sky", mask)
        assert change(once, "sky", mask) == once


def halves() -> Regions:
    mask = np.zeros((40, 60))
    mask[:, :30] = 1
    return regions_from_weights(mask[None], ["sky"])


def test_growing_and_shrinking_move_the_border_by_pixels():
    assert operations.grow(halves(), "sky", 7).mask("sky")[20].sum() == 37 * 255
    assert operations.shrink(halves(), "sky", 7).mask("sky")[20].sum() == 23 * 255
    assert operations.grow(halves(), "sky", 0) == halves()


def test_a_grown_dot_is_nearly_round():
    dot = np.zeros((61, 61))
    dot[30, 30] = 1
    grown = operations.grow(regions_from_weights(dot[None], ["dot"]), "dot", 20).mask("dot") > 0
    assert grown.sum() == pytest.approx(np.pi * 20**2, rel=0.12)
    assert grown[30].sum() == grown[:, 30].sum() == 41


def test_feathering_softens_the_border_and_keeps_the_share():
    soft = operations.feather(halves(), "sky", 8)
    assert 100 < soft.mask("sky")[20, 29] < 155 and soft.mask("sky")[20, 5] == 255
    assert soft.share("sky") == pytest.approx(0.5, abs=0.01)


def test_inverting_swaps_a_region_with_the_rest():
    swapped = operations.invert(halves(), "sky")
    assert np.array_equal(swapped.mask("sky"), halves().mask(REST))


def test_merging_and_deleting_give_away_whole_masks():
    three = regions_from_weights(np.stack([halves().mask("sky") / 510] * 2), ["sky", "sea"])
    merged = operations.merge(three, ("sky", "sea"), "blue")
    assert merged.names == (REST, "blue") and np.array_equal(merged.mask("blue"), halves().mask("sky"))
    assert operations.delete(merged, "blue") == whole((40, 60))
    assert operations.merge(merged, (REST, "blue"), "all").names == (REST,)


def test_the_digest_does_not_see_the_order():
    two = np.stack([np.eye(9), 1 - np.eye(9)])
    assert regions_from_weights(two, ["a", "b"]).digest == regions_from_weights(two[::-1], ["b", "a"]).digest
    assert regions_from_weights(two, ["a", "b"]).digest != regions_from_weights(two, ["b", "a"]).digest


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda: regions_from_weights(np.full((1, 4, 4), np.nan), ["a"]), "not numbers"),
        (lambda: regions_from_weights(np.full((1, 4, 4), np.inf), ["a"]), "not numbers"),
        (lambda: regions_from_weights(np.ones((2, 4, 4)), ["a"]), "1 names"),
        (lambda: regions_from_weights(np.ones((2, 4, 4)), ["a", "a"]), "same name"),
        (lambda: regions_from_weights(np.ones((1, 4, 4)), ["a\nb"]), "one line"),
        (lambda: regions_from_weights(np.ones((1, 4, 4)), [""]), "one line"),
        (lambda: regions_from_weights(np.ones((17, 4, 4)), [str(n) for n in range(17)]), "1 to 16 regions"),
        (lambda: regions_from_weights(np.array([[["x"]]]), ["a"]), "numbers from 0 to 1"),
        (lambda: Regions(np.full((2, 4, 4), 200, np.uint8), (REST, "a")), "share every pixel"),
        (lambda: Regions(np.full((1, 4, 2000), 255, np.uint8), (REST,)), "1 to 1024"),
        (lambda: operations.add_to(halves(), "sky", np.ones((2, 2))), "expected (40, 60)"),
        (lambda: operations.grow(halves(), "sea", 3), "there is no region called 'sea'; there are rest, sky"),
        (lambda: operations.grow(halves(), "sky", -1), "choose 0 to 256"),
        (lambda: operations.invert(halves(), REST), "change the other regions"),
        (lambda: operations.delete(halves(), REST), "cannot be deleted"),
        (lambda: operations.rename(halves(), REST, "sky"), "keeps its name"),
        (lambda: operations.merge(halves(), (), "x"), "no region is named"),
    ],
)
def test_a_mistake_is_a_sentence(mistake, words):
    with pytest.raises(RegionsError) as caught:
        mistake()
    assert words in str(caught.value)


def test_masks_of_whole_numbers_and_those_that_overlap_are_repaired():
    deep = regions_from_weights(np.full((1, 4, 4), 65535, np.uint16), ["a"])
    assert (deep.mask("a") == 255).all()
    loud = regions_from_weights(np.full((3, 4, 4), 9.0), ["a", "b", "c"])
    assert [loud.share(name) for name in "abc"] == [pytest.approx(1 / 3)] * 3 and loud.share(REST) == 0


@pytest.mark.parametrize("size", [(60_000, 60_000), (1025, 1), (0, 5), (-1, 5)])
def test_a_size_out_of_bounds_is_refused_before_anything_is_made(size):
    tracemalloc.start()
    with pytest.raises(RegionsError, match="a side has 1 to 1024"):
        whole(size)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
