import pytest
import segmentation_models_pytorch as smp
import torch
from safetensors.torch import save_file

from tests.training.conftest import drawn
from training.metrics.recognize import load_lite0, style_vectors
from training.run.config import UserMistake


def test_a_picture_is_described_in_color_and_in_luminance_by_a_local_encoder(tmp_path):
    encoder = smp.encoders.get_encoder("timm-tf_efficientnet_lite0", weights=None)
    save_file(
        {key: value.half() for key, value in encoder.state_dict().items()}, tmp_path / "lite0.safetensors"
    )
    loaded = load_lite0(tmp_path / "lite0.safetensors")
    picture = drawn(1, 70, 90)
    color, luminance = style_vectors(loaded, picture, 64)
    # means and deviations of 32, 24, 40 and 112 channels
    assert color.shape == (2 * (32 + 24 + 40 + 112),)
    gray = picture.convert("L").convert("RGB")
    rounding = (style_vectors(loaded, gray, 64)[0] - luminance).norm()
    assert rounding < 0.2 * (color - luminance).norm()


def test_other_weights_are_refused_in_a_sentence(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(UserMistake, match="other weights than those of an EfficientNet-Lite0"):
        load_lite0(tmp_path / "other.safetensors")
    with pytest.raises(UserMistake, match="is not a file"):
        load_lite0(tmp_path / "none.safetensors")
