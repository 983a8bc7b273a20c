import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylizer.imaging.tiles import plan_tiles


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 900),
    st.integers(1, 900),
    st.integers(16, 300),
    st.integers(0, 70),
    st.sampled_from([1, 2, 4, 8, 16]),
)
def test_cores_cover_every_pixel_once_and_windows_reach_as_far_as_promised(height, width, tile, halo, stride):
    covered = np.zeros((height, width), int)
    for one in plan_tiles(height, width, tile, halo, stride):
        covered[one.core_rows, one.core_columns] += 1
        for seen, core, inner, length in (
            (one.rows, one.core_rows, one.inner_rows, height),
            (one.columns, one.core_columns, one.inner_columns, width),
        ):
            assert 0 <= seen.start <= core.start < core.stop <= seen.stop <= length
            assert seen.start % stride == 0
            assert seen.start == 0 or core.start - seen.start >= halo
            assert seen.stop == length or seen.stop - core.stop >= halo
            assert core.stop - core.start < tile + stride
            picture = np.arange(length)
            assert (picture[seen][inner] == picture[core]).all()
    assert (covered == 1).all()


def test_no_tile_is_a_sliver():
    sizes = [t.core_columns.stop - t.core_columns.start for t in plan_tiles(100, 1030, 512, 32, 8)]
    assert len(sizes) == 3 and max(sizes) - min(sizes) <= 16


@pytest.mark.parametrize("sizes", [(0, 9, 9, 0, 1), (9, 9, 0, 0, 1), (9, 9, 9, -1, 1), (9, 9, 9, 0, 0)])
def test_sizes_that_make_no_sense_are_refused(sizes):
    with pytest.raises(ValueError, match="cannot tile"):
        plan_tiles(*sizes)
