"""The wall: the gallery of styles as the page hangs it, a component of our own beside the stage.

The cards are written here, once for all; `wall.js` looks for words, follows keys, and mixes.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import quote

import gradio as gr

from stylizer.errors import RequestError
from stylizer.imaging.picture import read_size
from stylizer.ui.gallery import OWN, StyleCard, StyleGallery, chip_label
from stylizer.ui.language import say
from stylizer.ui.messages import capital, title_line
from stylizer.ui.stage.component import PLACE

MOST_MIXED = 4
"""Styles of which a picture may be mixed."""

TEMPLATE = """
<div class="wall" data-most="{most}">
  <div class="wall-tools">
    <input type="search" placeholder="Title, artist or kind" aria-label="Search the paintings"
           autocomplete="off" spellcheck="false">
    <button type="button" class="wall-mix" aria-pressed="false"
            title="Paintings that you click join the chosen one">Mix</button>
    <button type="button" class="wall-photo" aria-pressed="false"
            title="Show what each painting makes of your photo">On your photo</button>
  </div>
  <div class="wall-groups" role="group" aria-label="Show paintings by artist, technique or mood"
    >{groups}</div>
  <p class="wall-said" role="status"></p>
  <div class="wall-hang" role="group" aria-label="Paintings">{cards}</div>
</div>
"""


class WallMessage(TypedDict):
    """What hangs and what is chosen: own cards as they are written, keys in their order, shares in percent.

    `wearer` names the regions that are painted so, nothing if the picture is; `moment` is that of the click
    which this answers, by the browser's clock.
    """

    own: str
    chosen: list[str]
    shares: list[int]
    wearer: str
    moment: float


class PhotoWallMessage(TypedDict):
    """The wall on the visitor's photo: in which folder thumbnails lie, of which styles, how many are left.

    `moment` makes each message another one, which the page waits for before it asks again.
    """

    place: str
    painted: list[str]
    left: int
    moment: float


def make_photo_wall() -> gr.HTML:
    """Make what hears of the wall on the visitor's photo; nothing of it is seen."""
    return gr.HTML(
        PhotoWallMessage(place="", painted=[], left=0, moment=0),
        html_template="",
        js_on_load=(
            f"import(new URL('{PLACE}/photo_wall.js', document.baseURI).href)"
            ".then(({ hear }) => watch('value', () => hear(props.value)));"
        ),
        apply_default_css=False,
        visible="hidden",
        elem_id="photo-wall",
    )


def make_wall(gallery: StyleGallery, chosen: str) -> gr.HTML:
    """Hang the gallery; the wall triggers `pick` with the keys of what is chosen now, and the clicked one.

    `look` asks for the styles on the visitor's photo, those in sight first.
    """
    groups = "".join(_write_group(*group) for group in gallery.groups.items())
    return gr.HTML(
        WallMessage(
            own="",
            chosen=[chosen] if chosen else [],
            shares=[100] if chosen else [],
            wearer="",
            moment=0,
        ),
        html_template=TEMPLATE.format(most=MOST_MIXED, groups=groups, cards=write_cards(gallery.shipped)),
        js_on_load=(
            f"import(new URL('{PLACE}/wall.js', document.baseURI).href)"
            ".then(({ openWall }) => openWall({ element, trigger, props, watch })); // 'pick', 'look'"
        ),
        apply_default_css=False,
        elem_id="wall",
    )


def write_cards(cards: Sequence[StyleCard]) -> str:
    """Write cards as HTML."""
    return "".join(map(_write_card, cards))


EVERY = {"artist": "Any artist", "technique": "Any technique", "mood": "Any mood"}


def _write_group(group: str, labels: Sequence[str]) -> str:
    """Write the choice of a group; "Mine" is the first of the artists, once there is something."""
    own = f'<option value="{OWN}" hidden disabled>{OWN}</option>' if group == "artist" else ""
    options = "".join(f'<option value="{safe(label)}">{safe(label)}</option>' for label in labels)
    return (
        f'<select aria-label="{capital(group)}" data-group="{group}">'
        f'<option value="">{EVERY[group]}</option>{own}{options}</select>'
    )


