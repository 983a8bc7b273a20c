"""A perceptual guide: translations are led from the channel moments of one domain to those of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylizer.models.perceptual import (
    Moments,
    Perceptual,
    moments,
    relative_content,
    style_moments,
)

from ..data.encoder_weights import open_perceptual
from ..data.folders import PictureFolder
from ..losses.adversarial import ADVERSARIAL
from ..losses.discriminators import FeatureCritic
from ..run.method import FIRST_SIGHT_NUMBER, Carry, Losses, Phase, generator
from .crop_method import AdversarialRun, CropMethod, right_share

_CHANNELS = (64, 128, 256, 512)
_CONTENT = (0.0, 0.0, 0.3, 1.0)  # relu3_1 keeps eyes, relu4_1 the rest
_SCALES = (0.2, 0.1, 0.2)  # one over the spread of relu2_1, relu3_1, relu4_1
_KNEE = 2.0  # far looks count less than in proportion, so that one odd crop does not drive a small batch
_FEW, _AT_ONCE = 48, 8  # crops of a domain that are looked at before a run begins
_MANY = 2000  # crops after which older ones are forgotten
_OWN = 0.4  # share of a crop's deviation that it keeps; all of it asks for hardly any strokes
_STRETCH = 2.0  # spreads of two domains are not told apart further than by this factor

LOOK_CRITIC = "look-critic"


@dataclass(frozen=True)
class GuidedRun(AdversarialRun):
    """Options of a run whose translations a perceptual network may guide."""

    look: float = 0.0
    """Weight of the distance between a translation's channel moments and those that its crop would have in
    the other domain; 40 to 60 show strokes within some hundred steps, 0 is the papers' way."""
    look_content: float = 1.0
    """Weight, beside `look`, of the distance between perceptual features of a picture and its translation."""
    look_fool: float = 1.0
    """Weight, beside `look`, of a critic that judges in those features."""
    look_distance: Literal["normalized", "plain"] = "normalized"
    """Content distance beside `look`: of features whose channels are normalized over each picture, which
    leaves colors and contrast free, or the plain mean square (Gatys et al. 2016, eq. 1)."""


class DomainStatistics(nn.Module):
    """Mean and spread of the channel moments of a domain's crops, as buffers: saved with the run."""

    mean: Tensor
    square: Tensor
    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        numbers = 2 * sum(_CHANNELS)
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("square", torch.zeros(numbers))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    @property
    def spread(self) -> Tensor:
        """Return the standard deviations."""
        return (self.square - self.mean.square()).clamp(min=0).sqrt()

    @torch.no_grad()
    def see(self, row: Tensor) -> None:
        """Take the moments (n,) of one more crop into account."""
        self.seen += 1
        share = 1 / min(int(self.seen), _MANY)
        self.mean.lerp_(row, share)
        self.square.lerp_(row.square(), share)


@torch.no_grad()
def carried(row: Tensor, source: DomainStatistics, target: DomainStatistics) -> Tensor:
    """Carry the moments (n,) of a crop from its domain to another, to the same side of what is usual there.

    A single target for a whole domain would pull skies and faces to the same texture and colors; so would the
    moments of any one painting. Deviations are scaled as in color transfer (Reinhard et al. 2001), and
    reduced.
    """
    stretch = (target.spread / (source.spread + 1e-4)).clamp(1 / _STRETCH, _STRETCH)
    return (_OWN * (row - source.mean) * stretch + target.mean).clamp(min=0)


