"""Eight doors under random input: pictures, recipes, masterworks, masks, styles, codes, batches, the stage.

Each door is tried for FUZZ_MINUTES (1 if the environment does not say): `pytest -m slow tests/fuzz`. Whatever
comes in is taken, or refused in one sentence within seconds.
"""

import inspect
import io
import json
import os
import struct
import time
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pillow_heif
import pytest
import tifffile
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from stylizer.engine import RegionStyle, StyleChoice, StyleRequest, read_recipe_text
from stylizer.errors import StudioError
from stylizer.imaging.mask_files import pack_mask, read_mask, unpack_mask
from stylizer.imaging.picture import encode_picture, open_picture, read_recipe, save_picture
from stylizer.models.style_file import NamedStyle, load_style, save_style
from stylizer.ui.handlers.batch import SUFFIXES, BatchHandlers
from stylizer.ui.handlers.full_size import SIZES
from stylizer.ui.handlers.style_regions import StylizeRegionHandlers
from stylizer.ui.messages import UNKNOWN, sentence_of
from stylizer.ui.region_edits import PRESETS
from tests.engine.drawn import drawn
from tests.engine.parted import parted
from tests.imaging.files import file_of, ramp
from tests.ui.conftest import Visitor, make_studio
from tests.ui.small_studio import small_engine

MINUTES = float(os.environ.get("FUZZ_MINUTES", "1"))
SLOWEST = 20.0
"""Seconds that one input may take, on a machine that is busy with other things."""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(60 * MINUTES + 300),
    pytest.mark.filterwarnings("error::RuntimeWarning"),  # numbers that overflow
]


def for_minutes(check, at_once=200) -> None:
    """Run a check of drawn data until the time is over, so many at once, each round from another seed."""
    end, round_number, examples = time.monotonic() + 60 * MINUTES, int(time.time()), 0
    while time.monotonic() < end:
        tried = given(st.data())(lambda data: check(data))
        quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
        tried = settings(max_examples=at_once, deadline=None, database=None, suppress_health_check=quiet)(
            tried
        )
        seed(round_number)(tried)()
        round_number, examples = round_number + 1, examples + at_once
    print(f"{examples} inputs")


def in_words(work):
    """Do a work; a StudioError must be one sentence without a path, any other error is a finding."""
    began = time.monotonic()
    try:
        found = work()
    except StudioError as error:
        found, sentence = None, str(error)
        assert sentence and "\n" not in sentence and len(sentence) < 400
        assert "/tmp" not in sentence and "Traceback" not in sentence
    assert time.monotonic() - began < SLOWEST
    return found


def bent(draw, data: bytes, others: list[bytes]) -> bytes:
    """Flip, cut, double, insert and splice bytes of a file, a few times."""
    number = st.integers(0, max(len(data) - 1, 0))
    for _ in range(draw(st.integers(1, 8))):
        kind, place = (
            draw(st.sampled_from(("flip", "word", "cut", "drop", "double", "insert", "splice"))),
            draw(number),
        )
        place = min(place, len(data))
        if kind == "flip":
            data = data[:place] + bytes([draw(st.integers(0, 255))]) + data[place + 1 :]
        elif kind == "word":  # lengths, counts and offsets are words
            word = draw(st.sampled_from((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x10000)))
            data = data[:place] + struct.pack(draw(st.sampled_from("<>")) + "I", word) + data[place + 4 :]
        elif kind == "cut":
            data = data[:place]
        elif kind == "drop":
            data = data[:place] + data[place + draw(st.integers(1, 64)) :]
        elif kind == "double":
            data = data[: place + 64] + data[place:]
        elif kind == "insert":
            data = data[:place] + draw(st.binary(max_size=24)) + data[place:]
        else:
            other = draw(st.sampled_from(others))
            data = data[:place] + other[min(place, len(other)) :]
    return data


