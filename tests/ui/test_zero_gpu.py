"""A GPU that is lent: calls go to another process; pictures, steps and errors come back."""

import multiprocessing.reduction
from types import SimpleNamespace

import numpy as np
import pytest

from stylizer.engine import Cancelled, CancelToken, Engine, RequestError, StyleChoice, StyleRequest
from stylizer.engine.progress import Shown
from stylizer.ui.zero_gpu import HEAVY, import_spaces, is_lent, lend_gpu
from tests.engine.drawn import drawn
from tests.ui.small_studio import small_engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    small_engine(folder, segments=True)
    return folder


def sent(value):
    """What is left of a value on its way to another process."""
    pickler = multiprocessing.reduction.ForkingPickler
    return pickler.loads(pickler.dumps(value))


class Spaces(SimpleNamespace):
    """The package, as far as processes matter: all that goes in and comes out is copied."""

    def GPU(self, duration):
        def decorate(function):
            def called(*values):
                self.asked.append(duration(*values))
                for answer in function(*sent(values)):
                    yield sent(answer)

            return called

        return decorate


@pytest.fixture
def spaces():
    return Spaces(asked=[])


@pytest.fixture
def lent(folder, spaces):
    engine = Engine(folder, device="cpu", whole_precision=True)
    lend_gpu(engine, spaces)
    return engine


@pytest.fixture
def plain(folder):
    return Engine(folder, device="cpu", whole_precision=True)


def request_of(engine, **more) -> StyleRequest:
    return StyleRequest(drawn(40, 60, seed=3), (StyleChoice(engine.find_style("moss")),), **more)


def test_a_picture_is_the_same_from_a_gpu_that_is_lent(lent, plain, spaces):
    told = []
    found = lent.run(request_of(lent), CancelToken(), told.append)
    wanted = plain.run(request_of(plain))
    assert np.array_equal(found.picture.rgb, wanted.picture.rgb)
    assert found.recipe.to_json() == wanted.recipe.to_json()
    assert told and spaces.asked == [60]


def test_previews_are_one_loan_and_come_step_by_step(lent, plain, spaces):
    strengths = (1.0, 0.5, 0.0)
    found = list(lent.keyframes(request_of(lent), strengths, 48, CancelToken()))
    wanted = list(plain.keyframes(request_of(plain), iter(strengths), 48))
    assert [strength for strength, _ in found] == list(strengths) and len(spaces.asked) == 1
    for (_, one), (_, other) in zip(found, wanted, strict=True):
        assert np.array_equal(one.rgb, other.rgb)


def test_thumbnails_are_one_loan(lent, plain, spaces):
    photo = drawn(40, 60, seed=3)
    found = list(lent.thumbnails(photo, list(lent.styles()), CancelToken()))
    wanted = list(plain.thumbnails(photo, plain.styles()))
    for mine, theirs in zip(found, wanted, strict=True):
        assert np.array_equal(mine.rgb, theirs.rgb)
    assert len(found) == 4 and spaces.asked == [60]


def test_regions_are_found(lent, plain):
    assert lent.segment(drawn(40, 60), CancelToken()) == plain.segment(drawn(40, 60))


def test_parts_are_matched_in_one_loan(lent, plain, spaces):
    request = StyleRequest(drawn(40, 60, seed=3), (StyleChoice(drawn(50, 50, seed=5)),))
    found = lent.match(request, token=CancelToken())
    assert len(spaces.asked) == 1
    wanted = plain.match(request)
    assert [own.name for own in found.region_styles] == [own.name for own in wanted.region_styles]
    assert found.regions == wanted.regions


def test_a_mistake_is_the_same_sentence(lent):
    with pytest.raises(RequestError, match=r"1\.5"):
        lent.run(request_of(lent, strength=7))


def test_who_cancels_is_heard(lent):
    token = CancelToken()
    steps = lent.keyframes(request_of(lent), (1.0, 0.8, 0.6), 48, token)
    next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        next(steps)


def test_a_masterwork_asks_for_longer(lent, spaces):
    request = StyleRequest(drawn(40, 60), (StyleChoice(drawn(30, 30)),), masterwork=True)
    with pytest.raises(Cancelled):
        token = CancelToken()
        token.cancel()
        lent.run(request, token)
    assert spaces.asked == [120]


def test_what_was_shown_before_a_stop_grows_there_too(lent, plain, spaces):
    shown = Shown(drawn(40, 60), drawn(20, 30, seed=4), 3)
    found = lent.grow(request_of(lent, masterwork=True), shown)
    wanted = plain.grow(request_of(plain, masterwork=True), shown)
    assert np.array_equal(found.picture.rgb, wanted.picture.rgb) and len(spaces.asked) == 1


def test_elsewhere_nothing_changes(plain, monkeypatch):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert import_spaces() is None
    assert not any(name in vars(plain) for name in HEAVY) and not is_lent(plain)
