"""What a GPU paints is what the CPU paints, within a tolerance; and the benchmark prints its table there.

Each test runs on the CPU, too, so that it is known to run at all where there is no GPU.
"""

import pytest
import torch

from stylizer.cli.main import main
from stylizer.engine import Engine, StyleChoice, StyleRequest
from stylizer.engine.runtime.device import Device
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.painter import Painter
from stylizer.models.painter_config import PainterConfig
from tests.engine.drawn import drawn

no_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU here")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, no_gpu])]


@pytest.fixture
def checkpoints(tmp_path):
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "painter", Painter(PainterConfig.tiny()), "# Small\n", half=False)
    return tmp_path


def painted(checkpoints, device: str, whole_precision: bool, **options) -> torch.Tensor:
    engine = Engine(checkpoints, device=device, whole_precision=whole_precision)
    request = StyleRequest(drawn(960, 512), (StyleChoice(drawn(64, 64, seed=1)),), **options)
    return torch.tensor(engine.run(request).picture.rgb) / 255


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("options", [{"long_side": 500}, {}, {"colors_only": True}], ids=str)
def test_a_picture_is_that_of_the_cpu_in_whole_and_in_shorter_numbers(checkpoints, device, options):
    wanted = painted(checkpoints, "cpu", True, **options)
    whole, shorter = (painted(checkpoints, device, each, **options) for each in (True, False))
    assert (whole - wanted).abs().mean() < 1e-3
    assert (shorter - wanted).abs().mean() < Device.tolerance


@pytest.mark.parametrize("device", DEVICES)
def test_the_benchmark_prints_its_table(checkpoints, device, capsys):
    words = ["--sizes", "64", "--repeats", "1", "--device", device, "--checkpoints", str(checkpoints)]
    assert main(["benchmark", *words]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{device}, ") and "slider tick" in out
