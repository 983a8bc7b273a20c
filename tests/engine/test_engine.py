"""The engine computes no more than it must, stops when asked, and returns what came in at strength 0."""

import threading
from dataclasses import replace

import pytest
import torch

from stylizer.engine.engine import Engine
from stylizer.engine.progress import Cancelled, CancelToken
from stylizer.engine.recipe import code_digest
from stylizer.engine.recipe_reader import read_recipe_text
from stylizer.engine.requests import StyleChoice, StyleRequest
from stylizer.errors import CheckpointError, RequestError
from stylizer.imaging.tensors import to_tensor
from stylizer.models.style_file import NamedStyle, save_style
from tests.engine.drawn import drawn


def asked(**options) -> StyleRequest:
    return StyleRequest(drawn(), (StyleChoice(drawn(seed=1)),), **options)


def test_a_slider_move_decodes_and_nothing_else(fake_engine):
    calls = fake_engine.painter.calls
    list(fake_engine.keyframes(asked(), [1.0, 0.5]))
    assert calls == {"encode": 1, "code": 1, "decode": 2}
    list(fake_engine.keyframes(asked(), [0.25, 0.75, 1.25]))
    assert calls == {"encode": 1, "code": 1, "decode": 5}


def test_an_equal_request_costs_nothing(fake_engine):
    fake_engine.run(asked())
    before = dict(fake_engine.painter.calls)
    fake_engine.run(asked())
    fake_engine.run(asked(color=0.5, detail=0.3))  # both work on what is painted
    assert fake_engine.painter.calls == before


