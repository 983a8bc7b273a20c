"""Visits on disk: what brings one back after a reload, and after the server was started anew.

A visit has two folders: `shown` holds the pictures that the page shows, and is served to whoever knows their
names; `record` holds what was brought and decided, and is served to nobody.
"""

from __future__ import annotations

import base64
import json
import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from stylizer.engine import RegionStyle, RegionTranslation, StyleChoice
from stylizer.engine.recipe import RecipeStyle, store_code
from stylizer.imaging.files import make_folder, write_whole
from stylizer.imaging.mask_files import pack_mask, unpack_mask
from stylizer.imaging.picture import Picture, open_picture
from stylizer.imaging.regions import Regions
from stylizer.imaging.resize import fit_within
from stylizer.models.style_file import NamedStyle
from stylizer.ui import limits
from stylizer.ui.language import words
from stylizer.ui.region_edits import RegionEdits
from stylizer.ui.stage_state import StageState
from stylizer.ui.state import FinishedPicture, OwnStyle, Session

FORMAT = 1
RECORD = "visit.json"
BACK = words("Your visit is back.")

log = logging.getLogger(__name__)


def keep_source(session: Session, picture: Picture, path: str | Path) -> None:
    """Keep the file of a photo or a painting that was brought, byte by byte."""
    file = f"{picture.digest[:32]}.source"  # no ending: whatever the name said, it is never shown
    with session.door.passed():
        make_folder(session.record)
        shutil.copyfile(path, session.record / file)
    session.sources[picture.digest] = (file, picture.name)


def write_visit(session: Session) -> None:
    """Write a visit down: whole or not; files that nothing refers to any more go."""
    with session.lock, session.door.passed():
        make_folder(session.record)
        needed = {stage.photo.digest for stage in session.stages.values() if stage.photo}
        needed |= {own.style.digest for own in session.own.values() if isinstance(own.style, Picture)}
        for digest in session.sources.keys() - needed:
            (session.record / session.sources.pop(digest)[0]).unlink(missing_ok=True)
        newest = max(session.stages.values(), key=lambda stage: stage.photo_at)
        data = {
            "format": FORMAT,
            "shown": session.folder.name,
            "sources": session.sources,
            "tab": session.tab,
            "chosen": session.chosen,
            "own": [_own_entry(key, own) for key, own in session.own.items()],
            "values": session.values,
            "stages": {
                name: _stage_entry(session, stage, stage.photo_at == newest.photo_at)
                for name, stage in session.stages.items()
            },
            "results": [{**asdict(result), **_places(session, result)} for result in session.results],
        }
        write_whole(session.record / RECORD, json.dumps(data).encode())


