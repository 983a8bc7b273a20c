"""`compare`: networks of one role side by side; stylizers beside folders of other systems' results too."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from tqdm import tqdm

from stylizer.models.masterwork import MasterworkOptions
from stylizer.models.roles import Generator, Stylizer, Translator

from ..publishing.runs import open_network
from ..run.config import UserMistake
from ..run.processes import open_device
from .evaluator import PairEvaluator, Scores, System, folder_system, references, table
from .images import at_size, image_tensor, open_rgb, to_image
from .masterworks import masterworks
from .options import CompareOptions, refuse_others
from .sets import list_pictures, spread_out
from .sheet import CELL, check_sheet, contact_sheet, save_sheet
from .stylizer import PairPainter, open_evaluator
from .translator import target_domains, way_to

COLUMNS = (
    "style_moments",
    "style_gram",
    "content",
    "follow_middle",
    "follow_coarse",
    "energy_fine",
    "energy_middle",
    "energy_coarse",
    "faces_found",
    "faces_shift",
    "takes_apart",
    "top1",
    "rank",
    "top1_luminance",
    "rank_luminance",
    "fid",
)


def compare_stylizers(networks: Mapping[str, Stylizer], options: CompareOptions) -> dict[str, Any]:
    """Measure every system, print the table, write figures and a contact sheet; return the figures.

    A folder whose pictures and protocol have not changed since the last time is not measured again.
    Raises UserMistake.
    """
    own, out = options.rivals, options.out or Path("runs/compare")
    if not (own.results or networks or own.known or own.masterworks):
        raise UserMistake("give checkpoints, --results FOLDER ... or --known CSV, or all of them.")
    evaluator = open_evaluator(options, own)
    systems = [folder_system(folder) for folder in own.results]
    names = [system.name for system in systems]
    if len(set(names)) < len(names):
        raise UserMistake(f"two folders of results have one name: {', '.join(names)}.")
    sources = dict(zip(names, own.results, strict=True))
    for name, network in networks.items():
        painter = PairPainter(network, evaluator.size, own.styles, open_device(options.device))
        systems += [painter.system(name, position) for position in own.strengths or (0.5, 1.0)]
    if own.masterworks is not None:
        work = MasterworkOptions(side=evaluator.size)
        systems.append(masterworks(own.masterworks, evaluator, open_device(options.device), work))
    out.mkdir(parents=True, exist_ok=True)
    scores = read_known(own.known, evaluator) if own.known else {}
    for system in [*(references(evaluator) if own.ends else ()), *systems]:
        scores[system.name] = score_once(evaluator, system, sources.get(system.name), out)
    means = {name: found.means() for name, found in scores.items()}
    rows = {name: found.rows for name, found in scores.items()}
    figures = {"protocol": evaluator.protocol(), "pairs": len(evaluator.pairs), "means": means}
    (out / "compare.json").write_text(json.dumps({**figures, "rows": rows}, indent=1) + "\n", "utf-8")
    print(table(means, [column for column in COLUMNS if column in evaluator.protocol()]))
    for name, found in scores.items():
        if len(found.rows) < len(evaluator.pairs):
            print(f"note: {name} has results for {len(found.rows)} of {len(evaluator.pairs)} pairs.")
    if own.rows:
        save_sheet(draw_sheet(evaluator, systems, own.rows, options.cell or CELL), out / "sheet.jpg")
    return figures


def score_once(evaluator: PairEvaluator, system: System, source: Path | None, out: Path) -> Scores:
    """Measure a system, or take what an earlier comparison found for the very same pictures."""
    if source is None:
        return evaluator.score(system)
    digest = hashlib.sha256(
        json.dumps([evaluator.protocol(), [pair.stem for pair in evaluator.pairs]]).encode()
    )
    for path in sorted(source.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    memory = out / "measured" / f"{system.name}-{digest.hexdigest()[:16]}.json"
    if memory.is_file():
        print(f"{system.name}: measured before, the pictures are the same.")
        return Scores(**json.loads(memory.read_text(encoding="utf-8")))
    scores = evaluator.score(system)
    memory.parent.mkdir(exist_ok=True)
    memory.write_text(json.dumps(dataclasses.asdict(scores)) + "\n", encoding="utf-8")
    return scores


def read_known(file: Path, evaluator: PairEvaluator) -> dict[str, Scores]:
    """Read figures that were measured before, for the evaluator's pairs; raises UserMistake."""
    if not file.is_file():
        raise UserMistake(f"{file} is not a file; give a CSV of figures measured before.")
    scores: dict[str, Scores] = {}
    wanted, figures = {pair.stem for pair in evaluator.pairs}, evaluator.protocol()
    with file.open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if not {"name", "photo", "painting"} <= row.keys():
                raise UserMistake(f"{file.name} lacks the columns name,photo,painting.")
            stem = f"{row['photo']}__{row['painting']}"
            if stem in wanted:
                values = {name: float(value) for name, value in row.items() if name in figures}
                scores.setdefault(row["name"], Scores()).rows[stem] = values
    return scores


