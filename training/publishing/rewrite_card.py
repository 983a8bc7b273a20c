"""`card`: new figures, notes, title or status on the card of a checkpoint that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from stylizer.imaging.files import write_whole
from stylizer.models.checkpoint import CARD, Card, read_card
from stylizer.models.front_matter import front_matter, split_front_matter
from training.publishing.card import FIGURES, figure_table
from training.publishing.figures import measured_line
from training.publishing.publish import read_figures
from training.run.config import UserMistake

Status = Literal["final", "experimental"]
_BEFORE = ("Limits", "Licences", "To repeat it")  # sections that figures and notes go before


def rewrite_card(
    checkpoint: Path,
    figures: Sequence[Path] = (),
    notes: Path | None = None,
    title: str | None = None,
    about: str | None = None,
    status: Status | None = None,
) -> Card:
    """Change what is given on a card, and nothing else; return the card. Raises UserMistake.

    Sections of `notes` (Markdown) take the place of those of the same heading, or join the end; text before
    its first heading is the section Notes. Figures take the place of the section Figures.
    """
    card = read_card(checkpoint)
    entries, body = split_front_matter(card.text)
    found = read_figures(figures)
    if wrong := [
        role for role in ("segmenter", "translator", "inventor") if role in found and role != card.role
    ]:
        raise UserMistake(f"{checkpoint.name} is for the role {card.role}; the figures are for {wrong[0]}.")
    told = {"title": title, "about": about, "measured": measured_line(found) if found else None}
    entries |= {key: value for key, value in told.items() if value is not None}
    if status is not None:
        entries["status"] = "" if status == "final" else status
    sections = split_sections(body)
    if found:
        put(sections, FIGURES, figure_table(found))
    if notes:
        own = split_sections(notes.read_text(encoding="utf-8"))
        opening = own.pop("").strip()
        for heading, text in {**({"Notes": opening} if opening else {}), **own}.items():
            put(sections, heading, text.strip())
    write_whole(checkpoint / CARD, (front_matter(entries) + "\n\n" + joined(sections)).encode())
    return read_card(checkpoint)


def split_sections(text: str) -> dict[str, str]:
    """Part Markdown at its headings of the second level; what is before the first has an empty heading."""
    sections, heading, fenced = {"": ""}, "", False
    for line in text.splitlines(keepends=True):
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            heading = line[3:].strip()
            sections[heading] = ""
        else:
            sections[heading] += line
    return sections


def put(sections: dict[str, str], heading: str, text: str) -> None:
    """Replace a section; a new one goes before limits and licences if it is Figures, else to the end."""
    known = heading in sections
    sections[heading] = text
    if not known and heading == FIGURES:
        for later in [name for name in sections if name in _BEFORE]:
            sections[later] = sections.pop(later)


def joined(sections: dict[str, str]) -> str:
    """Write sections as Markdown again."""
    parts = [
        f"## {heading}\n\n{text.strip()}" if heading else text.strip() for heading, text in sections.items()
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table_row(card: Card, figures: Sequence[Path]) -> str:
    """Write a row of README's table of checkpoints."""
    found = read_figures(figures)
    speed = next(
        (part["speed"] for part in found.values() if isinstance(part, dict) and "speed" in part), None
    )
    cells = [
        f"[`{card.name}`](checkpoints/{card.name}/README.md)",
        card.about + (f" ({card.status})" if card.status else ""),
        f"{card.nbytes / 1e6:.1f} MB",
        f"{speed:.2f} units" if isinstance(speed, float) else "-",
        card.measured or "-",
    ]
    return "| " + " | ".join(cells) + " |"