def sums_set_right(data: bytes) -> bytes:
    """Give a bent PNG right checksums, so that what is in its chunks is read."""
    made, place = data[:8], 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        body = data[place + 4 : place + 8 + length]
        made += data[place : place + 4] + body + struct.pack(">I", zlib.crc32(body))
        place += 12 + length
    return made


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    """Draw small files of every kind that is read."""
    small, alpha = ramp(40, 56), Image.fromarray(np.dstack([ramp(40, 56), ramp(40, 56)[..., :1]]), "RGBA")
    made = [file_of(small, format) for format in ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")]
    made.append(file_of(Image.fromarray(small).convert("CMYK"), "JPEG"))
    made.append(file_of(Image.fromarray(small).convert("P"), "PNG", transparency=3))
    made.append(file_of(small, "JPEG", progressive=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"))
    made += [file_of(alpha, "PNG"), file_of(alpha, "WEBP", lossless=True), file_of(alpha, "TIFF")]
    made += [
        encode_picture(drawn(40, 56, dtype=np.uint16, alpha=deep), "png", '{"format":2}')
        for deep in (False, True)
    ]
    for options in (
        {"planarconfig": "separate"},
        {"compression": "zlib", "predictor": True},
        {"tile": (16, 16)},
        {"byteorder": ">"},
    ):
        file = io.BytesIO()
        samples = drawn(40, 56, dtype=np.uint16).rgb
        planar = "planarconfig" in options
        tifffile.imwrite(
            file, np.moveaxis(samples, 2, 0) if planar else samples, photometric="rgb", **options
        )
        made.append(file.getvalue())
    file = io.BytesIO()
    tifffile.imwrite(file, (drawn(40, 56).rgb / 255).astype(np.float32), photometric="rgb")
    made.append(file.getvalue())
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(small)).save(file)
    made.append(file.getvalue())
    return made


def test_bent_pictures_open_or_are_refused_in_words(files):
    def check(data):
        draw = data.draw
        sent = bent(draw, draw(st.sampled_from(files)), files)
        if sent.startswith(b"\x89PNG") and draw(st.booleans()):
            sent = sums_set_right(sent)
        picture = in_words(lambda: open_picture(sent, "x.png"))
        if picture is not None:
            assert picture.rgb.ndim == 3 and picture.rgb.size <= 3 * 40 * 10**6
            assert all("\n" not in note and len(note) < 400 for note in picture.notes)
        in_words(lambda: read_recipe(sent))

    for_minutes(check)


def test_bent_masks_are_read_or_refused_in_words(files):
    packed = [pack_mask(drawn(24, 32).rgb[..., 0]), pack_mask(np.zeros((16, 16), np.uint8))]

    def check(data):
        draw = data.draw
        sent = bent(draw, draw(st.sampled_from(files)), files)
        size = draw(st.tuples(st.integers(16, 400), st.integers(16, 400)))
        mask = in_words(lambda: read_mask(sent, size))
        assert mask is None or (mask.shape == size and mask.min() >= 0 and mask.max() <= 1)
        sent = sums_set_right(bent(draw, draw(st.sampled_from(packed)), packed))
        in_words(lambda: unpack_mask(sent))

    for_minutes(check)


ODD_WORDS = ("", "../x", "<b>", "keep", "rest", "sky", "1e999", "\0", "moss", 60000, -1, 0, 1.5, [])
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(
        ("", "../x", "<b>", "keep", "rest", "sky", "1e999", "\0", "moss", 60000, -1, 0, 1.5, [])
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)

NUMBER = st.sampled_from((0, 1, -1, 0.5, 1.5, 30, 1e9, -1e9, 1e308, 5e-324, 2**53, True)) | st.floats(
    allow_nan=False, allow_infinity=False
)


def places_of(value, path=()):
    """List the ways to all values within a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from places_of(each, (*path, key))


def changed(draw, value, inner=ODD):
    """Put something odd in the place of some values of a JSON value, and leave some out."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(list(places_of(value))))
        if not path:
            continue
        at = value
        for key in path[:-1]:
            at = at[key]
        if draw(st.booleans()):
            at[path[-1]] = draw(inner)
        elif isinstance(at, dict):
            del at[path[-1]]
        else:
            at.append(draw(inner))
    return value


def as_text(value) -> str:
    return json.dumps(value).replace("Infinity", "1e999")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return small_engine(tmp_path_factory.mktemp("checkpoints"), segments=True, models=True)


def test_changed_recipes_are_read_or_refused_in_words(engine):
    photo = parted(48, 72)
    choice, own = StyleChoice(engine.find_style("moss"), 0.7), StyleChoice(drawn(48, 48, 3), 0.3)
    request = StyleRequest(photo, (choice, own), strength=0.8, color=0.4)
    regions = engine.segment(photo)
    parts = replace(
        request, regions=regions, region_styles=(RegionStyle("sky", (own,), 0.5), RegionStyle("person", ()))
    )
    written = [json.loads(engine.run(each).recipe.to_json()) for each in (request, parts)]
    written.append(
        {"format": 1, "styles": [{"name": "moss", "weight": 1, "digest": ""}], "settings": {},
         "regions": {"size": [60, 60], "names": [], "masks": [], "looks": []}}
    )  # fmt: skip

    def check(data):
        draw = data.draw
        text = as_text(changed(draw, draw(st.sampled_from(written))))
        if draw(st.integers(0, 9)) == 0:
            text = bent(draw, text.encode(), [text.encode()]).decode("utf-8", "replace")
        read = in_words(lambda: read_recipe_text(text))
        if read is None:
            return
        recipe, notes = read
        assert all(isinstance(note, str) and len(note) < 400 for note in notes)
        restored = in_words(lambda: engine.restore(recipe, photo))
        if restored is not None and isinstance(restored[0], StyleRequest):
            in_words(lambda: engine.run(replace(restored[0], long_side=48, masterwork=False)))

    for_minutes(check)


def test_masterworks_of_changed_recipes_are_painted_or_refused_in_words(engine):
    photo, painting = parted(32, 48), drawn(40, 48, 3, name="Mine")
    own, named = StyleChoice(painting, 0.6), StyleChoice(engine.find_style("moss"), 0.4)
    request = StyleRequest(photo, (own,), masterwork=True, seed=3)
    parts = replace(
        request,
        regions=engine.segment(photo),
        region_styles=(RegionStyle("sky", (own, named), 0.5, 0.3, 1.2), RegionStyle("person", ())),
    )
    written = [json.loads(engine.run(request).recipe.to_json())]
    written.append(json.loads(engine.run(replace(parts, masterwork=False)).recipe.to_json()))
    written[1]["request"]["masterwork"] = True
    settings = ("strength", "color", "stroke", "detail", "seed", "long_side", "colors_only", "masterwork")
    settings += ("masterwork_steps", "gentle_faces")

    def check(data):
        draw = data.draw
        recipe = json.loads(json.dumps(draw(st.sampled_from(written))))
        for name in draw(st.lists(st.sampled_from(settings), max_size=4, unique=True)):
            recipe["request"][name] = draw(NUMBER | ODD)
        if draw(st.integers(0, 2)) == 0:
            recipe = changed(draw, recipe)
        read = in_words(lambda: read_recipe_text(as_text(recipe)))
        restored = read and in_words(lambda: engine.restore(read[0], photo))
        if not restored or not isinstance(restored[0], StyleRequest):
            return
        asked = restored[0]
        if draw(st.booleans()):  # of styles with names alone a masterwork is refused
            asked = replace(asked, styles=(own,) if draw(st.booleans()) else (named, own))
        in_words(lambda: engine.forecast(asked))
        made = in_words(lambda: engine.run(replace(asked, long_side=min(asked.long_side or 48, 48))))
        if made is not None:
            in_words(lambda: read_recipe_text(made.recipe.to_json()))

    for_minutes(check, at_once=10)


def test_a_code_of_any_numbers_paints_or_is_refused_in_words(tmp_path):
    """Files hold codes of a painter, with its adapters or without; nothing keeps others from writing some."""
    teachable = small_engine(tmp_path, teachable=True)
    painter, photo = teachable.painter, drawn(40, 56)
    sizes = (painter.code_size, painter.code_size + painter.adapter_size, painter.code_size + 1, 1)
    known = StyleChoice(teachable.find_style("moss"))

    def check(data):
        draw, random = data.draw, torch.Generator().manual_seed(data.draw(st.integers(0, 2**40)))
        size = draw(st.sampled_from(sizes))
        scale = draw(st.sampled_from((0.0, 6e-8, 1e-3, 1.0, 30.0, 1e3, 65504.0)))
        code = (torch.rand(size, generator=random) * 2 - 1) * scale
        if draw(st.booleans()):  # one number alone, or a few that stand out
            code[torch.rand(size, generator=random) < draw(st.sampled_from((0.02, 0.5)))] = draw(
                st.sampled_from((0.0, -65504.0, 65504.0))
            )
        words = ("any", "Any", "", "", ())
        file = in_words(lambda: save_style(tmp_path, NamedStyle(*words, code, painter.checkpoint_sha)))
        style = file and in_words(lambda: load_style(file))
        if style is None:
            return
        choices = draw(st.sampled_from(((StyleChoice(style),), (known, StyleChoice(style, 0.5)))))
        kept = {name: draw(st.sampled_from((0.0, 0.5, 1.0))) for name in ("color", "detail", "strength")} | {
            "stroke": draw(st.sampled_from((0.5, 1.0, 2.0))),
            "colors_only": draw(st.booleans()),
        }
        made = in_words(lambda: teachable.run(StyleRequest(photo, choices, **kept)))
        assert (made is None) == (size not in sizes[:2])
        if made is not None:
            assert made.picture.rgb.shape == photo.rgb.shape
            in_words(lambda: read_recipe_text(made.recipe.to_json()))

    for_minutes(check)


def test_bent_style_files_are_read_or_refused_in_words(tmp_path):
    words = ("moss", "Moss", "A. Painter", "1850", ("warm",))
    good = save_style(tmp_path, NamedStyle(*words, torch.linspace(-1, 1, 64), "a" * 64)).read_bytes()
    length = int.from_bytes(good[:8], "little")
    header, body = json.loads(good[8 : 8 + length]), good[8 + length :]
    facts = json.loads(header["__metadata__"]["style"])
    place = tmp_path / "sent.safetensors"

    def check(data):
        draw = data.draw
        if draw(st.booleans()):
            sent = bent(draw, good, [good])
        else:
            metadata = {"style": as_text(changed(draw, facts))}
            head = changed(draw, header) if draw(st.booleans()) else header
            if isinstance(head, dict):
                head = {**head, "__metadata__": draw(st.sampled_from((metadata, head.get("__metadata__"))))}
            text = as_text(head).encode()
            sent = struct.pack("<Q", len(text)) + text + body
        place.write_bytes(sent)
        style = in_words(lambda: load_style(place))
        if style is not None:
            assert torch.isfinite(style.code).all() and style.code.ndim == 1
            assert all(
                isinstance(text, str) and len(text) <= 200
                for text in (style.title, style.artist, *style.tags)
            )

    for_minutes(check)


TELLS = {
    "choose": {"names": ["sky", "rest"]},
    "set_strength": {"names": ["sky"], "strength": 0.5},
    "stroke": {"name": "sky", "erase": 0, "radius": 6.0, "points": [[0.1, 0.2], [20.0, 9.0]]},
    "similar": {"name": "sky", "x": 4.0, "y": 5.0, "tolerance": 0.1, "erase": 0},
    "undo": {},
    "redo": {},
}


def test_whatever_the_stage_says_is_carried_out_or_refused_in_words(engine, tmp_path):
    studio = make_studio(engine, tmp_path)
    visitor, desk = Visitor(studio), StylizeRegionHandlers(studio)
    save_picture(parted(48, 72), tmp_path / "parts.png")

    def begin():
        visitor.bring(tmp_path / "parts.png")
        visitor.paint()
        list(desk.find(visitor.visit, visitor.settings))

    begin()
    count = [0]

    def answered(handler, *values):
        """Do what an event of the page does, and look at the sentence of the status line."""
        began = time.monotonic()
        try:
            answer = handler(*values)
            if inspect.isgenerator(answer):
                list(answer)
        except Exception as error:
            assert sentence_of(error) != UNKNOWN, repr(error)
        assert time.monotonic() - began < SLOWEST

    def check(data):
        draw = data.draw
        count[0] += 1
        kind = draw(st.sampled_from((*TELLS, "wall", "refuse", "size", "rename", "preset", "rest", "paint")))
        if kind in TELLS:
            told = {"edit": count[0], **TELLS[kind]}
            told = changed(draw, told, NUMBER | ODD) if draw(st.integers(0, 4)) else told
            answered(getattr(desk, kind), visitor.visit, SimpleNamespace(_data=told), visitor.settings)
        elif kind == "wall":
            told = changed(draw, {"keys": ["moss", "rose"], "key": "rose", "moment": 1e6 + count[0]})
            answered(studio.choose_styles, visitor.visit, SimpleNamespace(_data=told))
        elif kind == "refuse":
            answered(studio.refuse, visitor.visit, SimpleNamespace(_data=draw(ODD)))
        elif kind == "size":
            answered(studio.choose_size, visitor.visit, draw(st.sampled_from(("photo",))))
        elif kind == "rename":
            answered(desk.rename, visitor.visit, draw(st.text(max_size=80)), visitor.settings)
        elif kind == "preset":
            label = draw(st.sampled_from(tuple(PRESETS)))
            answered(desk.preset(label), visitor.visit, visitor.settings)
        elif kind == "rest":
            answered(studio.rest, visitor.visit, visitor.settings)
        else:
            answered(lambda: visitor.paint())
        if visitor.stage.edits is None or len(visitor.stage.edits.regions.names) < 2:
            begin()

    for_minutes(check)


def test_a_batch_of_odd_files_under_odd_names_is_packed_or_accounted_for(files, engine, tmp_path):
    studio = make_studio(engine, tmp_path)
    visitor, batch = Visitor(studio), BatchHandlers(studio)
    save_picture(drawn(40, 56), tmp_path / "photo.png")
    visitor.bring(tmp_path / "photo.png")
    visitor.paint()
    names = st.sampled_from(
        (
            "a.jpg",
            "a.png",
            "A.PNG",
            "../../etc/x",
            "/etc/x.jpg",
            "C:\\x\\y.png",
            ".",
            "..",
            "",
            "con.png",
            "\0.jpg",
        )
    ) | st.text(max_size=300)

    def check(data):
        draw, brought = data.draw, []
        for place in range(draw(st.integers(1, 4))):
            sent = draw(st.sampled_from(files))
            sent = bent(draw, sent, files) if draw(st.booleans()) else sent
            (tmp_path / f"upload{place}").write_bytes(sent)
            brought.append({"path": str(tmp_path / f"upload{place}"), "orig_name": draw(names)})
        size, format = draw(st.sampled_from(tuple(SIZES))), draw(st.sampled_from(tuple(SUFFIXES)))
        began = time.monotonic()
        *_, last = batch.paint_batch(visitor.visit, brought, size, format, visitor.settings)
        assert time.monotonic() - began < 4 * SLOWEST
        made = []
        if last.get("download"):
            with zipfile.ZipFile(last["download"]) as pack:
                made = pack.namelist()
                assert pack.testzip() is None
            Path(last["download"]).unlink()
        assert f"{len(made)} of {len(brought)} photos" in last["status"]
        assert len({name.lower() for name in made}) == len(made)
        for name in made:
            assert name.isprintable() and not set(name) & set('/\\:*?"<>|') and len(name.encode()) < 256

    for_minutes(check, at_once=20)
