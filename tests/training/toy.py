"""Runs small enough for a blink: a toy method that must invert pictures, and a tiny painter."""

from dataclasses import dataclass

import torch
from torch import nn

from stylizer.models.painter_config import PainterConfig
from training.methods.painter import PainterRun
from training.run.config import RunConfig
from training.run.method import METHODS, Method, Phase, generator, method


@dataclass(frozen=True)
class ToyRun(RunConfig):
    """A toy."""

    weight: float = 2.0
    """Weight of the match."""
    fool: float = 0.001
    """Weight of the critic's opinion."""
    noise: float = 0.01
    """Strength of the noise on the photos."""
    lazy: bool = False
    """Whether the critic's phase makes up for the steps that it misses."""
    poison: int = -1
    """Step whose loss is not a number."""


class Toy(Method):
    """Two networks, a counter in memory, noise from the global generator and a lazy phase."""

    def __init__(self, config: ToyRun) -> None:
        super().__init__(config)
        painter = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1))
        painter[0].bias.requires_grad_(False)  # as a pretrained part would be
        critic = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 1, 3))
        self.nets = nn.ModuleDict({"painter": painter, "critic": critic}).to(
            memory_format=torch.channels_last
        )
        self.memory = nn.ModuleDict({"seen": nn.BatchNorm1d(1)})
        self.phases = (
            Phase("paint", ("painter",), self.paint),
            Phase("judge", ("critic",), self.judge, every=2, start=2, lazy=config.lazy),
        )

    def batch(self, number):
        size = (self.config.batch, 3, 16, 16)
        return {"photo": torch.rand(size, generator=generator(self.config.seed, number)), "names": ["a"]}

    def paint(self, batch, carry, step):
        photo = batch["photo"]
        painted = self.nets["painter"](photo + self.config.noise * torch.randn_like(photo))
        self.memory["seen"](painted.mean((1, 2, 3))[:, None])
        carry.painted = painted.detach()
        scale = float("nan") if step == self.config.poison else 1.0
        return {
            "match": scale * self.config.weight * (painted - (1 - photo)).square().mean(),
            "fool": -self.config.fool * self.nets["critic"](painted).mean(),
        }

    def judge(self, batch, carry, step):
        real, made = self.nets["critic"](batch["photo"]), self.nets["critic"](carry.painted)
        carry.figures = {"critic_right": ((real > 0).float().mean() + (made < 0).float().mean()) / 2}
        return {"hinge": torch.relu(1 - real).mean() + torch.relu(1 + made).mean()}

    def sample(self, nets, batch):
        return torch.cat(list(nets["painter"](batch["photo"])), 2)

    def score(self, nets, batch):
        return (nets["painter"](batch["photo"]) - 1 + batch["photo"]).square().mean().item()

    def publish(self, nets):
        return {"painter": nets["painter"]}


if "toy" not in METHODS:
    method("toy", ToyRun)(Toy)


def toy_run(out, **changes) -> ToyRun:
    """Options of a run of ten steps."""
    values = {"steps": 10, "batch": 4, "crop": 16, "save_every": 5, "sample_every": 5, "log_every": 5}
    return ToyRun(out=out, device="cpu", **{**values, **changes})


def tiny_painter_run(out, studio, **changes) -> PainterRun:
    """Options of a painter run on drawn pictures."""
    values = {"steps": 4, "batch": 2, "crop": 32, "style_crop": 32, "style_variants": 2, "photo_variants": 2,
              "judge_start": 1, "sample_every": 100, "ramp": 2, "precision": "float32",
              "model": PainterConfig.tiny()}  # fmt: skip
    return PainterRun(
        out=out, content=studio / "photos", style=studio / "paintings", perceptual=studio / "vgg.safetensors",
        device="cpu", **{**values, **changes},
    )  # fmt: skip
