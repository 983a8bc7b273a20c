"""Pictures in layers: an OpenRaster file is what other programs expect, and looks like the painting."""

import io
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from stylizer.errors import PictureError
from stylizer.imaging.openraster import layers_of, save_layers
from stylizer.imaging.picture import Picture
from stylizer.imaging.regions import Regions
from tests.engine.drawn import drawn


@pytest.fixture
def pictures():
    photo, painted = drawn(40, 60, seed=1), drawn(40, 60, seed=2)
    ramp = np.linspace(0, 255, 60).round().astype(np.uint8)[None].repeat(40, 0)
    return photo, painted, Regions(np.stack([255 - ramp, ramp]), ("rest", "sky"))


def opened(pack, name):
    return np.asarray(Image.open(io.BytesIO(pack.read(name))))


def test_the_file_is_an_openraster_whose_layers_look_like_the_painting_together(pictures, tmp_path):
    photo, painted, regions = pictures
    save_layers(tmp_path / "layers.ora", layers_of(photo, painted, regions), painted)
    assert (tmp_path / "layers.ora").read_bytes()[30:54] == b"mimetypeimage/openraster", (
        "found without unzipping"
    )
    with zipfile.ZipFile(tmp_path / "layers.ora") as pack:
        image = ElementTree.fromstring(pack.read("stack.xml"))
        assert (image.get("w"), image.get("h")) == ("60", "40")
        layers = list(image.find("stack"))
        assert [layer.get("name") for layer in layers] == ["Sky", "The rest", "Painting", "Photo"]
        canvas = Image.new("RGBA", (60, 40))
        for layer in reversed(layers):
            canvas.alpha_composite(Image.open(io.BytesIO(pack.read(layer.get("src")))).convert("RGBA"))
        assert np.abs(np.asarray(canvas)[..., :3].astype(int) - painted.rgb).max() <= 1
        assert (opened(pack, "mergedimage.png") == painted.rgb).all()
        assert (opened(pack, layers[-1].get("src")) == photo.rgb).all()
        assert max(Image.open(io.BytesIO(pack.read("Thumbnails/thumbnail.png"))).size) <= 256


def test_a_region_without_the_painting_below_shows_the_photo_elsewhere(pictures, tmp_path):
    photo, painted, regions = pictures
    by_name = {layer.name: layer.picture for layer in layers_of(photo, painted, regions)}
    alpha = by_name["Sky"].alpha
    assert alpha[:, 0].max() == 0 and alpha[:, -1].min() == 255
    assert (by_name["Sky"].rgb == painted.rgb).all()


def test_a_photo_of_another_size_is_fitted_and_transparency_stays(pictures):
    _, painted, regions = pictures
    clear = Picture(painted.rgb, np.full((40, 60), 128, np.uint8))
    photo, _, _, sky = (layer.picture for layer in layers_of(drawn(80, 120, seed=1), clear, regions))
    assert (photo.height, photo.width) == (40, 60)
    assert sky.alpha.max() == 128


def test_a_folder_that_is_not_there_is_said_in_a_sentence(pictures, tmp_path):
    photo, painted, _ = pictures
    with pytest.raises(PictureError, match="could not be written") as caught:
        save_layers(tmp_path / "nowhere" / "layers.ora", layers_of(photo, painted), painted)
    assert str(tmp_path) not in str(caught.value)
