"""Figures of `evaluate` and `compare`: read from JSON, laid out for cards, and one line of them for lists."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stylizer.models.front_matter import front_matter, split_front_matter
from stylizer.models.roles import FORMER_ROLES

from ..run.config import UserMistake

Plain = Mapping[str, Any]

SETS = {"perceptual": "VGG", "lite": "Lite0", "resnet": "ResNet", "inception": "Inception"}
"""Networks that sets of pictures are compared in, as columns name them."""

SHOWN = (
    *("style_moments", "style_gram", "content", "perceptual", "weave"),
    *("top1", "top1_luminance", "fid", "kid"),
    *(f"{figure}_{key}" for key in SETS for figure in ("fid", "kid")),
)

_TRANSLATOR = {
    "content": "content",
    "perceptual": "perceptual",
    "l1": "L1",
    "ssim": "SSIM",
    "cycle_l1": "cycle L1",
    "cycle_psnr": "cycle PSNR",
    "cycle_ssim": "cycle SSIM",
    "identity_l1": "identity L1",
}
_COLORS = {
    "psnr": "PSNR",
    "ssim": "SSIM",
    "chroma_l1": "chroma L1",
    "colorfulness": "colorfulness",
    "fid": "FID",
}
_GENERATOR = {"diversity": "diversity", "copying": "copying", "inception_score": "inception score"}
_COUNTS = {None: "whether training saw them is not known", 0: "never trained on"}


def translator_figures(found: Plain) -> str:
    """Write the tables of `evaluate` for a translator, with what every column means."""
    parts = [f"{_set(found['photos'], 'photos')}; the middle square of every picture at {found['size']} px."]
    if "colors" in found:
        parts.append(_table(found["colors"], "colors", {**_COLORS, **_further(found)}))
        pictures = next((_set(p, "pictures") for p in found["pictures"].values()), "the photos in color")
        parts.append(
            "PSNR, SSIM and the L1 distance of blue and red chroma (BT.601) are against the true colors; "
            f"colorfulness is Hasler and Suesstrunk's; FID is against {pictures}, in {_networks(found)}."
        )
    else:
        rows = {}
        for domain, row in found["domains"].items():
            rows[domain] = row
            rows[f"{domain}: photos as they are"] = row["photos"]
        columns = {"fid": "FID", "kid": "KID", **_further(found), **_TRANSLATOR}
        parts.append(_table(rows, "translated to", columns))
        sets = [f"{name}: {_set(described, 'pictures')}" for name, described in found["pictures"].items()]
        row = next(iter(found["domains"].values()))
        cycle = f"cycle: the photo there and back ({found['back']})"
        if "cycle_l1" not in row:
            cycle = f"the way there and back is not measured ({found['back']})"
        parts.append(
            f"FID and KID (mean ± deviation of {row['kid_subsets']}) are against pictures of the domain "
            f"({'; '.join(sets)}), in {_networks(found)}. They compare with each other, not with figures "
            "of other networks or counts. content and perceptual are distances of photo and result in VGG-16 "
            "(0: the photo); L1 is of values in [0, 1]; identity: a picture of the domain and its own "
            f"translation; {cycle}."
        )
    return "\n\n".join([*parts, _last(found)])


def generator_figures(found: Plain) -> str:
    """Write the table of `evaluate` for a generator, with what every column means."""
    columns = {"fid": "FID", "kid": "KID", **_further(found), **_GENERATOR}
    subsets = next(row["kid_subsets"] for row in found["rows"].values() if "kid_subsets" in row)
    low, high = found["scales"]
    crops = f"{found['size']} px cut at {low:g} to {high:g} of their size"
    text = (
        f"FID and KID (mean ± deviation of {subsets}) are against crops ({crops}) of "
        f"{_set(found['pictures'], 'pictures')}, in {_networks(found)}. diversity is the mean perceptual "
        "distance of pairs. copying is the median distance to the nearest training crop, over that of "
        "held-out crops: near 1 no copies, near 0 copies"
    )
    text += f" ({found['copying']}). Inception score: {found['inception_score']}."
    return "\n\n".join([_table(found["rows"], "pictures", columns), text, _last(found)])


def network_notes(found: Plain) -> list[str]:
    """Say of every network that sets were compared in which columns it gives, and whom it favors."""
    sets = found.get("sets") or {_key(found): found["network"]}  # figures of before name one network
    notes = []
    for number, (key, name) in enumerate(sets.items()):
        columns = f"FID {SETS[key]} and KID {SETS[key]} in " if number else ""
        notes.append(f"{columns}{name}{_favor(key, found)}")
    return notes


def _networks(found: Plain) -> str:
    return "; ".join(network_notes(found))


def _key(found: Plain) -> str:
    return "inception" if found["network"].startswith("Inception") else "perceptual"


def _favor(key: str, found: Plain) -> str:
    if key == "perceptual":
        return ", which favors a network whose losses use VGG-16"
    if key != "lite":
        return ", which no loss used"
    told = {
        True: "in which a critic judged while it learned, and which so favors it",
        False: "which no loss used",
        None: "and whether a critic judged in it while this one learned is not known",
    }
    return f", {told[found.get('projected')]}"


def _further(found: Plain) -> dict[str, str]:
    """Name the columns of the networks after the first."""
    keys = list(found.get("sets", ()))[1:]
    return {f"{name}_{key}": f"{name.upper()} {SETS[key]}" for key in keys for name in ("fid", "kid")}


def _set(described: Plain, kind: str) -> str:
    seen = described["trained_on"]
    told = _COUNTS.get(seen, f"{seen} of them TRAINED ON")
    return f"{described['count']} {kind} of `{described['place']}` ({told})"


def _table(rows: Mapping[str, Plain], first: str, columns: Mapping[str, str]) -> str:
    shown = [key for key in columns if any(key in row for row in rows.values())]
    lines = [f"| {first} | " + " | ".join(columns[key] for key in shown) + " |"]
    lines.append("| --- |" + " --- |" * len(shown))
    lines += [
        f"| {name} | " + " | ".join(_cell(row, key) for key in shown) + " |" for name, row in rows.items()
    ]
    return "\n".join(lines)


def _cell(row: Plain, key: str) -> str:
    if key not in row:
        return "-"
    if key.startswith("kid"):
        return f"{row[key]:.3f} ± {row[key.replace('kid', 'kid_std')]:.3f}"
    if key.startswith("fid"):
        return f"{row[key]:.1f}"
    places = {"colorfulness": 1, "cycle_psnr": 1, "psnr": 2}.get(key, 3)
    return f"{row[key]:.{places}f}"


def _last(found: Plain) -> str:
    told = f"How measured: `{found['command']}`."
    if "speed" in found:
        speed = f"{found['speed']:.2f} of the time of VGG-19 to relu4_1"
        told += f"\nA 512 x 512 picture takes {speed} (CPU, float32)."
    return told


def measured_line(figures: Plain) -> str:
    """Sum up figures in one line for a list of models; empty when there are none."""
    if found := figures.get("translator"):
        if "colors" in found:
            made, gray = found["colors"]["colorized"], found["colors"]["gray"]
            return ", ".join(
                f"{name} {made[key]:.{places}f} (gray {gray[key]:.{places}f})"
                for name, key, places in (("PSNR", "psnr", 1), ("FID", "fid", 0))
            )
        return _domains_line(found["domains"])
    if found := figures.get("generator"):
        rows = {name: row for name, row in found["rows"].items() if name.startswith("truncation")}
        real = found["rows"]["held-out crops"]["diversity"]
        return "; ".join(
            f"{name} FID {row['fid']:.0f}, diversity {row['diversity']:.2f} (paintings {real:.2f})"
            for name, row in rows.items()
        )
    if found := figures.get("segmenter"):
        return f"mean IoU {found['mean_iou']:.2f} on {found['pictures']} pictures"
    full = figures.get("means", {}).get("strength 1", {})
    if {"style_moments", "content"} <= set(full):
        return f"strength 1: style {full['style_moments']:.3f}, content {full['content']:.3f}"
    return ""


def _domains_line(domains: Mapping[str, Plain]) -> str:
    """Tell how near each domain is; of many, in as few words as a card's readers keep."""
    fid = {
        domain: f"FID {row['fid']:.0f} (photos {row['photos']['fid']:.0f})" for domain, row in domains.items()
    }
    full = "; ".join(f"{name} {told}, content {domains[name]['content']:.2f}" for name, told in fid.items())
    if not kept_of(full):
        return full
    least, *_, most = sorted(row["content"] for row in domains.values())
    content = f"content {least:.2f} to {most:.2f}"
    short = "; ".join([*(f"{name} {told}" for name, told in fid.items()), content])
    if not kept_of(short):
        return short
    nearer = sum(row["fid"] < row["photos"]["fid"] for row in domains.values())
    return f"{nearer} of {len(domains)} domains nearer by FID than the photos; {content}"


