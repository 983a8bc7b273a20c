"""What a training method is: networks, phases and figures; the loop does the rest."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from stylizer.models.registry import architectures

from .config import RunConfig, UserMistake

ConfigT = TypeVar("ConfigT", bound=RunConfig)
ModuleT = TypeVar("ModuleT", bound=nn.Module)
Losses = Mapping[str, Tensor]  # name -> weighted scalar; their sum is what the phase minimises


@dataclass
class Carry:
    """What a phase leaves for the next ones of the same step, for the report and for the alarms.

    Tensors are detached.
    """

    figures: dict[str, Tensor] = field(default_factory=dict)
    """Scalars that are only watched; `critic_right`, a critic's share of right answers, has an alarm."""
    painted: Tensor | None = None
    """Pictures (B, 3, H, W) that were made: the alarms look whether they are all alike."""
    source: Tensor | None = None
    """The pictures that they were made from: inverted colors are found too."""
    made: dict[str, Tensor] | None = None
    """Translations by side, for the critics."""
    features: tuple[Tensor, ...] = ()
    """Perceptual features of `painted`, for a critic that judges in them."""
    looks: Any = None
    """Features of real pictures and of translations, each with what they are told to be."""
    projected: Any = None
    """Real and made pictures with their domains, for the critic in projected features."""

    def watch(self, source: Tensor, painted: Tensor) -> None:
        """Leave pictures and what was made of them for the alarms."""
        self.source, self.painted = source.detach(), painted.detach()

    def made_pictures(self) -> Tensor:
        """Return the pictures of the phase before; raises RuntimeError when none made any."""
        if self.painted is None:
            raise RuntimeError("a critic's phase came before the one that makes pictures")
        return self.painted

    def taken_figures(self) -> dict[str, Tensor]:
        """Return the figures and forget them: they belong to one phase."""
        taken, self.figures = self.figures, {}
        return taken


@dataclass(frozen=True)
class Phase:
    """One update: which networks step, on which losses, how often.

    `loss(batch, carry, step)` runs inside autocast; an empty answer skips the update. `lazy` phases are
    penalties that would be due at every step: what they miss is made up for by `every` times the gradient
    (arXiv:1912.04958, appendix B).
    """

    name: str
    steps: tuple[str, ...]
    loss: Callable[[Any, Carry, int], Losses]
    every: int = 1
    start: int = 0
    lazy: bool = False

    @property
    def weight(self) -> int:
        """How often the gradient of one update counts."""
        return self.every if self.lazy else 1

    def due(self, step: int) -> bool:
        """Say whether this phase runs at `step`."""
        return step >= self.start and step % self.every == 0


@dataclass(frozen=True)
class AdamSettings:
    """Adam for one network; `lr` and `betas` are functions of the step, so a resumed run needs no memory.

    `shares`: parameters whose name begins so learn at this share of the rate (a pretrained part).
    """

    lr: Callable[[int], float]
    betas: Callable[[int], tuple[float, float]] = lambda step: (0.9, 0.99)
    eps: float = 1e-8
    shares: Mapping[str, float] = field(default_factory=dict)

    def groups(self, parameters: Mapping[str, nn.Parameter]) -> list[dict[str, Any]]:
        """Sort named parameters into one optimizer group for each share of the rate."""
        found: dict[float, list[nn.Parameter]] = {}
        for name, parameter in parameters.items():
            share = next((s for start, s in self.shares.items() if name.startswith(start)), 1.0)
            found.setdefault(share, []).append(parameter)
        return [{"params": values, "share": share} for share, values in found.items()]


