import pytest
import torch
from accelerate.state import AcceleratorState
from PIL import Image
from safetensors.torch import save_file

from stylizer.models.perceptual import Perceptual
from tests.training import toy as toy  # registers the toy method
from training import methods as methods  # registers the others


@pytest.fixture(autouse=True)
def fresh_accelerate():
    """Accelerate keeps its settings for a whole process; every test begins without them."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def drawn(seed: int, height: int, width: int) -> Image.Image:
    """Draw a picture of soft blobs over stripes, another one for each seed."""
    rng = torch.Generator().manual_seed(seed)
    low = torch.rand(1, 3, 5, 5, generator=rng)
    soft = torch.nn.functional.interpolate(low, size=(height, width), mode="bicubic")[0].clamp(0, 1)
    stripes = 0.1 * torch.sin(torch.arange(width) * (0.3 + 0.1 * seed))
    return Image.fromarray(((soft + stripes).clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy())


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """A folder with photos, paintings in two movements, pairs.csv and made-up weights of both networks."""
    folder = tmp_path_factory.mktemp("studio")
    (folder / "photos").mkdir()
    for index, size in enumerate(((96, 90), (84, 97), (80, 80))):
        drawn(index, *size).save(folder / "photos" / f"photo{index}.png")
    for index in range(4):
        movement = folder / "paintings" / ("dots" if index % 2 else "waves")
        movement.mkdir(parents=True, exist_ok=True)
        drawn(10 + index, 90 - 4 * index, 84).save(movement / f"painting{index}.jpg")
    lines = [
        f"photos/photo{i % 3}.png,paintings/{'dots' if i % 2 else 'waves'}/painting{i}.jpg" for i in range(4)
    ]
    (folder / "pairs.csv").write_text("photo,painting\n" + "\n".join(lines) + "\n")
    torch.manual_seed(0)
    network = Perceptual()
    save_file(
        {
            f"features.{index}.{part}": getattr(conv, part).detach().contiguous()
            for index, conv in network.convs.items()
            for part in ("weight", "bias")
        },
        folder / "vgg.safetensors",
    )
    return folder
