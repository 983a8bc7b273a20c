"""Many programs at once: every answer is that of its own request, nothing fails, and memory stays flat."""

import itertools
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file

from stylizer.imaging.picture import open_picture, save_picture
from tests.engine.drawn import drawn

USERS, SECONDS = 8, 20
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def resident() -> float:
    """Return this process's memory in MB, where the system tells it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    return (
        int(next(line for line in status.read_text().splitlines() if line.startswith("VmRSS")).split()[1])
        / 1024
    )


def test_eight_users_get_each_their_own_answers(address, client, tmp_path):
    photos = []
    for seed in range(6):
        save_picture(drawn(40 + 8 * seed, 64, seed), tmp_path / f"{seed}.png")
        photos.append(handle_file(tmp_path / f"{seed}.png"))
    asked = [
        request
        for photo, style in zip(photos, itertools.cycle(("moss", "amber:0.7, rose:0.3")), strict=False)
        for request in (
            {"photo": photo, "style": style, "strength": 0.8, "api_name": "/stylize"},
            {"photo": photo, "model": "seasons", "domains": "autumn", "api_name": "/translate"},
        )
    ]
    alone = [open_picture(client.predict(**request)).rgb for request in asked]
    users = [
        Client(address, verbose=False, download_files=str(tmp_path / f"user{number}"))
        for number in range(USERS)
    ]
    before, end = resident(), time.monotonic() + SECONDS

    def work(number: int) -> list[float]:
        times = []
        for turn in itertools.count(number):
            if time.monotonic() > end:
                return times
            began, place = time.monotonic(), turn * 5 % len(asked)
            found = open_picture(users[number].predict(**asked[place])).rgb
            assert np.array_equal(found, alone[place])
            times.append(time.monotonic() - began)
        raise AssertionError

    with ThreadPoolExecutor(USERS) as pool:
        times = [seconds for mine in pool.map(work, range(USERS)) for seconds in mine]
    assert len(times) >= 2 * USERS and resident() - before < 200
    print(f"{len(times)} answers, median {statistics.median(times):.2f} s")
