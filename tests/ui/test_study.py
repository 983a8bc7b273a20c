"""Studying on the page: it gets better, stops, waits in line, and is kept."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from stylizer.engine import CancelToken, Progress, RequestError, StyleChoice, StyleRequest
from stylizer.errors import StyleFileError
from stylizer.imaging.picture import Picture, save_picture
from stylizer.models.style_file import NamedStyle, load_style, save_style
from stylizer.ui.api import Endpoints
from stylizer.ui.handlers.study import StudyHandlers
from stylizer.ui.handlers.style_regions import StylizeRegionHandlers
from stylizer.ui.handlers.visits import VisitHandlers
from stylizer.ui.samples import COARSE, KEYFRAMES
from stylizer.ui.stage.wall import chosen_panel
from stylizer.ui.studies import StudyDesk, read_style_file
from stylizer.ui.visits import read_visit, write_visit
from tests.engine.drawn import drawn
from tests.ui.small_studio import practice_on_small_crops, small_engine


@pytest.fixture(autouse=True)
def small_crops(monkeypatch):
    practice_on_small_crops(monkeypatch)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return small_engine(tmp_path_factory.mktemp("checkpoints"), teachable=True)


@pytest.fixture
def desk(engine):
    return StudyDesk(engine, seconds=1.0)


@pytest.fixture
def studies(studio, desk):
    return StudyHandlers(studio, desk, every=0.0)


@pytest.fixture
def long_studies(studio, engine):
    """Studies that end by themselves long after they are stopped."""
    return StudyHandlers(studio, StudyDesk(engine, seconds=100.0), every=0.0)


@pytest.fixture
def owner(visitor, photo_file, tmp_path):
    """Return a visitor who has brought a photo and chosen a painting of their own."""
    save_picture(drawn(64, 64, seed=9), tmp_path / "old-harbor.png")
    visitor.bring(photo_file)
    brought = {"path": str(tmp_path / "old-harbor.png"), "orig_name": "old-harbor.png"}
    visitor.studio.bring_styles(visitor.visit, [brought])
    visitor.paint()
    return visitor


def own_of(visitor):
    return visitor.session.own[visitor.session.chosen]


def asked(visitor):
    return visitor.studio.request(visitor.session, visitor.settings)


def shown(answer, name):
    return answer[name].visible if hasattr(answer[name], "visible") else answer[name]["visible"]


def _read_again(owner):
    """Read a visit as another server would."""
    session = owner.studio.sessions.open("another")
    session.record = owner.session.record
    named = {style.slug: style for style in owner.studio.engine.styles()}
    types = dict.fromkeys(session.stages, owner.studio.edits_type)
    assert read_visit(session, owner.studio.sessions.shown, named, types)
    return session


def test_the_picture_gets_better_while_the_painting_is_studied(owner, studies):
    before = asked(owner).styles[0].style
    answers = list(studies.study_chosen(owner.visit))
    assert "turn" in answers[-1], "all strengths of the final one"
    assert any("about" in answer["study_line"] and " left." in answer["study_line"] for answer in answers)
    assert shown(answers[1], "study_stop") and not shown(answers[1], "study")
    assert "Old Harbor is studied" in answers[-1]["study_line"]
    assert shown(answers[-1], "study_keep") and not shown(answers[-1], "study_stop")
    assert "Studied. Kept as a file" in answers[-1]["title"]
    assert isinstance(before, Picture) and asked(owner).styles[0].style is own_of(owner).studied
    assert own_of(owner).studied.refined


def test_the_picture_is_painted_anew_only_when_something_better_is_known(owner, studies, engine, monkeypatch):
    def study(request, token, hear):
        for step, value in enumerate((0.0, 0.0, 0.5, 0.5, 0.25), 1):
            hear(Progress("study", step, 160, 5.0 - step))
            yield NamedStyle("", "", "", "", (), torch.full((4,), value), "0" * 64, refined=True)

    monkeypatch.setattr(engine, "study", study)
    answers = list(studies.study_chosen(owner.visit))
    assert ["turn" in answer for answer in answers] == [False, False, False, True, False, True, False, True]
    turns = [answer["turn"] for answer in answers if "turn" in answer]
    assert turns == sorted(set(turns)), "each picture is a turn of its own"
    assert own_of(owner).stopped_after == 0


def test_while_it_is_studied_its_panel_says_so(owner, long_studies):
    going = long_studies.study_chosen(owner.visit)
    next(going)
    card = owner.studio.gallery.find(owner.session, owner.session.chosen)
    assert "It is being studied now" in chosen_panel(card)
    assert "Stopping." in long_studies.stop(owner.visit)["study_line"]
    assert "being studied" not in list(going)[-1]["title"]
    assert long_studies.stop(owner.visit) == {}, "there is nothing to stop any more"


def test_without_a_study_nothing_is_said_of_its_end(owner, long_studies):
    assert long_studies.stopped(owner.visit) == {}


def test_what_a_study_said_at_its_end_is_said_again_after_that_it_stops(owner, long_studies):
    """Answers of two events cross on their way: else the line could say that it stops for good."""
    going = long_studies.study_chosen(owner.visit)
    next(going)
    long_studies.stop(owner.visit)
    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(long_studies.stopped, owner.visit)
        assert owner.session.study_said is None and not again.done()
        last = list(going)[-1]
        assert "Stopped" in last["study_line"] and again.result(10) == {"study_line": last["study_line"]}


def test_an_own_painting_says_what_studying_is_good_for(owner):
    card = owner.studio.gallery.find(owner.session, owner.session.chosen)
    assert "Studying it comes nearer, in two minutes at most." in chosen_panel(card)


def test_the_bar_shows_the_share_of_the_time_and_not_of_the_steps(engine, desk, monkeypatch):
    """On a slow machine the time is up long before the steps are done."""
    style = NamedStyle("", "Known", "", "", (), torch.zeros(4), "0" * 64)

    def study(request, token, hear):
        for step, left in ((1, 0.2), (2, 0.1), (3, 0.0)):
            hear(Progress("study", step, 160, left))
            yield style
            time.sleep(0.1)

    monkeypatch.setattr(engine, "study", study)
    news = list(desk.begin(Picture(drawn(64, 64).rgb), [], CancelToken()).follow(0.0))
    assert [each.done for each in news] == pytest.approx([0, 0, 0.5, 1, 1], abs=0.2)


def test_few_strengths_are_painted_while_it_goes_on_and_all_of_them_in_the_end(owner, long_studies):
    going = long_studies.study_chosen(owner.visit)
    while "turn" not in next(going):
        pass
    assert len(owner.paint()[-1]["stage"]["frames"]) == 3
    assert list(owner.studio.finer(owner.visit)) == [], "nor more of them for the slider"
    long_studies.stop(owner.visit)
    list(going)
    assert len(owner.paint()[-1]["stage"]["frames"]) == 1 + len(COARSE)
    *_, last = owner.studio.finer(owner.visit)
    assert len(last["stage"]["frames"]) == 1 + len(KEYFRAMES)


def test_when_it_is_stopped_what_was_learned_is_kept(owner, long_studies):
    going = long_studies.study_chosen(owner.visit)
    while "turn" not in next(going):
        pass
    long_studies.stop(owner.visit)
    last = list(going)[-1]
    step = own_of(owner).stopped_after
    assert f"Stopped after step {step};" in last["study_line"] and "better, and kept" in last["study_line"]
    assert f"Studied up to step {step}, then stopped" in last["title"] and own_of(owner).studied is not None
    assert owner.session.studying == ""


def test_when_it_is_stopped_before_anything_better_is_known_the_style_is_as_before(owner, long_studies):
    going = long_studies.study_chosen(owner.visit)
    while "Studying" not in next(going)["study_line"]:
        pass
    long_studies.stop(owner.visit)
    last = list(going)[-1]
    assert "nothing better was found for Old Harbor" in last["study_line"] and own_of(owner).studied is None
    assert "Read at one glance" in last["title"] and not shown(last, "study_keep")


def test_when_it_is_stopped_before_its_turn_nothing_was_learned(owner, long_studies):
    going = long_studies.study_chosen(owner.visit)
    next(going)
    long_studies.stop(owner.visit)
    assert "before anything was learned of Old Harbor" in list(going)[-1]["study_line"]


def test_that_it_was_stopped_comes_back_with_the_visit(owner, long_studies):
    going = long_studies.study_chosen(owner.visit)
    while "turn" not in next(going):
        pass
    long_studies.stop(owner.visit)
    list(going)
    write_visit(owner.session)
    again = _read_again(owner)
    assert again.own[owner.session.chosen].stopped_after == own_of(owner).stopped_after > 0


def test_a_painting_that_was_studied_is_studied_further_from_there(owner, long_studies, monkeypatch):
    begun = []
    monkeypatch.setattr("stylizer.models.study._CHECK_EVERY", 1)
    study = owner.studio.engine.study
    monkeypatch.setattr(
        owner.studio.engine,
        "study",
        lambda request, *more: begun.append(request.start) or study(request, *more),
    )
    for _ in range(2):
        going = long_studies.study_chosen(owner.visit)
        while "turn" not in next(going):
            pass
        first = own_of(owner).studied.code
        while torch.equal(own_of(owner).studied.code, first):  # what is better is handed out once it is known
            next(going)
        long_studies.stop(owner.visit)
        last = list(going)[-1]
        assert last["study"].value == "Study it further" and last["study"].visible
        begun.append(own_of(owner).studied.code)
    assert begun[0] is None and torch.equal(begun[2], begun[1])
    assert not torch.equal(begun[3], begun[1])


def test_another_style_on_the_stage_is_left_in_peace(owner, studies):
    painting = owner.session.chosen
    going = studies.study_chosen(owner.visit)
    next(going)
    owner.choose("moss")
    assert all("turn" not in answer for answer in going)
    assert owner.session.own[painting].studied is not None


def test_a_region_that_is_painted_with_it_follows(owner, studies):
    desk = StylizeRegionHandlers(owner.studio)
    desk.add(owner.visit, owner.settings)
    owner.studio.paint_chosen(owner.session, owner.studio.gallery.find(owner.session, owner.session.chosen))
    owner.paint()
    list(studies.study_chosen(owner.visit))
    (own,) = owner.stage.edits.own
    assert own.styles[0].style is own_of(owner).studied
    owner.studio.step(owner.session, forward=False)
    owner.studio.step(owner.session, forward=True)
    assert owner.stage.edits.own[0].styles[0].style is own_of(owner).studied


def test_a_masterwork_is_made_of_the_painting_itself(owner, studies):
    list(studies.study_chosen(owner.visit))
    request = StyleRequest(owner.stage.photo, asked(owner).styles, masterwork=True)
    assert owner.studio.full_request(owner.session, request).styles[0].style is own_of(owner).style
    live = StyleRequest(owner.stage.photo, asked(owner).styles)
    assert owner.studio.full_request(owner.session, live) is live


def test_what_was_learned_is_a_file_that_is_a_style_again(owner, studies, engine, other_visitor):
    list(studies.study_chosen(owner.visit))
    file = studies.keep(owner.visit)["study_file"]
    assert file.endswith("old-harbor.safetensors")
    brought = {"path": file, "orig_name": "old-harbor (1).safetensors"}
    other_visitor.studio.bring_styles(other_visitor.visit, [brought])
    again = own_of(other_visitor)
    assert again.title == "Old Harbor" and again.thumbnail.is_file()
    code = own_of(owner).studied.code.half().float()
    assert torch.equal(again.best.code, code)
    assert asked(other_visitor).styles[0].style is again.style


def test_a_style_of_another_painter_is_refused_in_a_sentence(engine, tmp_path):
    foreign = NamedStyle("harbor", "Harbor", "", "", (), torch.zeros(8), "0" * 64)
    file = save_style(tmp_path, foreign)
    with pytest.raises(StyleFileError, match="made for another painter"):
        read_style_file(engine, str(file), "harbor.safetensors")
    file.write_bytes(b"no style")
    with pytest.raises(StyleFileError) as caught:
        read_style_file(engine, str(file), "My Harbor.safetensors")
    assert str(tmp_path) not in str(caught.value)


def test_what_was_learned_comes_back_with_the_visit(owner, studies):
    list(studies.study_chosen(owner.visit))
    write_visit(owner.session)
    again = _read_again(owner).own[owner.session.chosen]
    assert isinstance(again.style, Picture) and torch.equal(again.studied.code, own_of(owner).studied.code)


def test_a_named_style_cannot_be_studied_and_one_painting_not_twice(owner, long_studies):
    going = long_studies.study_chosen(owner.visit)
    next(going)
    with pytest.raises(RequestError, match="studied already"):
        next(long_studies.study_chosen(owner.visit))
    long_studies.stop(owner.visit)
    list(going)
    owner.choose("moss")
    with pytest.raises(RequestError, match="painting of your own"):
        next(long_studies.study_chosen(owner.visit))


def test_the_line_is_short_and_moves_on(engine, owner, other_visitor):
    desk = StudyDesk(engine, seconds=1.0, places=1)
    studies = StudyHandlers(owner.studio, desk, every=0.0)
    going = studies.study_chosen(owner.visit)
    next(going)
    other_visitor.studio.take_styles(other_visitor.session, [drawn(64, 64, seed=5)])
    with pytest.raises(RequestError, match="try again in some minutes"):
        next(studies.study_chosen(other_visitor.visit))
    list(going)
    assert "is studied" in list(studies.study_chosen(other_visitor.visit))[-1]["study_line"]


def test_who_is_first_is_not_told_to_wait(engine, owner, other_visitor):
    studies = StudyHandlers(owner.studio, StudyDesk(engine, seconds=100.0, places=2), every=0.0)
    first = studies.study_chosen(owner.visit)
    assert "Beginning to study" in next(first)["study_line"]
    other_visitor.studio.take_styles(other_visitor.session, [drawn(64, 64, seed=5)])
    second = studies.study_chosen(other_visitor.visit)
    assert "Waiting to study" in next(second)["study_line"]
    for visitor, going in ((owner, first), (other_visitor, second)):
        studies.stop(visitor.visit)
        list(going)


def test_what_was_said_of_a_study_goes_when_another_painting_is_chosen(owner, studies):
    assert "is studied" in list(studies.study_chosen(owner.visit))[-1]["study_line"]
    assert not any("study_line" in answer for answer in owner.paint()), "it stays while the painting is shown"
    owner.choose("moss")
    assert owner.paint()[0]["study_line"] == ""


def test_a_closed_tab_stops_its_study(owner, long_studies):
    going = long_studies.study_chosen(owner.visit)
    next(going)
    VisitHandlers(owner.studio).leave(SimpleNamespace(session_hash="tab"))
    assert "Stopped" in list(going)[-1]["study_line"]


def test_a_program_studies_a_painting_and_paints_with_the_file(owner, engine, desk, photo_file, tmp_path):
    endpoints = Endpoints(engine, owner.studio.sessions, desk)
    file = endpoints.study(str(tmp_path / "old-harbor.png"), [str(photo_file)], "The harbor", 1.0)
    style = load_style(file)
    assert style.title == "The harbor" and style.refined
    painted = endpoints.stylize(str(photo_file), painting=file)
    plain = endpoints.stylize(str(photo_file), painting=str(tmp_path / "old-harbor.png"))
    assert Path(painted).read_bytes() != Path(plain).read_bytes()
    with pytest.raises(RequestError, match="at most 4"):
        endpoints.study(str(tmp_path / "old-harbor.png"), [str(photo_file)] * 5)


def test_previews_are_painted_while_a_painting_is_studied(owner, studies):
    going = studies.study_chosen(owner.visit)
    next(going)
    painted = []
    other = threading.Thread(
        target=lambda: painted.append(
            owner.studio.engine.run(StyleRequest(drawn(40, 60, 1), (StyleChoice(drawn(64, 64, 2)),)))
        )
    )
    other.start()
    other.join(60)
    assert painted
    list(going)


def test_a_study_that_is_refused_takes_no_place(engine, owner):
    desk, painting = StudyDesk(engine, seconds=1.5, places=1), own_of(owner).style
    for _ in range(2):
        with pytest.raises(RequestError, match="seconds"):
            desk.begin(painting, (), CancelToken(), seconds=-5)
    list(desk.begin(painting, (), CancelToken(), seconds=0.1).follow(0.0))
