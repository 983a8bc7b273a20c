"""Small translators and a generator, saved as checkpoints, for tests."""

from pathlib import Path

import torch

from stylizer.models.bin_colorizer import BinColorizer, BinColorizerConfig
from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.colorizer import Colorizer, ColorizerConfig
from stylizer.models.resnet_translator import ResnetTranslator, ResnetTranslatorConfig
from stylizer.models.style_gan import StyleGAN, StyleGANConfig
from stylizer.models.unet import UNet, UNetConfig

TRIAL = "---\nlicense: other\nstatus: experimental\n---\n\n# {name}\n"
CARD = '---\nlicense: other\nabout: "Looks like {name}."\nmeasured: "FID 12"\n---\n\n# {name}\n'
SEASONS = ("photo", "autumn", "winter")


def save_models(folder: Path) -> None:
    """Save `seasons` (three domains), `lines` (one), `tint` (a colorizer; a trial), `dream` (a generator)."""
    torch.manual_seed(3)
    networks = {
        "seasons": _alive(ResnetTranslator(ResnetTranslatorConfig.tiny(SEASONS))),
        "lines": _alive(UNet(UNetConfig.tiny())),
        "tint": _alive(Colorizer(ColorizerConfig.tiny())),
        "dream": _noisy(StyleGAN(StyleGANConfig.tiny())),
    }
    for name, network in networks.items():
        save_checkpoint(folder / name, network, (TRIAL if name == "tint" else CARD).format(name=name))


def _alive(network: torch.nn.Module) -> torch.nn.Module:
    """Let domains differ, and a network that begins as the photo leave it."""
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith(("scale", "shift")):
                weight.add_(0.5 * torch.randn_like(weight))
            elif name == "color.weight":
                weight.mul_(20)
    return network


def _noisy(network: StyleGAN) -> StyleGAN:
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith("noise"):
                weight.fill_(0.3)
    return network


def save_hinted(folder: Path) -> None:
    """Save `hues`, a colorizer that can be told colors."""
    torch.manual_seed(5)
    save_checkpoint(folder / "hues", BinColorizer(BinColorizerConfig.tiny()), CARD.format(name="hues"))
