"""The networks of a run as they ship: averaged weights out of a checkpoint folder, a run or a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.registry import Network, find_for

from ..methods.unpaired import UnpairedMethod, UnpairedRun
from ..run.config import UserMistake, from_plain, read_options
from ..run.method import find_method
from ..run.snapshots import newest_snapshot, read_snapshot


def averaged_networks(
    method: str, options: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> dict[str, nn.Module]:
    """Build the networks that a method ships and give them the averaged weights of a snapshot."""
    config_kind, kind = find_method(method)
    networks = dict(kind.shipped(from_plain(config_kind, options)))
    for name, network in networks.items():
        prefix = f"averaged.{name}."
        part = {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
        try:
            network.load_state_dict(part, strict=True)
        except RuntimeError as error:
            raise UserMistake(f"the snapshot's {name} is not the one that this code builds.") from error
        network.eval().requires_grad_(False)
    return networks


def open_run(source: Path) -> tuple[Path, dict[str, Tensor], dict[str, Any]]:
    """Read a run's newest whole snapshot, or one snapshot folder: the run, tensors and plain figures."""
    if (source / "state.json").is_file():
        return source.parent.parent, *read_snapshot(source)
    read_options(source)
    found = newest_snapshot(source)
    if found is None:
        raise UserMistake(f"{source} has no snapshot yet.")
    return source, *found[:2]


def open_networks(source: Path) -> dict[str, nn.Module]:
    """Load networks by name from a checkpoint folder, a run or a snapshot; raises UserMistake."""
    if (source / "config.json").is_file():
        network = load_checkpoint(source)
        return {source.name: network}
    run, tensors, _ = open_run(source)
    return averaged_networks(*read_options(run), tensors)


def open_network(source: Path) -> tuple[nn.Module, str]:
    """Load the network of a checkpoint folder, a run or a snapshot, and tell its role; raises UserMistake."""
    network = next(iter(open_networks(source).values()))
    return network.to(memory_format=torch.channels_last), find_for(network).role


def between_folders(
    method: str, options: Mapping[str, Any]
) -> tuple[type[UnpairedMethod[Any]], UnpairedRun] | None:
    """Return the method and the options of a run between two folders; None for a run of another kind."""
    config_kind, kind = find_method(method)
    config = from_plain(config_kind, options)
    return (kind, config) if issubclass(kind, UnpairedMethod) and isinstance(config, UnpairedRun) else None


def reverse_network(
    kind: type[UnpairedMethod[Any]], config: UnpairedRun, tensors: Mapping[str, Tensor]
) -> Network:
    """Build the translator from b to a of a run, with the averaged weights of a snapshot.

    Raises UserMistake when the snapshot is not of these networks.
    """
    nets = kind.networks(config)
    prefix = "averaged."
    part = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    part = {key: value for key, value in part.items() if key.split(".")[0] in nets}
    try:
        nets.load_state_dict(part, strict=True)
    except RuntimeError as error:
        raise UserMistake("the snapshot's networks are not those that this code builds.") from error
    network = kind.reverse(config, nets).eval()
    network.requires_grad_(False)
    return network


def way_back(source: Path, device: torch.device | str = "cpu") -> Callable[[Tensor], Tensor] | None:
    """Return the way from b to a of a run between two folders; None where none was trained or kept.

    Checkpoint folders have one way alone. The answer takes and gives pictures (B, 3, H, W) in [0, 1].
    """
    if (source / "config.json").is_file():
        return None
    run, tensors, _ = open_run(source)
    found = between_folders(*read_options(run))
    return reverse_network(*found, tensors).to(device) if found else None
