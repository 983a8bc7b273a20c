"""Style transfer studio: imaging, models, engine and page."""

from pathlib import Path

__version__ = "0.1.0"

_HERE = Path(__file__).resolve().parent
CHECKPOINTS = _HERE / "checkpoints" if (_HERE / "checkpoints").is_dir() else _HERE.parent / "checkpoints"
"""The networks that ship: inside an installed package, beside it in a checkout."""