class Method(Generic[ConfigT]):
    """Base of the training methods.

    nets    networks by name: they get optimizers, averaged copies and a place in the snapshot
    memory  modules with buffers that phases change (pools, running spreads); saved, never stepped
    fixed   networks that only judge (perceptual network); moved to the device, neither stepped nor saved
    phases  what happens in a step, in order

    For the card: `about`, `limits`, `licences` are sentences, `data(options as JSON)` names the pictures;
    with `data` given, the method's docstring, which lists its departures, is on the card too.
    """

    about = limits = licences = ""
    data: Callable[[Mapping[str, Any]], str] | None = None

    nets: nn.ModuleDict
    memory: nn.ModuleDict
    fixed: nn.ModuleDict
    phases: tuple[Phase, ...]

    def __init__(self, config: ConfigT) -> None:
        self.config = config
        self.nets, self.memory, self.fixed = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        self.phases = ()

    def optimizers(self) -> Mapping[str, AdamSettings]:
        """Return the settings of each network's optimizer; every network of a phase needs one."""
        return {name: AdamSettings(lr=lambda step: self.config.lr) for name in self.nets}

    def batch(self, number: int) -> Any:
        """Return batch `number` on the CPU: a function of (seed, number) and of nothing else.

        Tensors in dicts, tuples or lists; the loop moves them to the device.
        """
        raise NotImplementedError

    def measured(self, batch: Any) -> Any:
        """Return a batch, by now on the device, with all that the phases need to know of it."""
        return batch

    def step_of(self, number: int) -> int:
        """Return the step that batch `number` belongs to: every process draws one a step."""
        return number // max(1, int(os.environ.get("WORLD_SIZE", "1")))

    def sample_batch(self) -> Any:
        """Return the batch that every sample grid shows."""
        return self.batch(0)

    def sample(self, nets: nn.ModuleDict, batch: Any) -> Tensor:
        """Return one grid (3, H, W) in [0, 1] painted by `nets` (the averaged ones)."""
        raise NotImplementedError

    def score(self, nets: nn.ModuleDict, batch: Any) -> float | None:
        """Return a figure of merit on the sample batch, lower is better; None: no snapshot is the best."""
        return None

    def publish(self, nets: nn.ModuleDict) -> Mapping[str, nn.Module]:
        """Return the networks that ship, by their name in `nets`; the very modules, not copies."""
        raise NotImplementedError

    def first_look(self) -> None:
        """Measure the data before the first step; what is found is in networks or memory, so in snapshots.

        Called on the device, and never for a run that is resumed.
        """

    def begin(self) -> None:
        """Take first weights from elsewhere; called at step 0 of a run that begins from no checkpoint."""

    def begin_with(self, network: nn.Module) -> None:
        """Take the first weights from a published network; raises RuntimeError when the shapes differ."""
        for own in self.publish(self.nets).values():
            own.load_state_dict(network.state_dict(), strict=True)

    @classmethod
    def shipped(cls, config: ConfigT) -> Mapping[str, nn.Module]:
        """Build, untrained and without data, what `publish` returns: the architecture of `config.model`."""
        model = vars(config)["model"]
        known = [entry for entry in architectures() if isinstance(model, entry.config)]
        return {entry.name: entry.network(model) for entry in known}


def get_network(nets: nn.ModuleDict, name: str, kind: type[ModuleT]) -> ModuleT:
    """Return a network by its name, as what it is; raises TypeError when it is something else."""
    network = nets[name]
    if not isinstance(network, kind):
        raise TypeError(f"{name} is a {type(network).__name__}, not a {kind.__name__}")
    return network


def total(losses: Iterable[Tensor]) -> Tensor:
    """Add up losses, at least one."""
    return functools.reduce(torch.add, losses)


def trainable_parameters(nets: nn.ModuleDict) -> dict[str, dict[str, nn.Parameter]]:
    """List the parameters of each network that want gradients now; frozen encoders stay out for good."""
    return {
        name: {key: parameter for key, parameter in net.named_parameters() if parameter.requires_grad}
        for name, net in nets.items()
    }


def only_train(trainable: Mapping[str, Mapping[str, nn.Parameter]], steps: tuple[str, ...]) -> None:
    """Let the parameters of the networks in `steps` ask for gradients, and no others."""
    for name, parameters in trainable.items():
        for parameter in parameters.values():
            parameter.requires_grad_(name in steps)
            parameter.grad = None


def step_seed(seed: int, number: int) -> int:
    """Mix a seed and a batch number into a seed of 63 bits (splitmix64, Steele et al. 2014)."""
    value = (seed * 0x9E3779B97F4A7C15 + number + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    value = (value ^ value >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return (value ^ value >> 31) >> 1


# numbers of batches that no step reaches
SHOWN_NUMBER = 1 << 40
"""Of the sample grid."""
FIRST_SIGHT_NUMBER = 1 << 41
"""The first of what is looked at before the first step."""
SCORED_NUMBER = 1 << 42
"""Of what the score is taken from."""


def generator(seed: int, number: int) -> torch.Generator:
    """Make the CPU generator of batch `number`."""
    return torch.Generator().manual_seed(step_seed(seed, number))


METHODS: dict[str, tuple[type[RunConfig], type[Method[Any]]]] = {}


def find_method(name: str) -> tuple[type[RunConfig], type[Method[Any]]]:
    """Return a method's options and class by its name; raises UserMistake with the names that are known."""
    from .. import methods  # noqa: F401  registers them; they build on this module

    if name not in METHODS:
        raise UserMistake(f"there is no method {name!r}; the methods are {', '.join(sorted(METHODS))}.")
    return METHODS[name]


def method(name: str, config: type[RunConfig]) -> Callable[[type[Method[Any]]], type[Method[Any]]]:
    """Register a training method: `@method("painter", PainterRun)`; the command line lists what is here."""

    def register(kind: type[Method[Any]]) -> type[Method[Any]]:
        if name in METHODS:
            raise ValueError(f"two methods are called {name!r}, {kind.__name__} is one of them")
        METHODS[name] = (config, kind)
        return kind

    return register


def late_linear(step: int, steps: int, rate: float, begin: float = 0.5) -> float:
    """Hold `rate` for the share `begin` of the steps, then fall in a line to 0 (arXiv:1703.10593)."""
    done = step / steps
    return rate * min(1.0, max(0.0, (1 - done) / (1 - begin)))


def half_cosine(step: int, steps: int, high: float, low: float) -> float:
    """Fall from `high` at step 0 to `low` at `steps` along half a cosine."""
    share = torch.tensor(min(1.0, step / steps) * torch.pi).cos().item()
    return low + 0.5 * (high - low) * (1 + share)
