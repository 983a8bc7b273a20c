"""Visits end by age, by number and by leaving; ids cannot be guessed or forged."""

import os
import shutil
import time

import pytest

from stylizer.errors import RequestError
from stylizer.ui import limits
from stylizer.ui.messages import SessionExpired
from stylizer.ui.sessions import Sessions
from stylizer.ui.visits import RECORD
from tests.engine.drawn import drawn


def test_an_unknown_id_is_refused(tmp_path):
    sessions = Sessions(tmp_path)
    sessions.open()
    for forged in ("", None, "../../etc", 7, ["a"]):
        with pytest.raises(SessionExpired, match="Reload the page"):
            sessions.find(forged)


def test_the_least_recently_seen_visit_leaves_memory_and_its_work_stops(tmp_path):
    sessions = Sessions(tmp_path, most=2)
    first, second, third = (sessions.open() for _ in range(3))
    for visit in (second, first, third):
        sessions.find(visit.id)
    sessions.open()
    assert sessions.find(first.id) is first
    assert second.stages["stylize"].turns.token.cancelled
    with pytest.raises(SessionExpired):
        sessions.find(second.id)


def test_two_hundred_visits_leave_no_more_than_the_limits(tmp_path):
    sessions = Sessions(tmp_path, most_kept=40)
    for number in range(200):
        session = sessions.open(f"tab {number}")
        sessions.save(sessions.find(session.id))
    assert len(sessions) == sessions.most + 1, "the last one, which nobody has come after"
    sessions.sweep()  # which the next visit would do after a while
    assert len(list(sessions.records.iterdir())) <= 40 + len(sessions), "those in memory have theirs"


def test_an_old_visit_ends_with_its_files(tmp_path):
    sessions = Sessions(tmp_path, lifetime=60)
    session = sessions.open()
    session.new_file(".jpg").write_bytes(b"x")
    sessions.save(session)
    session.seen -= 61
    with pytest.raises(SessionExpired):
        sessions.find(session.id)
    assert not session.folder.exists() and not session.record.exists()


def test_what_nobody_came_back_for_is_deleted(tmp_path):
    before = Sessions(tmp_path)
    session = before.open()
    session.new_file(".jpg").write_bytes(b"x")
    before.save(session)
    long_ago = time.time() - 3 * 24 * 3600
    for path in (session.record / RECORD, session.folder):
        os.utime(path, (long_ago, long_ago))
    Sessions(tmp_path).sweep()
    assert not session.record.exists() and not session.folder.exists()


def test_a_turn_stops_the_last_and_grows(tmp_path):
    stage = Sessions(tmp_path).open().stages["stylize"]
    token = stage.turns.token
    assert [stage.renew(), stage.renew()] == [1, 2]
    assert token.cancelled and not stage.turns.token.cancelled


def test_photos_of_all_visits_share_one_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "KEPT_BYTES", 3 * 64 * 64 * 3)
    sessions, photo = Sessions(tmp_path), drawn(64, 64)
    visits = [sessions.open() for _ in range(4)]
    for visit in visits[:3]:
        sessions.make_room(visit, photo)
        visit.stages["stylize"].photo = visit.stages["translate"].photo = photo  # the same counts once
    with pytest.raises(RequestError, match="smaller one"):
        sessions.make_room(visits[3], photo)
    sessions.make_room(visits[0], photo)  # another photo takes the place of one's own
    assert len(sessions) == 4
    visits[1].seen -= limits.IDLE + 1
    sessions.make_room(visits[3], photo)
    assert len(sessions) == 3 and sessions.find(visits[0].id) is visits[0]


def test_the_oldest_records_go_when_the_disk_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "RECORD_BYTES", 2500)
    sessions = Sessions(tmp_path)
    records = [sessions.records / name for name in ("old", "middle", "new")]
    for place, record in enumerate(records):
        record.mkdir()
        (record / RECORD).write_bytes(bytes(1000))
        os.utime(record / RECORD, (time.time() - 100 + place,) * 2)
    sessions.sweep()
    assert [record.exists() for record in records] == [False, True, True]


def test_pages_that_were_only_opened_push_nobody_out(tmp_path):
    sessions = Sessions(tmp_path, most=8, most_opened=20)
    artist = sessions.open()
    sessions.find(artist.id)
    newest = [sessions.open() for _ in range(40)][-1]
    assert len(sessions) == 21
    assert sessions.find(artist.id) is artist and sessions.find(newest.id) is newest


def test_two_who_open_the_page_of_a_full_studio_both_find_their_visit(tmp_path):
    sessions = Sessions(tmp_path, most=8)
    for _ in range(8):
        sessions.find(sessions.open().id)
    first, second = sessions.open(), sessions.open()
    assert sessions.find(first.id) is first and sessions.find(second.id) is second


def test_a_visit_that_leaves_memory_is_written_down(tmp_path):
    sessions = Sessions(tmp_path, most=2)
    visits = [sessions.open() for _ in range(3)]
    for visit in visits:
        sessions.come_back(visit.id)
    sessions.open()
    assert any((visit.record / RECORD).is_file() for visit in visits)


def test_a_visit_that_cannot_be_written_down_is_no_mishap_of_another_visitor(tmp_path, monkeypatch):
    sessions, written = Sessions(tmp_path), []
    for _ in range(4):
        sessions.find(sessions.open().id)
    sessions.most = 1

    def on_a_full_disk(session):
        written.append(session.id)
        if len(written) == 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sessions, "save", on_a_full_disk)
    sessions.sweep()
    assert len(set(written)) == 3 and len(sessions) == 1, "all that had to go are tried"


def test_pages_open_and_sweeping_goes_on_while_the_folder_of_visits_is_gone(tmp_path):
    sessions = Sessions(tmp_path / "visits")
    shutil.rmtree(tmp_path / "visits")
    sessions.sweep()
    assert sessions.find(sessions.open().id).new_file(".png").parent.is_dir()


def test_a_file_in_the_folder_of_visits_does_not_stop_the_sweeping(tmp_path):
    sessions = Sessions(tmp_path, lifetime=60)
    for folder in (sessions.shown, sessions.records):
        (folder / "odd").write_bytes(b"x")
        os.utime(folder / "odd", (1, 1))
        (folder / "gone").symlink_to(tmp_path / "nowhere")
        old = folder / "old"
        old.mkdir()
        os.utime(old, (1, 1))
    sessions.sweep()
    assert not any((folder / "old").exists() for folder in (sessions.shown, sessions.records))
