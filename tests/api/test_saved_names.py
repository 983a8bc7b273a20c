"""What is saved is found where the page looks for it, whatever the photo and the style are called."""

import httpx
import pytest

from stylizer.imaging.picture import encode_picture, open_picture
from tests.engine.drawn import drawn
from tests.load.visitor import OpenPage


@pytest.mark.parametrize(
    ("photo", "saved"),
    [
        ("Arlésiennes.png", "Arlésiennes - Rose  b.png"),
        ("100 % #1 & 2.png", "100 % #1 & 2 - Rose  b.png"),
        ("{a}%20b+c;d.png", "{a}%20b+c;d - Rose  b.png"),
    ],
)
def test_a_saved_picture_is_found(address, photo, saved):
    page = OpenPage(address, httpx.get(f"{address}config", timeout=60).json())
    page.bring(photo, encode_picture(drawn(40, 64), "png"))
    page.choose("rose")
    page.paint()
    file = page.save()
    assert file["orig_name"] == saved
    assert open_picture(page.fetch(file)).width == 64