def read_visit(
    session: Session,
    shown: Path,
    styles: Mapping[str, NamedStyle],
    edits_types: Mapping[str, type[RegionEdits]],
) -> bool:
    """Fill a session with what was written down in its record; tells whether anything could be read.

    `shown` is the folder of all visits' shown pictures, `styles` are those with names. What is damaged or not
    there any more is left out.
    """
    try:
        data = json.loads((session.record / RECORD).read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            return False
        session.folder = shown / Path(data["shown"]).name
        session.__post_init__()
        session.sources = {
            digest: (Path(file).name, name) for digest, (file, name) in data["sources"].items()
        }
        session.tab, session.chosen, session.values = data["tab"], data["chosen"], data["values"]
        for entry in data["own"]:
            style = _read_own(session, entry)
            thumbnail = session.folder / Path(entry["thumbnail"]).name
            studied = _unpacked(entry["studied"]) if "studied" in entry else None
            stopped = entry.get("stopped_after", 0)
            session.own[entry["key"]] = OwnStyle(style, entry["title"], thumbnail, studied, stopped)
        for name, stage in session.stages.items():
            _read_stage(session, stage, data["stages"][name], styles, edits_types[name])
        for entry in data["results"]:
            result = FinishedPicture(**{**entry, **_found(session, entry)})
            if result.file.is_file():
                session.results.append(result)
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("A visit could not be read: %s", type(error).__name__)
        return False
    return True


def _places(session: Session, result: FinishedPicture) -> dict[str, str]:
    """Tell where a picture lies in its visit's folder, which another server may reach by another path."""
    return {key: str(getattr(result, key).relative_to(session.folder)) for key in ("file", "thumbnail")}


def _found(session: Session, entry: dict[str, Any]) -> dict[str, Path]:
    """Find what `_places` told; formerly it told whole paths."""
    folder, file = Path(entry["file"]).parts[-2:]
    return {
        "file": session.folder / folder / file,
        "thumbnail": session.folder / Path(entry["thumbnail"]).name,
    }


def _own_entry(key: str, own: OwnStyle) -> dict[str, Any]:
    entry: dict[str, Any] = {"key": key, "title": own.title, "thumbnail": own.thumbnail.name}
    if own.studied is not None:
        entry |= {"studied": _packed(own.studied), "stopped_after": own.stopped_after}
    return entry | (
        {"source": own.style.digest} if isinstance(own.style, Picture) else {"style": _packed(own.style)}
    )


def _read_own(session: Session, entry: dict[str, Any]) -> Picture | NamedStyle:
    if "source" in entry:
        return fit_within(_source(session, entry["source"]), limits.OWN_SIDE)
    return _unpacked(entry["style"])


def _source(session: Session, digest: str) -> Picture:
    file, name = session.sources[digest]
    return open_picture(session.record / file, name)


def _packed(style: NamedStyle) -> dict[str, Any]:
    code = base64.b64encode(store_code(style.code)).decode("ascii")
    return {"title": style.title, "code": code, "painter": style.painter_sha}


def _unpacked(entry: dict[str, Any]) -> NamedStyle:
    code = RecipeStyle("", 1.0, "", base64.b64decode(entry["code"], validate=True)).code()
    return NamedStyle("", entry["title"], "", "", (), code, entry["painter"])


def _stage_entry(session: Session, stage: StageState, newest: bool) -> dict[str, Any]:
    photo = stage.photo.digest if stage.photo and stage.photo.digest in session.sources else None
    edits = stage.edits
    entry: dict[str, Any] = {"photo": photo, "sample": stage.sample, "newest": newest}
    if edits is None:
        return entry
    masks = f"{edits.regions.digest[:32]}.masks"
    if not (session.record / masks).is_file():
        for old in session.record.glob("*.masks"):
            if not any(
                other.edits and old.stem == other.edits.regions.digest[:32]
                for other in session.stages.values()
            ):
                old.unlink(missing_ok=True)
        packed = [base64.b64encode(pack_mask(mask)).decode("ascii") for mask in edits.regions.masks]
        write_whole(session.record / masks, json.dumps(packed).encode())
    own = [_own_of_region(session, each) for each in edits.own]
    return entry | {
        "regions": {
            "masks": masks,
            "names": edits.regions.names,
            "own": own,
            "kept": sorted(edits.kept),
            "gray": sorted(edits.gray),
        }
    }


def _own_of_region(session: Session, own: RegionStyle | RegionTranslation) -> dict[str, Any]:
    entry = {each.name: getattr(own, each.name) for each in fields(own)}
    if isinstance(own, RegionStyle) and own.styles is not None:
        entry["styles"] = [_choice_entry(session, choice) for choice in own.styles]
    return entry


def _choice_entry(session: Session, choice: StyleChoice) -> dict[str, Any]:
    style = choice.style
    for key, own in session.own.items():
        if style in (own.style, own.studied):
            return {"weight": choice.weight, "own": key}
    if isinstance(style, NamedStyle) and style.slug:
        return {"weight": choice.weight, "slug": style.slug}
    if isinstance(style, NamedStyle):
        return {"weight": choice.weight, "style": _packed(style)}
    raise ValueError("a region's painting is none of the visit's own")


def _read_stage(
    session: Session,
    stage: StageState,
    entry: dict[str, Any],
    styles: Mapping[str, NamedStyle],
    edits_type: type[RegionEdits],
) -> None:
    if entry["photo"]:
        stage.photo = _source(session, entry["photo"])
    stage.sample = entry["sample"]
    stage.photo_at = stage.regions_at = time.monotonic() - (0 if entry["newest"] else 1)
    found = entry.get("regions")
    if found and stage.photo is not None:
        packed = json.loads((session.record / Path(found["masks"]).name).read_text(encoding="utf-8"))
        masks = [unpack_mask(base64.b64decode(text, validate=True)) for text in packed]
        regions = Regions(np.stack(masks), tuple(found["names"]))
        own = tuple(_read_region(session, each, styles) for each in found["own"])
        kept, gray = frozenset(found["kept"]), frozenset(found.get("gray", ()))
        stage.edits = edits_type(regions, own, kept, gray)


def _read_region(
    session: Session, entry: dict[str, Any], styles: Mapping[str, NamedStyle]
) -> RegionStyle | RegionTranslation:
    if "domains" in entry:
        return RegionTranslation(**entry)
    if entry["styles"] is None:
        return RegionStyle(**entry)
    choices = []
    for choice in entry["styles"]:
        if "own" in choice:
            style = session.own[choice["own"]].best
        else:
            style = styles[choice["slug"]] if "slug" in choice else _unpacked(choice["style"])
        choices.append(StyleChoice(style, choice["weight"]))
    return RegionStyle(**{**entry, "styles": tuple(choices)})