def kept_of(value: str) -> int:
    """Return how many characters of an entry a card's readers keep, if they cut it; 0: all."""
    read = split_front_matter(front_matter({"entry": value}) + "\n")[0].get("entry", "")
    return 0 if len(read) == len(" ".join(value.split())) else len(read)


WEAK = 0.5
"""IoU below which a class is called weak."""


def class_figures(found: Mapping[str, Any]) -> str:
    """Write per-class IoU, the mean, what is weak, and how far to trust a probability."""
    lines = [
        f"Intersection over union on the {found['pictures']} pictures of the `{found['split']}` split, "
        f"labeled by people, seen with a long side of {found['side']} px; unlabeled pixels "
        f"({found['unlabeled']}) do not count.\n",
        "| class | IoU |",
        "| --- | --- |",
    ]
    lines += [f"| {name} | {value:.3f} |" for name, value in found["iou"].items()]
    lines.append(f"| **mean** | **{found['mean_iou']:.3f}** |")
    lines.append(f"\n{found['accuracy']:.1%} of the labeled pixels are right.")
    weak = [f"{name} ({value:.2f})" for name, value in found["iou"].items() if value < WEAK]
    if weak:
        lines.append(f"Weak, below {WEAK}: {', '.join(weak)}. Do not rely on these regions.")
    lines.append("\n| most probable class at least | pixels | of them right |\n| --- | --- | --- |")
    lines += [f"| {at:.2f} | {sure:.1%} | {right:.1%} |" for at, sure, right in found["doubt"]]
    if held := found.get("held"):
        lines.append(
            f"\nThe threshold of doubt, {found['unsure']:.2f}, was chosen on {held['pictures']} training "
            f"pictures that were held out (mean IoU {held['mean_iou']:.3f} there); the table above is the "
            "validation split's. Pixels below it are to be treated as `other`."
        )
    if speed := found.get("speed"):
        lines.append(
            f"\nA 512 x 512 photo takes {speed:.2f} of the time of VGG-19 to relu4_1 at the same size "
            "(CPU, float32, side by side)."
        )
    return "\n".join(lines)