def draw_sheet(evaluator: PairEvaluator, systems: Sequence[System], count: int, cell: int) -> Image.Image:
    """Draw photo, painting and every system's result for some of the pairs."""
    rows = [
        [open_rgb(pair.photo), open_rgb(pair.painting), *(system.result(pair) for system in systems)]
        for pair in spread_out(evaluator.pairs, count)
    ]
    return contact_sheet(rows, ["photo", "painting", *(system.name for system in systems)], cell)


@torch.no_grad()
def compare_translators(networks: Mapping[str, Translator], options: CompareOptions) -> Path:
    """Translate photos with every model to every domain and save the sheet; raises UserMistake."""
    own, out, size = options.domain, options.out or Path("compare.webp"), options.size or 512
    check_sheet(out)
    if own.photos is None:
        raise UserMistake("give --photos, a folder of photos to translate.")
    limit = 8 if options.limit is None else options.limit
    device = open_device(options.device)
    known = {name: target_domains(network) for name, network in networks.items()}
    if unknown := set(own.domains) - {domain for domains in known.values() for domain in domains}:
        raise UserMistake(f"no checkpoint has the domain {min(unknown)!r}; they have {told_domains(known)}.")
    columns = {
        f"{name}: {domain}" if len(known[name]) > 1 else name: way_to(network, domain)
        for name, network in networks.items()
        for domain in known[name]
        if not own.domains or domain in own.domains
    }
    rows = []
    for path in tqdm(spread_out(list_pictures(own.photos), limit), unit="photo", leave=False):
        image = open_rgb(path)
        if max(image.size) > size:
            image = at_size(image, size)
        photo = image_tensor(image).to(device)
        rows.append([image, *(to_image(way(photo)) for way in columns.values())])
    return save_sheet(contact_sheet(rows, ["photo", *columns], options.cell or CELL), out)


def told_domains(known: dict[str, tuple[str, ...]]) -> str:
    """List all domains."""
    return ", ".join(sorted({domain for domains in known.values() for domain in domains}))


@torch.no_grad()
def compare_generators(networks: Mapping[str, Generator], options: CompareOptions) -> Path:
    """Generate from the same seeds with every model and truncation and save the sheet; raises UserMistake."""
    own, out, device = options.seed, options.out or Path("compare.webp"), open_device(options.device)
    check_sheet(out)
    rows = []
    for seed in own.seeds:
        row = []
        for network in networks.values():
            z = torch.randn(1, network.latent_size, generator=torch.Generator().manual_seed(seed)).to(device)
            row += [to_image(network.generate(z, share, seed=seed)) for share in own.truncations]
        rows.append(row)
    titles = [f"{name} {share:g}" for name in networks for share in own.truncations]
    return save_sheet(contact_sheet(rows, titles, options.cell or 192), out)


COMPARISONS: Mapping[str, tuple[str, Callable[[Any, CompareOptions], Any]]] = {
    "stylizer": ("rivals", compare_stylizers),
    "translator": ("domain", compare_translators),
    "generator": ("seed", compare_generators),
}
"""By role: the part of the options that is its own, and what compares."""


def compare(options: CompareOptions) -> Any:
    """Load all checkpoints and compare them as their one role asks; raises UserMistake."""
    networks, roles = {}, {}
    for source in options.checkpoints:
        name = source.resolve().name
        if name in networks:
            raise UserMistake(f"two checkpoints are called {name}; a comparison needs names that differ.")
        network, roles[name] = open_network(source)
        networks[name] = network.to(open_device(options.device))
    if len(set(roles.values())) > 1:
        told = ", ".join(f"{name} is for {role}" for name, role in roles.items())
        raise UserMistake(f"the roles differ ({told}); compare takes checkpoints of one role.")
    role = next(iter(roles.values()), "stylizer")
    if role not in COMPARISONS:
        raise UserMistake(f"{next(iter(roles))} is for {role}; compare takes {', '.join(COMPARISONS)}.")
    part, work = COMPARISONS[role]
    refuse_others(options, role, (part,))
    return work(networks, options)
