"""export: the networks as ONNX files, for programs without torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro

from stylizer import CHECKPOINTS
from stylizer.cli.options import Json, Out
from stylizer.engine.export import export_networks
from stylizer.engine.library import Library


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write painter, style encoder, translators and segmenter as ONNX; each is compared with its network."""

    names: tyro.conf.Positional[tuple[str, ...]] = ()
    """Which: painter, style-encoder, segmenter, or translators by name; all if none is given."""
    out: Out
    """Folder to write to."""
    checkpoints: Path = CHECKPOINTS
    """Folder with the networks."""
    as_json: Json = False

    def run(self) -> int:
        """Print a line for each file: inputs, difference from its network, and the time of both."""
        rows = []
        for made in export_networks(Library(self.checkpoints), self.out, self.names):
            rows.append(asdict(made))
            if not self.as_json:
                inputs = ", ".join(f"{name} {tuple(shape)}" for name, shape in made.inputs.items())
                limit = f"; photos of up to {made.largest} pixels" if made.largest else ""
                print(
                    f"{made.file}: {inputs} -> {made.output}; differs by {made.difference:.1e}; "
                    f"{made.seconds * 1e3:.0f} ms, by torch {made.torch_seconds * 1e3:.0f} ms{limit}",
                    flush=True,
                )
        if self.as_json:
            print(json.dumps(rows, indent=2))
        return 0
