"""Networks and finishing as they run on a GPU, on tensors that have a device and a shape but no numbers.

A tensor that is left on another device is an error there, and so is whatever makes the program wait for the
device's numbers: there are none. So nothing that is run here waits for the device while a picture is painted.
"""

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

import stylizer.models.checkpoint  # noqa: F401 - registers the networks that ship
from stylizer.engine import RegionStyle, StyleChoice, StyleRequest
from stylizer.engine.pipelines import region_plan
from stylizer.engine.pipelines.region_plan import make_plan
from stylizer.engine.pipelines.stylize import StylizePipeline
from stylizer.engine.pipelines.upscale import Finish, Grown
from stylizer.engine.runtime.executor import Job
from stylizer.imaging.detail import restore_detail
from stylizer.imaging.keep_color import keep_color
from stylizer.imaging.regions import set_region, whole
from stylizer.imaging.resample import blur, resample
from stylizer.imaging.tensors import from_device, to_device
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from stylizer.models.registry import architectures
from stylizer.models.style_file import NamedStyle
from tests.engine.parted import parted

GPU = torch.device("cuda", 0)


@pytest.fixture(autouse=True)
def pinning(monkeypatch):
    """Pin memory without a driver: it is noted, and no more."""

    def pin(tensor: torch.Tensor) -> torch.Tensor:
        tensor.pinned_here = True
        return tensor

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)


@contextmanager
def fake_gpu():
    """Be on a GPU that has room for shapes alone."""
    with FakeTensorMode(allow_non_fake_inputs=False), torch.inference_mode():
        yield


@pytest.fixture
def gpu():
    with fake_gpu():
        yield


def placed(network: nn.Module) -> nn.Module:
    """Put a network's weights on the GPU that is not there."""
    for part in network.modules():
        for held in (part._parameters, part._buffers):
            for name, value in held.items():
                if value is not None:
                    there = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=GPU)
                    held[name] = nn.Parameter(there, False) if held is part._parameters else there
    return network.eval()


def empty(*shape: int) -> torch.Tensor:
    return torch.empty(shape, device=GPU)


def on_gpu(picture: torch.Tensor, *shape: int) -> None:
    assert picture.device == GPU and picture.shape == shape


@pytest.fixture(params=[True, False], ids=["colors matched and calmness told", "neither"])
def painter(request):
    return Painter(replace(PainterConfig.tiny(), match_colors=request.param, told_calmness=request.param))


def test_a_picture_is_painted_at_a_few_strengths(painter, gpu):
    placed(painter)
    content, style = painter.encode(empty(1, 3, 61, 96)), painter.code(empty(1, 3, 64, 48))
    codes = torch.cat([painter.own_code(content), style])
    for _ in range(3):
        on_gpu(painter.decode(content, codes, empty(2)), 1, 3, 61, 96)


def test_full_size_is_painted_like_the_small_copy(painter, gpu):
    placed(painter)
    small = painter.encode(empty(1, 3, 64, 96))
    codes = torch.cat([painter.own_code(small), painter.code(empty(1, 3, 64, 48))])
    statistics = painter.measure(small, codes, empty(2))

    def draw(ground, window, size):
        content = painter.encode(ground, like=small)
        return painter.decode(content, codes, empty(2), statistics)

    grown = Grown(empty(1, 3, 64, 96), (160, 240), 2.5, draw, painter.halo, Finish())
    rows, columns = slice(0, 80), slice(16, 112)
    on_gpu(grown.window(empty(1, 3, 80, 96), rows, columns), 1, 3, 80, 96)


def test_colors_and_detail_are_brought_back_on_the_device(gpu):
    photo, painted = empty(1, 3, 40, 56), empty(1, 3, 40, 56)
    on_gpu(keep_color(painted, photo, 0.4), 1, 3, 40, 56)
    on_gpu(keep_color(painted, photo, empty(1, 1, 40, 56)), 1, 3, 40, 56)
    on_gpu(restore_detail(painted, photo, 0.5), 1, 3, 40, 56)
    on_gpu(resample(painted, (80, 112), (8, 40), (0, 64)), 1, 3, 32, 64)
    on_gpu(blur(painted, 2.0), 1, 3, 40, 56)


SHIPPED = [entry for entry in architectures() if not entry.name.startswith("test-")]
OTHERS = [entry for entry in SHIPPED if entry.role != "stylizer"]


@pytest.mark.parametrize("entry", OTHERS, ids=lambda entry: entry.name)
def test_every_other_network_answers_on_the_device(entry):
    network = entry.network(entry.config.tiny()).requires_grad_(False)
    with fake_gpu():
        placed(network)
        if entry.role == "generator":
            on_gpu(network.generate(empty(2, network.latent_size), 0.7, size=(33, 50))[:1], 1, 3, 33, 50)
        elif entry.role == "segmenter":
            on_gpu(network.segment(empty(1, 3, 33, 50)), 1, len(network.classes), 33, 50)
        else:
            on_gpu(network.translate(empty(1, 3, 33, 50)), 1, 3, 33, 50)


def test_waiting_for_the_device_and_a_tensor_left_behind_are_found_out(gpu):
    with pytest.raises(Exception, match="_local_scalar_dense"):
        float(empty(3).sum())
    with pytest.raises(Exception, match=r"(?i)device"):
        empty(3) + torch.empty(3)


