"""The two endpoints, called as a program would call them."""

import gzip
import urllib.error
import urllib.request

import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError, ValidationError

from stylizer.imaging.picture import open_picture, read_recipe, save_picture
from tests.engine.drawn import drawn
from tests.ui.small_studio import STYLES


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "waves.png"
    save_picture(drawn(40, 60, seed=3), path)
    return path


def test_styles_lists_the_named_styles(client):
    listed = client.predict(api_name="/styles")
    assert [style["name"] for style in listed] == list(STYLES)
    assert listed[0]["title"] == "Amber" and listed[0]["tags"] == ["warm", "portrait"]


def test_stylize_paints_a_photo_with_a_mix_and_notes_it_down(client, photo):
    file = client.predict(
        photo=handle_file(photo), style="amber:0.7, blue-hour:0.3", strength=0.8, api_name="/stylize"
    )
    painted = open_picture(file)
    assert (painted.height, painted.width) == (40, 60)
    assert abs(painted.rgb.astype(int) - open_picture(photo).rgb).mean() > 5
    assert '"blue-hour", "weight": 0.3' in read_recipe(file)


def test_programs_switch_gentle_faces_off_by_the_same_word(client, photo):
    for settings, noted in (({}, "true"), ({"gentle_faces": False}, "false")):
        file = client.predict(photo=handle_file(photo), style="amber", **settings, api_name="/stylize")
        assert f'"gentle_faces": {noted}' in read_recipe(file)


def test_strength_zero_returns_the_photos_own_samples(client, photo):
    file = client.predict(photo=handle_file(photo), style="amber", strength=0, api_name="/stylize")
    assert (open_picture(file).rgb == open_picture(photo).rgb).all()


def test_a_painting_of_ones_own_is_a_style(client, photo):
    file = client.predict(photo=handle_file(photo), painting=handle_file(photo), api_name="/stylize")
    assert '"code"' in read_recipe(file)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"style": "no-such"}, "There is no style called"),
        ({"style": "../../etc/passwd"}, "There is no style called"),
        ({"style": "amber:heavy"}, "There is no style called .amber:heavy"),
        ({"style": ""}, "0 styles are chosen"),
        ({"style": "amber", "strength": 7}, "1.5"),
    ],
)
def test_a_mistake_is_a_sentence(client, photo, wrong, sentence):
    with pytest.raises((AppError, ValidationError), match=sentence):
        client.predict(photo=handle_file(photo), **wrong, api_name="/stylize")


def test_a_file_that_is_no_picture_is_refused_without_a_path(client, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(AppError) as caught:
        client.predict(photo=handle_file(tmp_path / "bad.png"), style="amber", api_name="/stylize")
    assert str(tmp_path) not in str(caught.value) and "/" not in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "file=/etc/passwd",
        "file=app.py",
        "file=http://127.0.0.1:1/x",
        "file=https://example.org/",
        "run/stylize",
    ],
)
def test_the_server_hands_out_nothing_but_its_own_pictures(address, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{address}gradio_api/{path}")
    assert caught.value.code in (403, 404, 405)


def test_nobody_watches_the_visitors(address):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{address}monitoring/summary")
    assert caught.value.code in (403, 404)


def test_the_page_is_sent_compressed(address):
    asked = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked) as answer:
        packed = answer.read()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(packed) < len(gzip.decompress(packed)) / 3
