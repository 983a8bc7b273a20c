"""`evaluate X` and `compare X Y`: the subcommand is chosen by the role of the checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from training.publishing.runs import role_of
from training.run.config import UserMistake

EVALUATE = {
    "stylizer": "evaluate",
    "segmenter": "evaluate-segmenter",
    "translator": "evaluate-translator",
    "inventor": "evaluate-inventor",
}
COMPARE = {"stylizer": "compare", "translator": "compare-translators", "inventor": "compare-inventors"}


def by_role(arguments: Sequence[str]) -> list[str]:
    """Turn `evaluate X ...` and `compare X Y ...` into the subcommand of X's role; others stay as they are.

    X may also follow --checkpoint. Raises UserMistake when it has no role that the command knows, or the
    checkpoints have several.
    """
    words = list(arguments)
    tables = {"evaluate": EVALUATE, "compare": COMPARE}
    if not words or words[0] not in tables or {"--help", "-h"} & set(words):
        return words
    command, table = words[0], tables[words[0]]
    sources = list(takewhile(lambda word: not word.startswith("-"), words[1:]))
    rest = words[1 + len(sources) :]
    if not sources and "--checkpoint" in rest:
        place = rest.index("--checkpoint")
        sources = rest[place + 1 : place + 2]
        rest = rest[:place] + rest[place + 2 :]
    if not sources:
        return words
    roles = {role_of(Path(source)): source for source in sources}
    if len(roles) > 1:
        told = ", ".join(f"{Path(source).name} is for {role}" for role, source in roles.items())
        raise UserMistake(f"the roles differ ({told}); {command} takes checkpoints of one role.")
    (role,) = roles
    if role not in table:
        raise UserMistake(f"{Path(sources[0]).name} is for {role}; {command} takes {', '.join(table)}.")
    if table[role].startswith("compare-"):
        return [table[role], "--checkpoints", *sources, *rest]
    if len(sources) > 1:
        raise UserMistake(f"{command} takes one {role} at a time; give {Path(sources[0]).name} alone.")
    return [table[role], "--checkpoint", *sources, *rest]