def plain_content(found: Sequence[Tensor], wanted: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Mean squared difference of feature maps (B, C, h, w), summed over layers with their weights.

    Gatys et al. 2016, eq. 1, as a mean over all numbers (Johnson et al., arXiv:1603.08155, eq. 2). Colors and
    contrast count as much as shapes do.
    """
    terms = [
        weight * (a.float() - b.float()).square().mean()
        for a, b, weight in zip(found, wanted, weights, strict=True)
        if weight
    ]
    return torch.stack(terms).sum()


class DomainGuide:
    """Losses that lead translations to the looks of their domains.

    The adversary on pixels alone needs some hundred thousand steps to find strokes; channel moments show them
    early, and a critic in the same features (projected GANs, arXiv:2111.01007), told which domain to expect,
    then mends what moments do not see. Nothing of it is there when the weight `look` is 0.
    """

    def __init__(self, config: GuidedRun, domains: int):
        self.config, self.domains = config, domains
        self.perceptual: Perceptual | None = None
        self.critic: FeatureCritic | None = None
        self.looks = [DomainStatistics() for _ in range(domains)] if config.look else []
        if config.look:
            self.perceptual = open_perceptual(config.perceptual, getattr(torch, config.precision))
            self.critic = FeatureCritic(_CHANNELS[1:], domains, _SCALES)

    def losses(
        self,
        real: Tensor,
        sources: Sequence[int],
        made: Tensor,
        origins: Sequence[int],
        targets: Sequence[int],
        carry: Carry,
    ) -> Losses:
        """Compare translations with the looks of their domains and with what they were made of.

        real (B, 3, H, W) in [0, 1] of the domains `sources`; made (N, 3, H, W) of real pictures numbered
        `origins`, in the domains `targets`. Leaves features for the critic in `carry`. Returns nothing when
        not asked for, and without translations.
        """
        if self.perceptual is None or self.critic is None:
            return {}
        seen, rows = self.see(real, sources)
        if not len(origins):
            return {}
        pairs = list(zip(origins, targets, strict=True))
        wanted = torch.stack([carried(rows[i], self.looks[sources[i]], self.looks[t]) for i, t in pairs])
        found, origin = self.perceptual(made), [f[list(origins)] for f in seen]
        expected = self._told(targets, made)
        carry.looks = (seen, self._told(sources, made)), (tuple(f.detach() for f in found), expected)
        cfg = self.config
        distance = plain_content if cfg.look_distance == "plain" else relative_content
        return {
            "look": cfg.look * style_moments([moments(f) for f in found], _by_layer(wanted), _KNEE),
            "content": cfg.look_content * distance(found, origin, _CONTENT),
            "fool_look": cfg.look_fool * ADVERSARIAL["hinge"].generator(self.critic(found[1:], expected)),
        }

    @torch.no_grad()
    def see(self, real: Tensor, domains: Sequence[int]) -> tuple[tuple[Tensor, ...], Tensor]:
        """Take real pictures (B, 3, H, W) in [0, 1] into account; returns features, and moments (B, n)."""
        if self.perceptual is None:
            raise RuntimeError("a guide whose weight is 0 looks at nothing")
        seen = self.perceptual(real)
        rows = torch.cat([torch.cat(moments(f), 1) for f in seen], 1)
        for row, domain in zip(rows, domains, strict=True):
            self.looks[domain].see(row)
        return seen, rows

    def judge(self, batch: Mapping[str, Tensor], carry: Carry, step: int) -> Losses:
        """Let the critic tell real pictures of a domain from translations to it."""
        if carry.looks is None or self.critic is None:
            return {}
        real, made = (self.critic(features[1:], told) for features, told in carry.looks)
        carry.figures = {"look_right": right_share(real, made, "hinge")}
        return {"judge_look": ADVERSARIAL["hinge"].critic(real, made)}

    def _told(self, domains: Sequence[int], like: Tensor) -> Tensor:
        return F.one_hot(torch.tensor(domains, device=like.device), self.domains).float()


def add_guide(method: CropMethod[Any], guide: DomainGuide) -> tuple[Phase, ...]:
    """Give a method the guide's networks and memory.

    Returns the critic's phase, nothing without a guide.
    """
    if guide.perceptual is None or guide.critic is None:
        return ()
    if "perceptual" in method.fixed:
        guide.perceptual = method.perceptual()  # one for all that look
    method.fixed["perceptual"], method.memory["looks"] = guide.perceptual, nn.ModuleList(guide.looks)
    method.nets[LOOK_CRITIC] = guide.critic.to(memory_format=torch.channels_last)
    return (Phase("judge_look", (LOOK_CRITIC,), guide.judge),)


def see_domains(method: CropMethod[Any], guide: DomainGuide, folders: Sequence[PictureFolder]) -> None:
    """Let a guide have a first sight of every domain's folder."""
    if guide.perceptual is None:
        return
    for number, folder in enumerate(folders):
        rng = generator(method.config.seed, FIRST_SIGHT_NUMBER + number)
        for _ in range(0, _FEW, _AT_ONCE):
            crops = method.crops([folder] * _AT_ONCE, rng).to(guide.perceptual.mean.device)
            guide.see(crops, [number] * _AT_ONCE)


def _by_layer(rows: Tensor) -> list[Moments]:
    layers = rows.split([2 * c for c in _CHANNELS], 1)
    pairs = (layer.split(c, 1) for layer, c in zip(layers, _CHANNELS, strict=True))
    return [(mean, deviation) for mean, deviation in pairs]