TABLES = {"segmenter": class_figures, "translator": translator_figures, "generator": generator_figures}


def figure_table(figures: Mapping[str, Any]) -> str:
    """Write the table of means, with the names of the protocols, slider and speed below."""
    for role, table in TABLES.items():
        if role in figures:
            return table(figures[role])
    if not figures:
        return ""
    means, protocol = figures["means"], figures["protocol"]
    columns = [name for name in SHOWN if any(name in row for row in means.values())]
    lines = [
        f"Means over {figures['pairs']} pairs of photo and painting.\n",
        "| system | " + " | ".join(columns) + " |",
        "| --- |" + " --- |" * len(columns),
    ]
    for name, row in means.items():
        cells = [f"{row[column]:.4f}" if column in row else "-" for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("\nProtocols: " + ", ".join(f"`{protocol[column]}`" for column in columns) + ".")
    if slider := figures.get("slider"):
        lines.append(
            f"\nThe slider is monotone on {slider['monotonicity']:.0%} of its steps; unevenness of equal "
            f"steps (deviation over mean of their perceptual distance) {slider['unevenness']:.3f}."
        )
    if speed := figures.get("speed"):
        told = [f"{name.replace('_', ' ')} {value:.3f}" for name, value in speed.items()]
        lines.append("\n" + ", ".join(told) + ".")
    return "\n".join(lines)


def read_figures(files: Sequence[Path]) -> dict[str, Any]:
    """Read JSON files of the evaluating commands into one; raises UserMistake when they disagree."""
    figures: dict[str, Any] = {}
    for file in files:
        if not file.is_file():
            raise UserMistake(f"{file} is not a file; give JSON that `evaluate` or `compare` wrote.")
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            found = {FORMER_ROLES.get(name, name): value for name, value in found.items()}
            if role := next((role for role in TABLES if role in found), None):
                if role in figures:
                    raise UserMistake(f"{file.name} is the second file with figures of a {role}; give one.")
                figures[role] = found[role]
                continue
            means, protocol = found["means"], found["protocol"]
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise UserMistake(f"{file.name} holds no figures of `evaluate` or `compare`.") from error
        known = figures.get("protocol", protocol)
        other = next((name for name in protocol if known.get(name, protocol[name]) != protocol[name]), None)
        if other or figures.get("pairs", found["pairs"]) != found["pairs"]:
            raise UserMistake(
                f"{file.name} was measured by another protocol than the file before ({other or 'pairs'})."
            )
        means, protocol = {**figures.get("means", {}), **means}, {**known, **protocol}
        figures = {**figures, **found, "means": means, "protocol": protocol}
    return figures
