"""`compare` for translators and inventors: a sheet of what they make of the same photos or seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from training.evaluation.evaluator import at_size, open_rgb, to_image, to_tensor
from training.evaluation.options import CompareInventorsOptions, CompareTranslatorsOptions
from training.evaluation.sets import list_pictures, spread_out
from training.evaluation.sheet import check_sheet, contact_sheet, save_sheet
from training.evaluation.translator import target_domains, way_to
from training.publishing.runs import open_role
from training.run.config import UserMistake


def open_all(sources: Sequence[Path], role: str) -> dict[str, nn.Module]:
    """Load several networks by the name of their folder; raises UserMistake."""
    names = [source.resolve().name for source in sources]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UserMistake(f"two checkpoints are called {twice}; a sheet needs names that differ.")
    return {name: open_role(source, role) for name, source in zip(names, sources, strict=True)}


@torch.no_grad()
def compare_translators(options: CompareTranslatorsOptions) -> Path:
    """Translate photos with every model to every domain and save the sheet; raises UserMistake."""
    check_sheet(options.out)
    networks = open_all(options.checkpoints, "translator")
    known = {name: target_domains(network) for name, network in networks.items()}
    if unknown := set(options.domains) - {domain for domains in known.values() for domain in domains}:
        raise UserMistake(f"no checkpoint has the domain {min(unknown)!r}; they have {told_domains(known)}.")
    columns = {
        f"{name}: {domain}" if len(known[name]) > 1 else name: way_to(network, domain)
        for name, network in networks.items()
        for domain in known[name]
        if not options.domains or domain in options.domains
    }
    rows = []
    for path in tqdm(spread_out(list_pictures(options.photos), options.limit), unit="photo", leave=False):
        image = open_rgb(path)
        if max(image.size) > options.size:
            image = at_size(image, options.size)
        photo = to_tensor(image)
        rows.append([image, *(to_image(way(photo)) for way in columns.values())])
    return save_sheet(contact_sheet(rows, ["photo", *columns], options.cell), options.out)


def told_domains(known: dict[str, tuple[str, ...]]) -> str:
    """List all domains."""
    return ", ".join(sorted({domain for domains in known.values() for domain in domains}))


@torch.no_grad()
def compare_inventors(options: CompareInventorsOptions) -> Path:
    """Invent from the same seeds with every model and truncation and save the sheet; raises UserMistake."""
    check_sheet(options.out)
    networks = open_all(options.checkpoints, "inventor")
    rows = []
    for seed in options.seeds:
        row = []
        for network in networks.values():
            z = torch.randn(1, network.latent_size, generator=torch.Generator().manual_seed(seed))
            row += [to_image(network.invent(z, share, seed=seed)) for share in options.truncations]
        rows.append(row)
    titles = [f"{name} {share:g}" for name in networks for share in options.truncations]
    return save_sheet(contact_sheet(rows, titles, options.cell), options.out)
