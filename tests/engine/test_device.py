"""The device that is asked for, or a sentence."""

import pytest
import torch

from stylizer.engine.runtime.device import Device, DeviceError, choose_device
from stylizer.imaging.tensors import to_tensor
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from tests.engine.drawn import drawn


def test_whole_precision_is_kept_when_asked_for():
    assert choose_device("cpu", whole_precision=True) == Device("cpu", torch.float32)


def test_an_unknown_device_is_refused_with_the_known_ones():
    with pytest.raises(DeviceError, match="device is 'tpu'; known are auto, cpu, cuda, mps"):
        choose_device("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(DeviceError, match="no NVIDIA GPU here; choose cpu or auto"):
        choose_device("cuda")


@pytest.mark.parametrize("name", ["cuda:1", "cuda:8", "cuda:x", "cuda:-1"])
def test_a_gpu_beyond_those_that_are_there_is_refused(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device("cuda:0", whole_precision=True) == Device("cuda:0", torch.float32)
    with pytest.raises(DeviceError, match=f"device is '{name}', but the GPUs here are cuda:0 to cuda:0"):
        choose_device(name)


@pytest.mark.parametrize("name", ["cpu:x", "mps:7", "auto:1", "tpu:0"])
def test_only_nvidia_gpus_have_numbers(name):
    with pytest.raises(DeviceError, match=f"device is '{name}'; known are"):
        choose_device(name)


def test_short_numbers_stay_within_their_tolerance():
    torch.manual_seed(0)
    painter = Painter(PainterConfig.tiny()).eval()
    photo, style = to_tensor(drawn(64, 64)), to_tensor(drawn(64, 64, seed=1))
    painted = []
    with torch.inference_mode():
        codes = painter.code(style)
        for dtype in (torch.float32, torch.bfloat16):
            with Device("cpu", dtype).precision():
                painted.append(painter.decode(painter.encode(photo), codes, torch.ones(1)).float())
    assert (painted[0] - painted[1]).abs().mean() < Device.tolerance
