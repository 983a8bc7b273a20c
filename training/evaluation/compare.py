"""`compare`: systems side by side on the same pairs; folders of pictures and our own checkpoint."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.evaluation.evaluator import Judge, Scores, System, folder_system, open_rgb, references, table
from training.evaluation.options import CompareOptions
from training.evaluation.sheet import contact_sheet
from training.evaluation.stylizer import Studio, open_judge, spaced
from training.publishing.runs import open_stylizer
from training.run.config import UserMistake

COLUMNS = (
    "style_moments",
    "style_gram",
    "content",
    "top1",
    "rank",
    "top1_luminance",
    "rank_luminance",
    "fid",
)


def compare(options: CompareOptions) -> dict[str, Any]:
    """Measure every system, print the table, write figures and a contact sheet; return the figures.

    A folder whose pictures and protocol have not changed since the last time is not measured again.
    Raises UserMistake.
    """
    if not (options.results or options.checkpoint or options.known):
        raise UserMistake("give --results FOLDER ..., --known CSV or --checkpoint FOLDER, or all of them.")
    judge = open_judge(options)
    systems = [folder_system(folder) for folder in options.results]
    names = [system.name for system in systems]
    if len(set(names)) < len(names):
        raise UserMistake(f"two folders of results have one name: {', '.join(names)}.")
    sources = dict(zip(names, options.results, strict=True))
    if options.checkpoint:
        studio = Studio(open_stylizer(options.checkpoint), options.size, options.styles)
        systems += [studio.system(options.checkpoint.name, position) for position in options.strengths]
    options.out.mkdir(parents=True, exist_ok=True)
    scores = read_known(options.known, judge) if options.known else {}
    for system in [*(references(judge) if options.ends else ()), *systems]:
        scores[system.name] = score_once(judge, system, sources.get(system.name), options.out)
    means = {name: found.means() for name, found in scores.items()}
    rows = {name: found.rows for name, found in scores.items()}
    figures = {"protocol": judge.protocol(), "pairs": len(judge.pairs), "means": means}
    (options.out / "compare.json").write_text(json.dumps({**figures, "rows": rows}, indent=1) + "\n", "utf-8")
    print(table(means, [column for column in COLUMNS if column in judge.protocol()]))
    for name, found in scores.items():
        if len(found.rows) < len(judge.pairs):
            print(f"note: {name} has results for {len(found.rows)} of {len(judge.pairs)} pairs.")
    if options.sheet:
        draw_sheet(judge, systems, options.sheet).save(options.out / "sheet.jpg", quality=90)
        print(options.out / "sheet.jpg")
    return figures


def score_once(judge: Judge, system: System, source: Path | None, out: Path) -> Scores:
    """Measure a system, or take what an earlier comparison found for the very same pictures."""
    if source is None:
        return judge.score(system)
    digest = hashlib.sha256(json.dumps([judge.protocol(), [pair.stem for pair in judge.pairs]]).encode())
    for path in sorted(source.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    memory = out / "measured" / f"{system.name}-{digest.hexdigest()[:16]}.json"
    if memory.is_file():
        print(f"{system.name}: measured before, the pictures are the same.")
        return Scores(**json.loads(memory.read_text(encoding="utf-8")))
    scores = judge.score(system)
    memory.parent.mkdir(exist_ok=True)
    memory.write_text(json.dumps(dataclasses.asdict(scores)) + "\n", encoding="utf-8")
    return scores


def read_known(file: Path, judge: Judge) -> dict[str, Scores]:
    """Read figures that were measured before, for the judge's pairs; raises UserMistake."""
    if not file.is_file():
        raise UserMistake(f"{file} is not a file; give a CSV of figures measured before.")
    scores: dict[str, Scores] = {}
    wanted, figures = {pair.stem for pair in judge.pairs}, judge.protocol()
    with file.open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if not {"name", "photo", "painting"} <= row.keys():
                raise UserMistake(f"{file.name} lacks the columns name,photo,painting.")
            stem = f"{row['photo']}__{row['painting']}"
            if stem in wanted:
                values = {name: float(value) for name, value in row.items() if name in figures}
                scores.setdefault(row["name"], Scores()).rows[stem] = values
    return scores


def draw_sheet(judge: Judge, systems: Sequence[System], count: int) -> Any:
    """Draw photo, painting and every system's result for some of the pairs."""
    rows = [
        [open_rgb(pair.photo), open_rgb(pair.painting), *(system.result(pair) for system in systems)]
        for pair in spaced(judge.pairs, count)
    ]
    return contact_sheet(rows, ["photo", "painting", *(system.name for system in systems)])
