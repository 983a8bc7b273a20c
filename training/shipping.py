"""The networks of a run as they ship: averaged weights out of a checkpoint folder, a run or a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from stylizer.models.checkpoint import load_checkpoint
from training import methods as methods  # registers the methods
from training.config import UserMistake, from_plain, read_options
from training.phases import METHODS
from training.state import newest_snapshot, read_snapshot


def averaged_networks(method: str, options: Mapping, tensors: Mapping[str, Tensor]) -> dict[str, nn.Module]:
    """Build the networks that a method ships and give them the averaged weights of a snapshot."""
    config_kind, kind = METHODS[method]
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


def open_run(source: Path) -> tuple[Path, dict[str, Tensor], dict]:
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


def open_stylizer(source: Path) -> nn.Module:
    """Load the stylizer of a checkpoint folder, a run or a snapshot."""
    networks = [network for network in open_networks(source).values() if hasattr(network, "decode")]
    if not networks:
        raise UserMistake(f"{source} holds no stylizer.")
    return networks[0]
