"""What a stage says is taken as it should be, or refused in words."""

import math

import pytest

from stylizer.errors import RequestError
from stylizer.ui.stage.message import read_edit

STROKE = {"edit": 3, "name": "sky", "points": [[1, 2.5], [3, 4]], "radius": 5, "erase": False}
NEEDED = ("name", "points", "radius", "erase")


def test_an_edit_is_read_and_what_is_unknown_left_out():
    assert read_edit(STROKE | {"other": object()}, *NEEDED) == STROKE


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "text",
        [],
        {},
        *(
            STROKE | change
            for change in (
                {"edit": "x"}, {"edit": [1]}, {"name": 5}, {"points": "abc"}, {"points": [[1]]},
                {"points": [1, 2]}, {"points": [["a", 2]]}, {"points": [[math.inf, 2]]}, {"radius": "x"},
                {"radius": math.nan}, {"erase": "no"}, {"erase": None}, {"names": 5}, {"names": [["x"]]},
                {"strength": "x"}, {"x": []},
            )
        ),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(wrong):
    with pytest.raises(RequestError, match="not understood"):
        read_edit(wrong, *NEEDED)
