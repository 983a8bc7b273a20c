"""What a run says: report.jsonl, TensorBoard, sample grids and a progress bar."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from PIL import Image
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm


class Report:
    """Gather figures and write their means; a silent one (other processes) only keeps quiet."""

    def __init__(self, run: Path, step: int, steps: int, silent: bool = False) -> None:
        self.run, self.silent = run, silent
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.since = time.perf_counter()
        if silent:
            return
        self.path = run / "report.jsonl"
        self.drop_after(step)
        self.board = SummaryWriter(str(run / "tensorboard"), purge_step=step + 1)
        self.bar = tqdm(
            total=steps, initial=step, desc=run.name, unit="step", dynamic_ncols=True, mininterval=1.0
        )

    def __enter__(self) -> Report:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self.silent:
            self.bar.close()
            self.board.close()

    def drop_after(self, step: int) -> None:
        """Forget lines of a future that the resumed run will live again."""
        if self.path.exists():
            lines = self.path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
            self.path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def add(self, name: str, value: float) -> None:
        """Add one figure of this step to its mean."""
        self.sums[name] = self.sums.get(name, 0.0) + value
        self.counts[name] = self.counts.get(name, 0) + 1

    def score(self, step: int, value: float) -> None:
        """Show the figure of merit of the snapshot at `step` in TensorBoard."""
        if not self.silent:
            self.board.add_scalar("score", value, step)

    def advance(self) -> None:
        """Move the bar by one step."""
        if not self.silent:
            self.bar.update(1)

    def write(self, step: int, pictures_per_step: int) -> dict[str, float]:
        """Write the means since the last line; `step` steps are done."""
        means = {name: total / self.counts[name] for name, total in self.sums.items()}
        now = time.perf_counter()
        steps = max(self.counts.values(), default=0)
        rate = steps * pictures_per_step / max(now - self.since, 1e-9)
        self.sums, self.counts, self.since = {}, {}, now
        if not self.silent:
            line = {
                "step": step,
                "pictures": step * pictures_per_step,
                "pictures_per_second": round(rate, 3),
                **means,
            }
            self.append(line)
            for name, value in means.items():
                self.board.add_scalar(name, value, step)
            self.board.add_scalar("pictures_per_second", rate, step)
            shown = [name for name in means if "/" in name and not name.endswith(("/norm", "/lr"))][:6]
            self.bar.set_postfix({name.split("/")[1]: f"{means[name]:.3f}" for name in shown}, refresh=False)
        return means

    def append(self, line: Mapping[str, object]) -> None:
        """Append one line to report.jsonl."""
        with self.path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")

    def say(self, step: int, sentence: str) -> None:
        """Put a sentence above the bar and into the report."""
        if not self.silent:
            self.append({"step": step, "note": sentence})
            self.bar.write(sentence)

    def picture(self, step: int, grid: Tensor) -> None:
        """Save a grid (3,H,W) in [0, 1] as samples/step-NNNNNN.png and show it in TensorBoard."""
        if not self.silent:
            samples = (grid.detach().float().cpu().clamp(0, 1) * 255).round().byte()
            (self.run / "samples").mkdir(exist_ok=True)
            Image.fromarray(samples.permute(1, 2, 0).numpy()).save(
                self.run / "samples" / f"step-{step:06d}.png"
            )
            self.board.add_image("samples", samples, step)
