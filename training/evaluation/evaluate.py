"""`evaluate`: every figure of one network, measured as its role asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..publishing.runs import open_network
from ..run.processes import open_device
from .generator import evaluate_generator
from .options import EvaluateOptions, refuse_others
from .segmenter import evaluate_segmenter
from .stylizer import evaluate_stylizer
from .translator import evaluate_translator

Evaluator = Callable[[Any, EvaluateOptions], dict[str, Any]]

EVALUATORS: Mapping[str, tuple[tuple[str, ...], Evaluator]] = {
    "stylizer": (("stylizer",), evaluate_stylizer),
    "translator": (("photo", "held_out"), evaluate_translator),
    "generator": (("generator", "held_out"), evaluate_generator),
    "segmenter": (("segmenter",), evaluate_segmenter),
}
"""By role: the parts of the options that are its own, and what measures."""


def evaluate(options: EvaluateOptions) -> dict[str, Any]:
    """Load a network, measure it as its role asks, print a table and return all figures; raises UserMistake.

    With --out they are written as JSON: a stylizer's as they are, another's under the name of its role.
    """
    network, role = open_network(options.checkpoint)
    parts, measure = EVALUATORS[role]
    refuse_others(options, role, parts)
    figures = measure(network.to(open_device(options.device)), options)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        plain = figures if role == "stylizer" else {role: figures}
        options.out.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    return figures