def _write_card(card: StyleCard) -> str:
    title, name = safe(card.title), safe(card.caption)
    by = card.artist or ", ".join(map(chip_label, card.tags[:1]))
    labels = "|".join(map(safe, sorted(card.labels)))
    thumbnail = _image(card.thumbnail, source="data-src")  # the script fetches it when it comes in sight
    painting = "" if card.painting is None else _image(card.painting, "card-painting", "data-src")
    return (
        f'<div class="card" data-key="{safe(card.key)}" data-labels="{labels}"'
        f' data-words="{safe(card.words)}">'
        f'<button type="button" class="card-face" tabindex="-1" aria-pressed="false"'
        f' title="{name}"><span class="card-picture">{thumbnail}{painting}'
        f'<b class="card-share" hidden></b></span><span class="card-title">{title}</span>'
        f'<span class="card-by">{safe(by)}</span></button>'
        f'<button type="button" class="card-plus" tabindex="-1" aria-label="Mix in {title}"'
        f' title="Mix in">+</button></div>'
    )


def chosen_panel(card: StyleCard | None, region: str = "", words: str = "") -> str:
    """Show a style large, with what is known of it; `region` says which part of the photo wears it.

    Where it is one of several that the part is mixed of, `words` name them all.
    """
    if card is None:
        return title_line(say("Choose a painting."))
    words = words or card.title
    lines = [("chosen", say("{what}: {words}", what=region, words=words) if region else words)]
    if words == card.title:
        lines += [("by", card.by), ("about", card.about)]
    credit = say("Painting: {credit}", credit=card.credit) if card.painting else ""
    lines.append(("credit", credit))
    told = "".join(f'<p class="{name}">{safe(text)}</p>' for name, text in lines if text)
    large = _image(card.large or card.thumbnail, "chosen-picture")
    return f'<div class="chosen-card">{large}<div>{told}</div></div>'


def picture_address(path: Path) -> str:
    """Return where the browser finds a file of a folder that is served as it is, relative to the page."""
    return f"gradio_api/file={quote(path.as_posix())}"


def safe(text: str) -> str:
    """Write a text for HTML that is a template, too: nothing in it is a tag or a placeholder."""
    return html.escape(text).replace("$", "&#36;").replace("{", "&#123;").replace("`", "&#96;")


def _image(path: Path, kind: str = "", source: str = "src") -> str:
    named = f' class="{kind}"' if kind else ""
    width, height = _size(path)  # so that its room is kept until it is there
    size = f'width="{width}" height="{height}"'
    return f'<img{named} {source}="{safe(picture_address(path))}" {size} alt="" decoding="async">'


@lru_cache(maxsize=1024)
def _size(path: Path) -> tuple[int, int]:
    return read_size(path)


def read_pick(data: Any) -> tuple[list[str], str, float]:
    """Take a pick: the keys of what is chosen, the clicked one, and the moment; raises RequestError."""
    found = data if isinstance(data, dict) else {}
    keys, key, moment = found.get("keys"), found.get("key"), found.get("moment")
    chosen = [each for each in keys if isinstance(each, str)] if isinstance(keys, list) else []
    number = isinstance(moment, int | float) and math.isfinite(moment)
    if not number or not isinstance(key, str) or not 0 < len(chosen) <= MOST_MIXED or chosen != keys:
        raise RequestError(say("what the gallery said was not understood; reload the page"))
    return list(dict.fromkeys(chosen)), key, float(moment or 0)


def read_sight(data: Any) -> list[str]:
    """Take the keys of what a visitor has in sight; raises RequestError."""
    keys = data.get("first") if isinstance(data, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise RequestError(say("what the gallery said was not understood; reload the page"))
    return keys
