"""The one list of architectures that a checkpoint may name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import TypeVar

from torch import nn

from stylizer.models.roles import ROLES

Network = TypeVar("Network", bound=type[nn.Module])


class UnknownArchitectureError(LookupError):
    """A name that no architecture carries; the message lists those that exist."""


@dataclass(frozen=True)
class Architecture:
    """A network class, its role and its config; `network(config)` builds it, on the meta device too."""

    name: str
    role: str
    network: type[nn.Module]
    config: type


_ARCHITECTURES: dict[str, Architecture] = {}


def architecture(name: str, role: str, config: type) -> Callable[[Network], Network]:
    """Register a network class whose constructor takes one `config`, a frozen dataclass.

    The network keeps it as `.config`. Raises ValueError for a name that is taken, an unknown role,
    or a config that is not a frozen dataclass with fields.
    """
    if role not in ROLES:
        raise ValueError(f"{name}: role is {role!r}; known roles are {', '.join(sorted(ROLES))}")
    if not is_dataclass(config):
        raise ValueError(f"{name}: config is {config!r}; it must be a frozen dataclass")
    if not config.__dataclass_params__.frozen:
        raise ValueError(f"{name}: config {config.__name__} can be changed; make it a frozen dataclass")
    if not fields(config):
        raise ValueError(f"{name}: config {config.__name__} has no fields")

    def register(network: Network) -> Network:
        if name in _ARCHITECTURES:
            raise ValueError(f"architecture {name!r} is already taken by {_ARCHITECTURES[name].network!r}")
        _ARCHITECTURES[name] = Architecture(name, role, network, config)
        return network

    return register


def find(name: str) -> Architecture:
    """Find an architecture by its name; raises UnknownArchitectureError."""
    found = _ARCHITECTURES.get(name)
    if found is None:
        raise UnknownArchitectureError(f"architecture {str(name)[:40]!r} is unknown; known are {_names()}")
    return found


def find_for(network: nn.Module) -> Architecture:
    """Find the architecture that a network is an instance of; raises UnknownArchitectureError."""
    for entry in _ARCHITECTURES.values():
        if type(network) is entry.network:
            return entry
    raise UnknownArchitectureError(f"{type(network).__name__} is not registered; known are {_names()}")


def architectures(role: str | None = None) -> tuple[Architecture, ...]:
    """List the registered architectures by name, those of one role if given."""
    return tuple(a for _, a in sorted(_ARCHITECTURES.items()) if role is None or a.role == role)


def _names() -> str:
    return ", ".join(sorted(_ARCHITECTURES)) or "none"