def test_equal_requests_of_several_threads_share_the_work(fake_engine):
    results = []
    threads = [threading.Thread(target=lambda: results.append(fake_engine.run(asked()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 6
    assert fake_engine.painter.calls == {"encode": 1, "code": 1, "decode": 1}
    assert len({result.picture.digest for result in results}) == 1


def test_different_requests_of_several_threads_do_not_mix(fake_engine):
    alone = {
        seed: fake_engine.run(replace(asked(), content=drawn(seed=seed))).picture.digest for seed in range(4)
    }
    other = Engine(fake_engine.library.folder, device="cpu", whole_precision=True, cache_bytes=0)
    found = {}

    def run(seed):
        for _ in range(3):
            found[seed] = other.run(replace(asked(), content=drawn(seed=seed))).picture.digest

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == alone


def test_keyframes_come_in_the_order_given_at_preview_size(fake_engine):
    request = replace(asked(), content=drawn(900, 600))
    frames = list(fake_engine.keyframes(request, [1.0, 0.0, 0.5], long_side=300))
    assert [strength for strength, _ in frames] == [1.0, 0.0, 0.5]
    assert {(picture.height, picture.width) for _, picture in frames} == {(300, 200)}


def test_keyframes_come_one_by_one(fake_engine):
    frames = fake_engine.keyframes(asked(), [1.0, 0.5])
    next(frames)
    assert fake_engine.painter.calls["decode"] == 1


def test_full_size_is_painted_in_tiles_and_the_small_copy_measured_once(fake_engine):
    request = replace(asked(), content=drawn(1100, 1400))
    seen = []
    fake_engine.run(request, progress=seen.append)
    tiles = [p for p in seen if p.stage == "tiles"]
    assert tiles[-1].done == tiles[-1].total == 9
    assert [p.done for p in tiles] == list(range(10))
    assert fake_engine.painter.calls["measure"] == 1


def test_a_large_picture_grows_in_steps_and_counts_the_tiles_of_all(fake_engine):
    request = replace(asked(), content=drawn(300, 2400))
    seen = []
    fake_engine.run(request, progress=seen.append)
    tiles = [(p.done, p.total) for p in seen if p.stage == "tiles"]
    assert tiles == [(k, 8) for k in range(9)]  # 3 of 170 x 1358 pixels, 5 of 300 x 2400


def test_cancel_lands_within_a_tile(fake_engine):
    token = CancelToken()
    painted = []

    def receive(progress):
        if progress.stage == "tiles":
            painted.append(progress.done)
            if progress.done == 2:
                token.cancel()

    with pytest.raises(Cancelled):
        fake_engine.run(replace(asked(), content=drawn(1100, 1400)), token, receive)
    assert painted == [0, 1, 2]


def test_a_cancelled_render_leaves_the_engine_usable(fake_engine):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        fake_engine.run(asked(), token)
    assert fake_engine.run(asked()).picture.height == 48


def test_a_preview_slips_between_the_tiles_of_a_full_render(fake_engine):
    order, at_second_tile = [], threading.Event()

    def receive(progress):
        if progress.stage == "tiles" and progress.done == 2:
            at_second_tile.set()
            threads[0].join(20)  # the preview must end while the full render is under way

    def preview():
        at_second_tile.wait(20)
        fake_engine.run(asked())
        order.append("preview")

    threads = [threading.Thread(target=preview)]
    threads[0].start()
    fake_engine.run(replace(asked(), content=drawn(1100, 1400, seed=2)), progress=receive)
    order.append("full")
    assert order == ["preview", "full"]


def test_a_style_for_another_painter_is_refused_by_name(fake_engine):
    style = NamedStyle("wave", "Wave", "", "", (), torch.zeros(18), "00" * 32)
    with pytest.raises(RequestError, match="'wave' was made for another painter"):
        fake_engine.run(replace(asked(), styles=(StyleChoice(style),)))


def test_styles_with_names_are_listed_found_and_painted(fake_engine):
    sha = fake_engine.painter.checkpoint_sha
    folder = fake_engine.library.folder
    code = fake_engine.painter.code(to_tensor(drawn(seed=3)))[0]
    save_style(folder / "styles", NamedStyle("wave", "Wave", "", "", (), code, sha))
    save_style(folder / "styles", NamedStyle("stale", "Stale", "", "", (), code, "00" * 32))
    (folder / "styles" / "broken.safetensors").write_bytes(b"??")
    engine = Engine(folder, device="cpu", whole_precision=True)
    assert [style.slug for style in engine.styles()] == ["wave"]
    assert any("'stale'" in problem for problem in engine.problems())
    assert any("'broken'" in problem for problem in engine.problems())
    result = engine.run(replace(asked(), styles=(StyleChoice(engine.find_style("wave")),)))
    assert (
        result.recipe.request["styles"][0].name == "wave"
        and result.recipe.request["styles"][0].stored is None
    )
    with pytest.raises(RequestError, match="there is no style called 'monet'"):
        engine.find_style("monet")


def test_a_recipe_of_own_pictures_paints_the_same_bytes_without_them(fake_engine):
    request = StyleRequest(
        drawn(), (StyleChoice(drawn(seed=1), 2.0), StyleChoice(drawn(seed=2))), strength=0.8, seed=5
    )
    first = fake_engine.run(request)
    recipe, _ = read_recipe_text(first.recipe.to_json())
    again, notes = fake_engine.restore(recipe, drawn())
    second = fake_engine.run(again)
    assert second.picture.digest == first.picture.digest and notes == ()
    assert second.recipe == first.recipe


def test_a_recipe_on_another_photo_says_so(fake_engine):
    recipe = fake_engine.run(asked()).recipe
    _, notes = fake_engine.restore(recipe, drawn(seed=9))
    assert "another photo" in notes[0]


def test_a_recipe_of_another_painter_is_refused(fake_engine):
    recipe = replace(fake_engine.run(asked()).recipe, sha="00" * 32)
    with pytest.raises(RequestError, match="made by another painter"):
        fake_engine.restore(recipe, drawn())


def test_codes_are_rounded_as_they_are_stored(fake_engine):
    result = fake_engine.run(asked())
    style = result.recipe.request["styles"][0]
    assert code_digest(style.code()) == style.digest


def test_without_a_painter_the_engine_lists_and_explains(tmp_path):
    engine = Engine(tmp_path, device="cpu")
    assert engine.styles() == () and engine.models() == ()
    with pytest.raises(CheckpointError, match="'painter' is missing"):
        engine.run(asked())


def test_a_painting_is_the_same_whatever_the_seed_and_is_not_painted_again(fake_engine):
    plain = fake_engine.run(asked()).picture
    painted = fake_engine.painter.calls["decode"]
    assert (fake_engine.run(asked(seed=1)).picture.rgb == plain.rgb).all()
    assert fake_engine.painter.calls["decode"] == painted


def test_seconds_are_given_for_each_stage(fake_engine):
    assert set(fake_engine.run(asked()).seconds) == {"photo", "style", "painting", "finish"}


def test_a_half_transparent_painting_has_one_code(fake_engine, tmp_path):
    """What `learn` begins with is what the engine paints with."""
    ink = drawn(64, 64, seed=2, alpha=True)
    facts = NamedStyle("ink", "Ink", "", "", (), torch.zeros(1), "0" * 64)
    learned = fake_engine.learn(ink, facts, [drawn()], steps=0)
    stored = fake_engine.run(replace(asked(), styles=(StyleChoice(ink),))).recipe.request["styles"][0]
    assert torch.equal(learned.code.half().float(), stored.code())
