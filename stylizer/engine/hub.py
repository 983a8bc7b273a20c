"""The Hugging Face Hub: checkpoints and styles are pushed to repositories, and had from there.

By the Hub's conventions: weights as model.safetensors, config.json beside them, and README.md, the card, with
entries at its head. A style's repository holds its style file as model.safetensors, and its pictures.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    DryRunError,
    HfHubHTTPError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
)

from stylizer.engine.checks import check_model_name, on_the_hub
from stylizer.errors import CheckpointError, RequestError, StyleFileError
from stylizer.imaging.files import write_whole
from stylizer.models.checkpoint import CARD, CONFIG, WEIGHTS, load_checkpoint, read_card
from stylizer.models.front_matter import front_matter, split_front_matter
from stylizer.models.registry import Network
from stylizer.models.style_file import (
    PAINTING_SUFFIX,
    SUFFIX,
    THUMBNAIL_SUFFIX,
    NamedStyle,
    load_style,
    save_style,
)

HUB_FILES = [CONFIG, WEIGHTS, CARD]
"""What is fetched of a repository: data, nothing that runs."""
LARGEST_DOWNLOAD = 256 << 20
STYLE = "style"
"""The role of a style's repository in its config.json."""
STYLE_FORMAT = 1
_LOGIN = (
    "log in with `hf auth login`, by a token that may write, and check whose name stands before the slash"
)


def from_pretrained(
    name: str | os.PathLike[str],
    revision: str | None = None,
    token: str | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    local_files_only: bool = False,
) -> Network | NamedStyle:
    """Return a checkpoint's network, or a style, from a folder or a repository of the Hub (org/name).

    What it is its config.json says. A network comes frozen and in eval mode, on the CPU. `revision`, `token`,
    `cache_dir` and `local_files_only` are those of huggingface_hub. Raises CheckpointError, StyleFileError or
    RequestError.
    """
    if Path(name).is_dir():
        return _opened(Path(name))
    repository = check_model_name(os.fspath(name))
    if not on_the_hub(repository):
        raise RequestError(f"there is no folder {repository!r}; give a folder, or org/name on the Hub")
    options = {"revision": revision, "token": token, "cache_dir": cache_dir}
    with fetched(repository, local_files_only, **options) as folder:
        return _opened(folder)


def push(
    source: str | os.PathLike[str] | NamedStyle,
    repository: str,
    private: bool = False,
    token: str | None = None,
    message: str | None = None,
) -> str:
    """Push a checkpoint's folder, a style file or a style to a repository of the Hub; returns its address.

    The repository (org/name) is made if it is not there. It gets the card, config.json and safetensors, and
    of a style its pictures; nothing else of the folder goes out, and what it holds is checked first. Raises
    CheckpointError, StyleFileError, or RequestError when the Hub refuses.
    """
    check_model_name(repository)
    if not on_the_hub(repository):
        raise RequestError(f"the repository is {repository[:40]!r}; give org/name")
    with tempfile.TemporaryDirectory() as space:
        folder = Path(space)
        if isinstance(source, NamedStyle):
            what = _lay_out_style(source, folder, repository)
        elif Path(source).suffix == SUFFIX:
            what = _lay_out_style(load_style(source), folder, repository)
        else:
            what = _lay_out_checkpoint(Path(source), folder)
        api = HfApi(token=token)
        with _said(repository):
            made = api.create_repo(repository, private=private, exist_ok=True)
            api.upload_folder(
                repo_id=made.repo_id, folder_path=folder, commit_message=message or f"Push {what}"
            )
        return str(made)


def _opened(folder: Path) -> Network | NamedStyle:
    """Open a folder that is laid out like a repository."""
    entries = _style_entries(folder)
    return load_checkpoint(folder) if entries is None else _read_style(folder, entries)


# -- pushing -------------------------------------------------------------------------------------------------


def _lay_out_checkpoint(source: Path, folder: Path) -> str:
    card = read_card(source)
    load_checkpoint(source)  # whatever is wrong with its weights is said before they go out
    for file in (CONFIG, WEIGHTS):
        shutil.copyfile(source / file, folder / file)
    entries, _ = split_front_matter(card.text)
    told = {
        "license": "other",
        "library_name": "pytorch",
        "tags": f"[{_TAGS.get(card.role, 'style-transfer')}]",
    }
    head = "" if entries else front_matter(told | {"title": card.title}) + "\n\n"
    write_whole(folder / CARD, (head + card.text).encode())
    return card.name


_TAGS = {
    "segmenter": "image-segmentation",
    "translator": "image-to-image",
    "generator": "unconditional-image-generation",
}