class Heard(TorchDispatchMode):
    """Note what is asked of the GPU: convolutions, and copies that wait for all that came before.

    Those are copies back, and copies there but for those from pinned memory that need not wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        tensors = [each for each in args if isinstance(each, torch.Tensor)]
        copied = func.name().split("::")[-1].split(".")[0] in ("to", "_to_copy", "copy_")
        given = tensors[-1] if tensors and copied else made
        way = (given.device.type, made.device.type) if isinstance(made, torch.Tensor) else ()
        free = (kwargs or {}).get("non_blocking") and hasattr(given, "pinned_here")
        if way == ("cuda", "cpu") or (way == ("cpu", "cuda") and not free):
            self.told.append("wait")
        elif "conv" in func.name() and self.told[-1:] != ["paint"]:
            self.told.append("paint")
        return made


def test_copies_that_wait_and_convolutions_are_heard():
    with fake_gpu(), Heard() as heard:
        F.conv2d(empty(1, 1, 4, 4), empty(1, 1, 3, 3))
        empty(3).cpu()
        empty(3).to(torch.float64)
        F.conv2d(empty(1, 1, 4, 4), empty(1, 1, 3, 3))
        torch.empty(3).to(GPU)
        torch.empty(3).to(GPU, non_blocking=True)
        empty(3).copy_(torch.empty(3))
        F.conv2d(empty(1, 1, 4, 4), empty(1, 1, 3, 3))
        on_gpu(to_device(torch.empty(3), GPU), 3)
    assert heard.told == ["paint", "wait", "paint", "wait", "wait", "wait", "paint"]


def test_a_tile_of_full_size_is_painted_without_a_wait(painter):
    with fake_gpu():
        placed(painter)
        small = painter.encode(empty(1, 3, 64, 96))
        codes = torch.cat([painter.own_code(small), painter.code(empty(1, 3, 64, 48))])
        statistics = painter.measure(small, codes, empty(2))

        def draw(ground, window, size):
            content = painter.encode(ground, like=small)
            return painter.decode(content, codes, empty(2), statistics)

        grown = Grown(empty(1, 3, 64, 96), (160, 240), 2.5, draw, painter.halo, Finish())
        with Heard() as heard:
            photo = to_device(torch.empty(1, 3, 80, 96), GPU)
            on_gpu(grown.window(photo, slice(0, 80), slice(16, 112)), 1, 3, 80, 96)
    assert heard.told == ["paint"]


def test_colors_and_detail_are_brought_back_without_a_wait():
    with fake_gpu(), Heard() as heard:
        photo, painted = empty(1, 3, 40, 56), empty(1, 3, 40, 56)
        restore_detail(keep_color(painted, photo, 0.4), photo, 0.5)
    assert "wait" not in heard.told


def test_samples_of_eight_bits_leave_the_device_as_bytes(gpu):
    wide, bytes_alone = (from_device(empty(4, 5, 3), np.dtype(kind)) for kind in ("uint16", "uint8"))
    assert (wide.device.type, wide.dtype) == ("cpu", torch.float32)
    assert (bytes_alone.device.type, bytes_alone.dtype) == ("cpu", torch.uint8)


@pytest.mark.parametrize("parts", [None, "sky"])
def test_a_strength_of_a_preview_waits_for_the_device_once_and_before_it_paints(painter, parts, monkeypatch):
    """Of a photo that was read, for one mix and for each region's; then the painting alone is fetched."""
    code = torch.rand(painter.code_size)
    style = StyleChoice(NamedStyle("a", "A", "", "", (), code, "0" * 64))
    request = StyleRequest(parted(64, 96), (style,), strength=0.6)
    if parts:
        regions = set_region(whole((64, 96)), parts, torch.eye(96)[:64].numpy())
        own = RegionStyle(parts, (style,), strength=1.0)
        request = replace(request, regions=regions, region_styles=(own,))
    plan = make_plan(request, lambda choice: ("a", code), float)
    executor = SimpleNamespace(
        device=SimpleNamespace(torch=GPU, precision=nullcontext),
        resident=lambda name, load: painter,
        compute=lambda job, key, work: content,
        holding=lambda job: torch.inference_mode(),
        pace=SimpleNamespace(measured=lambda kind, pixels: nullcontext()),
    )
    pipeline, job = (
        StylizePipeline(SimpleNamespace(load_painter=None), executor, Finish(), None),
        Job(request),
    )
    monkeypatch.setattr(region_plan, "code_weights", lambda shares, strength: torch.empty(1 + len(shares)))
    mode = FakeTensorMode()
    with mode, torch.inference_mode():
        placed(painter)
        plan.codes["a"] = mode.from_tensor(code)
        content = painter.encode(empty(1, 3, 64, 96))
        with Heard() as heard:
            for _ in range(3):
                for manner in plan.painted:
                    encoded, mix = pipeline._mix(job, plan, manner, (64, 96))
                    on_gpu(pipeline._decode(job, encoded, mix, (64, 96)), 1, 3, 64, 96)
    assert heard.told == ["wait", "paint"] * 3 * len(plan.painted)
