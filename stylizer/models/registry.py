"""The one list of architectures that a checkpoint may name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

from torch import nn

from stylizer.models.roles import ROLES

NetworkType = TypeVar("NetworkType", bound=type[nn.Module])


class Network(nn.Module):
    """Base of the networks that ship: what it was built with and, once loaded, which weights it has."""

    config: Any
    """The frozen dataclass that it was built with."""
    checkpoint_sha: str = ""
    """sha256 of the weights' file; empty before it was saved."""
    license: str = ""
    """The card's license, such as "apache-2.0"; empty where none is stated."""


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


def architecture(name: str, role: str, config: type) -> Callable[[NetworkType], NetworkType]:
    """Register a network class whose constructor takes one `config`, a frozen dataclass.

    The network keeps it as `.config`. Raises ValueError for a name that is taken, an unknown role,
    or a config that is not a frozen dataclass with fields.
    """
    if role not in ROLES:
        raise ValueError(f"{name}: role is {role!r}; known roles are {', '.join(sorted(ROLES))}")
    if not is_dataclass(config):
        raise ValueError(f"{name}: config is {config!r}; it must be a frozen dataclass")
    if not getattr(config, "__dataclass_params__").frozen:  # noqa: B009
        raise ValueError(f"{name}: config {config.__name__} can be changed; make it a frozen dataclass")
    if not fields(config):
        raise ValueError(f"{name}: config {config.__name__} has no fields")

    def register(network: NetworkType) -> NetworkType:
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