def _lay_out_style(style: NamedStyle, folder: Path, repository: str) -> str:
    file = save_style(folder, style)
    weights = file.rename(folder / WEIGHTS).read_bytes()
    config = {
        "format": STYLE_FORMAT,
        "role": STYLE,
        "name": style.slug,
        "painter_sha256": style.painter_sha,
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    write_whole(folder / CONFIG, (json.dumps(config, indent=2) + "\n").encode())
    shown = ((style.thumbnail, THUMBNAIL_SUFFIX), (style.painting, PAINTING_SUFFIX))
    pictures = [(file, f"{style.slug}{suffix}") for file, suffix in shown if file is not None]
    for picture, name in pictures:
        shutil.copyfile(picture, folder / name)
    write_whole(folder / CARD, _style_card(style, [name for _, name in pictures], repository).encode())
    return style.slug


def _style_card(style: NamedStyle, pictures: list[str], repository: str) -> str:
    head = front_matter(
        {
            "license": "other",
            "library_name": "pytorch",
            "tags": "[style-transfer, image-to-image]",
            "title": style.title,
            "about": style.about,
        }
    )
    by = ", ".join(filter(None, (style.artist, style.year)))
    after = f", after a painting by {by}" if by else ""
    use = f"from stylizer.engine import from_pretrained\n\nstyle = from_pretrained({repository!r})"
    parts = [
        head,
        f"# {style.title}",
        f"A style for the style transfer studio{after}. {style.about}".strip(),
        *(f"![{style.title}]({name})" for name in pictures),
        f"```python\n{use}\n```",
        f"Made for the painter whose weights have the sha256 `{style.painter_sha}`.",
    ]
    parts += [f"Painting: {style.credit}"] if style.credit else []
    parts += [f"Source: {style.source}"] if style.source else []
    return "\n\n".join(parts) + "\n"


@contextmanager
def _said(repository: str) -> Iterator[None]:
    """Say in a sentence what the Hub refuses."""
    try:
        yield
    except (LocalTokenNotFoundError, RepositoryNotFoundError):
        raise RequestError(
            f"the Hugging Face Hub does not let you write to {repository!r}; {_LOGIN}"
        ) from None
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in (401, 403):
            raise RequestError(
                f"the Hugging Face Hub does not let you write to {repository!r}; {_LOGIN}"
            ) from None
        raise RequestError(
            f"the Hugging Face Hub answers {status} to {repository!r}; try again later"
        ) from error
    except Exception as error:  # the transport has errors of its own beside OSError and ValueError
        raise RequestError(
            f"{repository!r} could not be pushed to the Hugging Face Hub ({type(error).__name__}); "
            "check the connection"
        ) from error


# -- fetching ------------------------------------------------------------------------------------------------


@contextmanager
def fetched(name: str, local_files_only: bool = False, **options: Any) -> Iterator[Path]:
    """Fetch a repository's checkpoint or style (org/name) and lend it as a folder of plain files.

    What was fetched before is taken from the Hub's own cache on disk, without a connection too. Options that
    are not None go to huggingface_hub. Raises CheckpointError for a repository that cannot be had, is no
    checkpoint or has more than 256 MB.
    """
    given = {key: value for key, value in options.items() if value is not None}
    try:
        if local_files_only:
            given["local_files_only"] = True
        else:
            _check_files(name, given)
        snapshot = Path(snapshot_download(name, allow_patterns=HUB_FILES, **given))
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
        for file in HUB_FILES:
            if (snapshot / file).is_file():  # the Hub's cache holds links
                shutil.copyfile(snapshot / file, folder / file)
        yield folder


def _check_files(name: str, options: dict[str, Any]) -> None:
    """Refuse a repository by the list of its files, before they are downloaded."""
    try:
        files = snapshot_download(name, allow_patterns=HUB_FILES, dry_run=True, **options)
    except DryRunError:  # no connection: what was fetched before may do
        return
    found = {file.filename for file in files}
    missing = [file for file in HUB_FILES if file not in found]
    if missing:
        raise CheckpointError(
            f"model {name!r} on the Hugging Face Hub is no checkpoint of this studio: "
            f"{missing[0]} is missing; only {', '.join(HUB_FILES)} are read"
        )
    size = sum(file.file_size or 0 for file in files)
    if size > LARGEST_DOWNLOAD:
        raise CheckpointError(
            f"model {name!r} on the Hugging Face Hub has {size >> 20} MB; at most {LARGEST_DOWNLOAD >> 20} "
            "are fetched"
        )


def _style_entries(folder: Path) -> dict[str, Any] | None:
    """Return what config.json says of a style; None for whatever is no style, which the checkpoint's reader
    names."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        file = folder / CONFIG
        if file.is_file() and file.stat().st_size <= 1 << 16:
            entries = json.loads(file.read_bytes())
            return entries if isinstance(entries, dict) and entries.get("role") == STYLE else None
    return None


def _read_style(folder: Path, entries: dict[str, Any]) -> NamedStyle:
    """Read the style of a repository; raises StyleFileError."""
    name, sha = entries.get("name"), entries.get("sha256")
    if entries.get("format") != STYLE_FORMAT or not isinstance(name, str):
        raise StyleFileError(
            f"the style of {folder.name[:60]!r} has a config.json that this studio does not read; update it"
        )
    style = load_style(folder / WEIGHTS, name[:80])
    if hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest() != sha:
        raise StyleFileError(f"style {name!r} is not what its config.json expects; fetch it again")
    return style
