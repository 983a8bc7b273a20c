"""The smallest options of every method, on drawn pictures: what the contract runs over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stylizer.models.bin_colorizer import BinColorizerConfig
from stylizer.models.colorizer import ColorizerConfig
from stylizer.models.resnet_translator import ResnetTranslatorConfig
from stylizer.models.style_gan import StyleGANConfig
from stylizer.models.unet import UNetConfig
from stylizer.models.unit_translator import UnitTranslatorConfig
from tests.training.labeled import tiny_segmenter_run
from tests.training.toy import tiny_painter_run
from training.methods.colorful import ColorfulRun
from training.methods.colorize import ColorizeRun
from training.methods.cyclegan import CycleGANRun
from training.methods.discogan import DiscoGANRun
from training.methods.dualgan import DualGANRun
from training.methods.stargan import StarGANRun
from training.methods.stylegan import StyleGANRun
from training.methods.unit import UNITRun
from training.run.config import RunConfig


@dataclass(frozen=True)
class TinyRun:
    """How to make a method's options, and the loss that must fall on one smooth batch."""

    options: Callable[..., RunConfig]
    """(out, studio, **changes) -> options"""
    memorized: str
    """Name in the report of a loss that one batch learned by heart brings near 0; empty: tested elsewhere."""
    share: float = 0.6
    """Share of its first value that the loss must fall below."""
    steps: int = 60
    lr: float = 2e-3


def cropped(kind: type[RunConfig], **more) -> Callable[..., RunConfig]:
    """Make options of a method that learns from crops; paths in `more` are the studio's folders."""

    def options(out: Path, studio: Path, **changes) -> RunConfig:
        values = {"steps": 4, "batch": 2, "crop": 32, "critic_width": 4, "sample_every": 1000, **more}
        values = {key: studio / value if isinstance(value, Path) else value for key, value in values.items()}
        return kind(out=out, device="cpu", **{**values, **changes})

    return options


def unpaired(kind: type[RunConfig], model: object, **more) -> Callable[..., RunConfig]:
    """Make options of a method that translates between the studio's photos and paintings."""
    return cropped(kind, a=PHOTOS, b=PAINTINGS, model=model, critic_layers=2, **more)


PHOTOS, PAINTINGS = Path("photos"), Path("paintings")
GUIDE = {"look": 0.01, "look_content": 0.01, "perceptual": Path("vgg.safetensors")}
PAINT = {"paint": 0.001, "paint_among": 2, "facts": None, "perceptual": Path("vgg.safetensors")}
# not drawn on top of the photo: there would be nothing to memorize
PLAIN = ResnetTranslatorConfig(width=8, blocks=1, residual=False)
STAR = {"photos": PHOTOS, "paintings": PAINTINGS, "domains": ("dots", "waves"), "critic_layers": 2}

TINY_RUNS: dict[str, TinyRun] = {
    "painter": TinyRun(tiny_painter_run, ""),  # its first steps are colors alone
    "segmenter": TinyRun(tiny_segmenter_run, ""),
    "cyclegan": TinyRun(unpaired(CycleGANRun, PLAIN, pool=3, **GUIDE), "translate/identity"),
    "colorize": TinyRun(
        cropped(ColorizeRun, pictures=PHOTOS, model=ColorizerConfig.tiny(), critic_layers=2),
        "color/reconstruct",
    ),
    "colorful": TinyRun(
        cropped(
            ColorfulRun,
            pictures=PHOTOS,
            model=BinColorizerConfig.tiny(),
            critic_layers=2,
            encoder_start=1,
            fool=0.01,
            fool_start=1,
        ),
        "color/hue",
        share=0.8,  # targets that are shared out among bins leave their own entropy
    ),
    "stargan": TinyRun(
        cropped(StarGANRun, model=PLAIN, critic_steps=2, **STAR, **GUIDE | PAINT), "translate/reconstruct"
    ),
    "stylegan": TinyRun(
        cropped(
            StyleGANRun,
            pictures=PAINTINGS,
            only=("dots", "waves"),
            model=StyleGANConfig.tiny(),
            crop=16,
            r1_every=2,
            path_every=2,
            features=1.0,
            perceptual=Path("vgg.safetensors"),
        ),
        "",
    ),
    "dualgan": TinyRun(unpaired(DualGANRun, UNetConfig.tiny(), **PAINT), "translate/reconstruct"),
    "discogan": TinyRun(
        unpaired(DiscoGANRun, UNetConfig.tiny(bridges=False), rate_early=0.5), "translate/reconstruct"
    ),
    "unit": TinyRun(unpaired(UNITRun, UnitTranslatorConfig.tiny()), "translate/reconstruct"),
}
