"""The studio as it ships, but for a painter that fails at random; its arguments: port, share."""

import itertools
import sys
import tempfile
from pathlib import Path

import torch


def fail_at_random(engine, share: float) -> None:
    """Let that share of all paintings fail: in turn for lack of memory, and for no reason known."""
    painter, turns = engine.painter, itertools.count()
    decode, chance = painter.decode, torch.Generator().manual_seed(1)

    def decode_or_fail(*values):
        if torch.rand((), generator=chance) < share:
            kinds = (torch.OutOfMemoryError("simulated"), RuntimeError("simulated failure of the device"))
            raise kinds[next(turns) % 2]
        return decode(*values)

    painter.decode = decode_or_fail


def main() -> None:
    """Serve until stopped."""
    from stylizer.engine import Engine
    from stylizer.engine.runtime.heaps import keep_heaps_few
    from stylizer.ui.page import make_page, open_page

    keep_heaps_few()
    port, share = int(sys.argv[1]), float(sys.argv[2])
    engine = Engine(device="cpu")
    if share > 0:
        fail_at_random(engine, share)
    page = make_page(engine, data=Path(tempfile.mkdtemp()) / "visits")
    open_page(page, server_port=port, quiet=True)
    page.block_thread()


if __name__ == "__main__":
    main()
