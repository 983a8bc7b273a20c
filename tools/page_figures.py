"""How the page feels: what a click, a drop and a first visit take in a browser, and what visits leave behind.

    python -m tools.page_figures [--repetitions 20] [--loads 200]

Starts a studio of its own and drives Chromium (Debian's, or the one that CHROMIUM names) with playwright of
requirements-dev.txt. Nothing else should run meanwhile; figures are medians, with the least and the most.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from stylizer.ui.samples import COARSE, sample_photos

PATIENCE = 180_000
"""Milliseconds that anything may take."""

# Acts, and waits until the stage shows the first picture of a newer turn, and then all of its previews.
WATCH = """async ([act, argument, all]) => {
    const stage = document.querySelector('.stage'), before = Number(stage.dataset.turn);
    const start = performance.now();
    const shown = () => Number(stage.dataset.turn) > before && Number(stage.dataset.frames) >= 2;
    const whole = () => shown() && Number(stage.dataset.frames) >= all && !stage.classList.contains('busy');
    const times = [];
    const done = new Promise((tell) => new MutationObserver(() => {
        for (const [place, reached] of [shown, whole].entries()) {
            if (times[place] === undefined && reached()) times[place] = performance.now() - start;
        }
        if (times[1] !== undefined) tell(times);
    }).observe(stage, {attributes: true}));
    if (act === 'choose') document.querySelector(`#wall [data-key="${argument}"] .card-face`).click();
    else {
        const bytes = Uint8Array.from(atob(argument), (letter) => letter.charCodeAt(0));
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([bytes], 'photo.jpg', {type: 'image/jpeg'}));
        const event = new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true});
        document.querySelector('.stage-view').dispatchEvent(event);
    }
    return done;
}"""


@contextmanager
def studio() -> Iterator[tuple[str, int]]:
    """Serve a studio, and give its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "stylizer", "app", "--port", str(port), "--data", data]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            for _ in range(3000):
                with socket.socket() as door:
                    if door.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}/", server.pid
        finally:
            server.terminate()
            server.wait(30)


def memory(process: int) -> float:
    """Return the resident memory of a process in megabytes (Linux)."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {process} says nothing of its memory")


def first_visit(page: Any, address: str) -> dict[str, float]:
    """Open the page in a fresh browser: what is sent, and when the picture is there."""
    devtools = page.context.new_cdp_session(page)
    sent: dict[str, float] = {}
    kinds: dict[str, str] = {}
    devtools.send("Network.enable")
    devtools.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["response"]["url"]}))
    devtools.on("Network.loadingFinished", lambda e: sent.update({e["requestId"]: e["encodedDataLength"]}))
    start = time.monotonic()
    page.goto(address)
    page.wait_for_selector(".stage[data-drawn]")
    seconds = time.monotonic() - start
    page.wait_for_timeout(3000)
    largest = sorted(sent, key=lambda key: -sent[key])[:12]
    for key in largest:
        print(f"    {sent[key] / 1000:8.1f} kB  {kinds.get(key, '')[-90:]}")
    return {"kB": sum(sent.values()) / 1000, "requests": len(sent), "picture after s": seconds}


def photos(count: int) -> Iterator[str]:
    """Make so many different photos of 1600 pixels, as base64 of JPEG."""
    samples = sample_photos()
    for place in range(count):
        photo = Image.fromarray(samples[place % len(samples)].open().rgb)
        photo = photo.resize((1600, round(1600 * photo.height / photo.width)), Image.Resampling.LANCZOS)
        photo = photo.crop((place, 0, photo.width - place, photo.height))
        file = io.BytesIO()
        photo.save(file, "JPEG", quality=90)
        yield base64.b64encode(file.getvalue()).decode()


def report(name: str, values: list[float], unit: str = "ms") -> None:
    print(
        f"{name}: median {statistics.median(values):.0f} {unit} "
        f"({min(values):.0f} to {max(values):.0f}, n {len(values)})"
    )


def measure(driver: Any, address: str, process: int, repetitions: int, loads: int) -> None:
    """Measure all, and print it."""
    place = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    browser = driver.chromium.launch(executable_path=place, args=["--no-sandbox", "--disable-gpu"])

    def opened(act: Callable[[Any], None]) -> None:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        act(page)
        context.close()

    def first(page: Any) -> None:
        print("First visit, 1440 x 900; the largest that is sent:")
        for name, value in first_visit(page, address).items():
            print(f"  {name}: {value:.1f}")

    def work(page: Any) -> None:
        page.goto(address)
        page.wait_for_selector(".stage[data-drawn]")
        page.mouse.move(10, 10)
        keys = page.evaluate("[...document.querySelectorAll('.card')].map(each => each.dataset.key)")
        page.evaluate(WATCH, ["choose", keys[1], 1 + len(COARSE)])  # the painter is loaded by now
        clicks = [
            page.evaluate(WATCH, ["choose", key, 1 + len(COARSE)])
            for key in (keys[2:] * (1 + repetitions // len(keys)))[:repetitions]
        ]
        report("Style click to picture", [first for first, _ in clicks])
        report("Style click to all previews", [last for _, last in clicks])
        drops = [page.evaluate(WATCH, ["drop", photo, 1 + len(COARSE)]) for photo in photos(repetitions)]
        report("Photo drop to painted", [first for first, _ in drops])

    def load(page: Any) -> None:
        page.goto(address)
        page.wait_for_selector(".stage[data-drawn]")

    print(f"Server, fresh: {memory(process):.0f} MB")
    opened(first)
    opened(work)
    print(f"Server after the work: {memory(process):.0f} MB")
    for count in range(1, loads + 1):
        opened(load)
        if count % max(1, loads // 8) == 0:
            print(f"Server after {count} page loads: {memory(process):.0f} MB", flush=True)
    browser.close()


def main() -> None:
    """Start the studio, measure, and stop it."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--loads", type=int, default=200)
    asked = parser.parse_args()
    with studio() as (address, process), sync_playwright() as driver:
        measure(driver, address, process, asked.repetitions, asked.loads)


if __name__ == "__main__":
    main()
