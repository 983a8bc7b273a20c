"""`stylizer-train` and `python -m stylizer_training`."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Run one command of training; return the exit status."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from training.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
