"""Checkpoints of others, fetched from the Hugging Face Hub: three files of data, nothing that runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import DryRunError

from stylizer.models.checkpoint import CARD, CONFIG, WEIGHTS, CheckpointError

FILES = [CONFIG, WEIGHTS, CARD]
LARGEST_DOWNLOAD = 256 << 20


@contextmanager
def fetched(name: str) -> Iterator[Path]:
    """Fetch a repository's checkpoint (org/name) and lend it as a folder of plain files.

    What was fetched before is taken from the Hub's own cache on disk, without a connection too. Raises
    CheckpointError for a repository that cannot be had, is no checkpoint or has more than 256 MB.
    """
    try:
        _check_files(name)
        snapshot = Path(snapshot_download(name, allow_patterns=FILES))
    except CheckpointError:
        raise
    except Exception as error:  # the transport has errors of its own beside OSError and ValueError
        raise CheckpointError(
            f"model {name!r} cannot be fetched from the Hugging Face Hub ({type(error).__name__}); "
            "check the name and the connection"
        ) from error
    with tempfile.TemporaryDirectory() as space:
        folder = Path(space) / name.split("/")[-1]
        folder.mkdir()
        for file in FILES:
            if (snapshot / file).is_file():  # the Hub's cache holds links
                shutil.copyfile(snapshot / file, folder / file)
        yield folder


def _check_files(name: str) -> None:
    """Refuse a repository by the list of its files, before they are downloaded."""
    try:
        files = snapshot_download(name, allow_patterns=FILES, dry_run=True)
    except DryRunError:  # no connection: what was fetched before may do
        return
    found = {file.filename for file in files}
    missing = [file for file in FILES if file not in found]
    if missing:
        raise CheckpointError(
            f"model {name!r} on the Hugging Face Hub is no checkpoint of this studio: "
            f"{missing[0]} is missing; only {', '.join(FILES)} are read"
        )
    size = sum(file.file_size or 0 for file in files)
    if size > LARGEST_DOWNLOAD:
        raise CheckpointError(
            f"model {name!r} on the Hugging Face Hub has {size >> 20} MB; at most {LARGEST_DOWNLOAD >> 20} "
            "are fetched"
        )
