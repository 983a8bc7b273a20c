"""The largest attacks of each kind with other values than those they were found with."""

import json
import time
import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest

from stylizer.engine import RecipeError, read_recipe_text
from stylizer.errors import StudioError
from stylizer.imaging.picture import PictureError, open_picture, read_recipe
from stylizer.imaging.regions import RegionsError
from stylizer.imaging.selection import brush_stroke
from tests.imaging.files import file_of, ramp
from tests.imaging.test_hostile_files import png_claiming


@contextmanager
def at_most(seconds: float, megabytes: float):
    """Let what is done here take no more processor time and memory than that."""
    tracemalloc.start()
    began = time.process_time()
    try:
        yield
        assert time.process_time() - began < seconds
        assert tracemalloc.get_traced_memory()[1] < megabytes * 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "packet",
    [
        b"<studio:recipe>" * 60_000,
        b"</studio:recipe>" * 60_000,
        b"<studio:recipe>" + b"<studio:recipe" * 60_000,
        b"<studio:recipe>" + b"<" * 900_000 + b"</studio:recip",
        b"<studio:recipe></studio:recipe>" * 30_000,
    ],
    ids=["opened", "closed", "opened half", "nearly closed", "empty"],
)
def test_no_packet_of_tags_holds_anybody_up(packet):
    data = file_of(ramp(32, 32), "WEBP", xmp=packet)
    with at_most(1, 16):
        found = read_recipe(data)
    assert found is None or len(found) < len(packet)


@pytest.mark.parametrize(
    "size",
    [
        [1, 60000],
        [40000, 2],
        [16384, 16384],
        [2**31, 2**31],
        [2**40, 3],
        [-60000, -60000],
        [0.5, 60000],
        [1e308, 1],
    ],
)
def test_no_size_in_a_recipe_takes_memory(size):
    text = {"format": 1, "styles": [{"name": "x", "weight": 1, "digest": ""}], "settings": {}}
    text["regions"] = {"size": size, "names": [], "masks": [], "looks": []}
    with at_most(1, 16), pytest.raises(RecipeError):
        read_recipe_text(json.dumps(text))


@pytest.mark.parametrize(
    ("width", "height", "bits", "color"),
    [
        (6325, 6325, 16, 6),
        (16384, 2442, 16, 2),
        (2, 20_000_001, 8, 0),
        (40_000_001, 1, 1, 3),
        (16384, 16384, 16, 6),
    ],
)
def test_no_header_takes_memory(width, height, bits, color):
    data = png_claiming(width, height, bits, color)
    with at_most(1, 8), pytest.raises(PictureError):
        open_picture(data)


@pytest.mark.parametrize(
    ("count", "radius", "far"),
    [(4000, 1536, 0), (4000, 700, 1e5), (2, 1536, 1e6), (3999, 0.5, 9e5), (400, 300, 5e3)],
)
def test_no_stroke_takes_long(count, radius, far):
    turns = np.linspace(0, 60, count)
    points = list(zip(384 + (far + 200) * np.cos(turns), 288 + (far + 200) * np.sin(turns), strict=True))
    with at_most(6, 200):
        try:
            assert brush_stroke((576, 768), points, radius).shape == (576, 768)
        except RegionsError as error:
            assert "lift the brush" in str(error) or "leads far out" in str(error)


@pytest.mark.parametrize(
    "deep", ["[" * 4000 + "]" * 4000, '{"a":' * 4000 + "1" + "}" * 4000, "[" * 100_000, "9" * 9000]
)
def test_no_depth_of_json_breaks_the_recipe_reader(deep):
    for text in (deep, f'{{"format":2,"request":{deep}}}'):
        with at_most(2, 32), pytest.raises(StudioError):
            read_recipe_text(text)
