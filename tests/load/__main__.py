"""Let visitors use the page's own events, and programs its endpoints, all at once; tell what became of it.

Every photo is new, so nothing is remembered of it; `--known` takes twelve in turn. With `--failing 0.05` that
share of all paintings fails on the server. Every page must show its own photo; of all pictures some are
painted again here, alone, and compared. The exit status tells whether nothing was wrong, and nothing broke.
"""

import argparse
import collections
import io
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from gradio_client import Client, handle_file
from PIL import Image

from stylizer.engine import Engine, StyleChoice, StyleRequest
from stylizer.imaging.picture import Picture, encode_picture, open_picture
from stylizer.imaging.resize import resize_picture
from stylizer.ui.samples import FOLDER
from tests.load.visitor import BUSY, OpenPage, Told
from tests.ui.small_studio import free_port

SURE = 30.0
"""PSNR in dB, to the picture painted alone, of one that is right: what the stage shows is a lossy file."""
PROBES = 16
"""Pictures of each kind that are painted again."""


@dataclass
class Tally:
    """What became of all that was asked: seconds by kind, sentences, and probes to paint again."""

    took: dict[str, list[float]] = field(default_factory=lambda: collections.defaultdict(list))
    told: collections.Counter = field(default_factory=collections.Counter)
    broke: collections.Counter = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    probes: dict[str, list[tuple]] = field(default_factory=lambda: collections.defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def done(self, kind: str, seconds: float, probe: tuple | None = None) -> None:
        with self.lock:
            self.took[kind].append(seconds)
            if probe is not None and len(self.probes[kind]) < PROBES:
                self.probes[kind].append(probe)


def new_photo(bases: list[Picture], user: int, turn: int, known: bool) -> tuple[str, bytes]:
    """Make a photo that nobody has seen before, in a size of its user's own."""
    number = turn % 12 if known else turn
    base = bases[(user * 7 + number) % len(bases)]
    side = 256 + 16 * (user % 16) + number % 16
    small = resize_picture(base, max(32, round(side * base.height / base.width)), side).rgb
    lit = np.roll(small, number, 1).astype(np.int16) + (user * 31 + number * 17) % 23 - 11
    photo = Picture(np.clip(lit, 0, 255).astype(np.uint8))
    return f"{user}-{number}.png", encode_picture(photo, "png")


def use_page(page: OpenPage, tally: Tally, turn: int, photo: tuple[str, bytes], style: str) -> None:
    """Bring a photo, choose a style, wait for the picture, let the slider rest, and now and then save."""
    name, own, began = photo[0], open_picture(photo[1]), time.monotonic()
    page.bring(*photo)
    page.choose(style)
    shown = page.paint()
    if shown.get("photo") != own.digest[:16]:
        tally.wrong.append(f"{name}: the stage shows another photo")
    files = {round(frame["strength"], 3): frame["file"] for frame in shown.get("frames", ())}
    if 1.0 not in files:
        raise Told("the stage shows no painting")
    tally.done("paint", time.monotonic() - began, (own, style, 1.0, page.fetch(files[1.0])))
    began = time.monotonic()
    shown = page.rest(0.66)
    truth = [each for each in shown["truth"] if abs(each["strengths"][0] - 0.66) < 1e-6]
    if not truth:
        raise Told("the stage shows no true picture")
    tally.done("rest", time.monotonic() - began, (own, style, 0.66, page.fetch(truth[-1]["file"])))
    if turn % 3 == 2:
        began = time.monotonic()
        saved = page.fetch(page.save())
        tally.done("save", time.monotonic() - began, (own, style, 0.75, saved))


def use_endpoint(client: Client, tally: Tally, turn: int, photo: tuple, style: str, folder: Path) -> None:
    """Paint a photo by /stylize, or by /stylize_regions, or translate it."""
    file, began = folder / photo[0], time.monotonic()
    file.write_bytes(photo[1])
    sent, kind = handle_file(file), ("stylize", "stylize_regions", "stylize", "translate")[turn % 4]
    if kind == "stylize":
        found = client.predict(photo=sent, style=style, strength=0.8, api_name="/stylize")
    elif kind == "translate":
        found = client.predict(photo=sent, model="stargan", strength=0.8, api_name="/translate")
    else:
        asked = {"regions": f"sky={style}", "style": "great-wave", "strength": 0.8}
        found = client.predict(photo=sent, **asked, api_name="/stylize_regions")
    painted, own = Path(found).read_bytes(), open_picture(photo[1])
    with Image.open(io.BytesIO(painted)) as image:
        if image.size != (own.width, own.height):
            tally.wrong.append(f"{photo[0]}: {kind} gave {image.size}")
    tally.done(kind, time.monotonic() - began, (own, style, 0.8, painted) if kind == "stylize" else None)


def visit(address: str, number: int, options, tally: Tally, bases, styles, folder: Path, end: float) -> None:
    """Be one visitor until the time is over: pages have even numbers, programs odd ones."""
    site = httpx.get(f"{address}config", timeout=180).json()
    client = None
    if number % 2:
        client = Client(
            address,
            verbose=False,
            download_files=str(folder / f"user{number}"),
            httpx_kwargs={"timeout": 180},
        )
    page = None if client else OpenPage(address, site)
    for turn in itertools.count():
        if time.monotonic() > end:
            return
        photo = new_photo(bases, number, turn, options.known)
        style = styles[(number * 5 + turn) % len(styles)]
        try:
            if page is not None:
                use_page(page, tally, turn, photo, style)
            else:
                use_endpoint(client, tally, turn, photo, style, folder)
        except Exception as error:
            said = isinstance(error, Told) or type(error).__name__ == "AppError"
            with tally.lock:
                (tally.told if said else tally.broke)[
                    f"{'' if said else type(error).__name__ + ': '}{error}"[:160]
                ] += 1
            time.sleep(0.5)


def compare(tally: Tally) -> dict[str, float]:
    """Paint the probes again, alone; returns the lowest PSNR of each kind, and notes what is wrong."""
    engine, lowest = Engine(device="cpu"), {}
    for kind, probes in tally.probes.items():
        for own, style, strength, data in probes:
            request = StyleRequest(own, (StyleChoice(engine.find_style(style)),), strength=strength)
            wanted = engine.run(request).picture.rgb.astype(np.float64)
            found = open_picture(data).rgb
            if found.shape != wanted.shape:
                tally.wrong.append(f"{kind}: {found.shape} for {wanted.shape}")
                continue
            error = ((found - wanted) ** 2).mean()
            ratio = 99.0 if error == 0 else 10 * np.log10(255**2 / error)
            lowest[kind] = min(ratio, lowest.get(kind, 99.0))
            if ratio < SURE:
                tally.wrong.append(f"{kind}: {ratio:.1f} dB from the picture painted alone")
    return lowest


def resident(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--failing", type=float, default=0.0)
    parser.add_argument("--known", action="store_true")
    parser.add_argument("--log", type=Path, help="keep the server's log here")
    options = parser.parse_args()
    bases = [open_picture(file) for file in sorted(FOLDER.glob("*.webp"))]
    port, tally = free_port(), Tally()
    address = f"http://127.0.0.1:{port}/"
    with tempfile.TemporaryDirectory() as space, open(options.log or os.devnull, "w") as log:
        words = [sys.executable, "-m", "tests.load.server", str(port), str(options.failing)]
        known = os.environ | {"GRADIO_TEMP_DIR": f"{space}/files", "TMPDIR": space}
        server = subprocess.Popen(words, env=known, stdout=log, stderr=log)
        try:
            for _ in range(300):
                try:
                    httpx.get(f"{address}config", timeout=30)
                    break
                except httpx.TransportError:
                    time.sleep(1)
            styles = [each["name"] for each in Client(address, verbose=False).predict(api_name="/styles")]
            began, memory = time.monotonic(), [resident(server.pid)]
            end = began + options.seconds
            with ThreadPoolExecutor(options.users) as pool:
                everyone = [
                    pool.submit(visit, address, number, options, tally, bases, styles, Path(space), end)
                    for number in range(options.users)
                ]
                while not all(each.done() for each in everyone):
                    time.sleep(5)
                    memory.append(resident(server.pid))
                for each in everyone:
                    each.result()
            spent = time.monotonic() - began
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(120)
    lowest = compare(tally)
    every = sorted(seconds for took in tally.took.values() for seconds in took)
    print(f"{options.users} users, {spent:.0f} s: {len(every)} answers, {len(tally.wrong)} wrong, "
          f"{sum(tally.told.values())} refusals in words, {sum(tally.broke.values())} broken")  # fmt: skip
    for kind, took in tally.took.items():
        took.sort()
        near = f", at least {lowest[kind]:.1f} dB" if kind in lowest else ""
        half, most = took[len(took) // 2], took[int(0.95 * len(took))]
        print(f"  {kind}: {len(took)}, p50 {half:.1f} s, p95 {most:.1f} s{near}")
    print(f"  memory every 30 s: {', '.join(f'{each:.0f}' for each in (*memory[::6], memory[-1]))} MB")
    for sentence, count in (*tally.told.most_common(6), *tally.broke.most_common(6)):
        print(f"  {count} x {sentence}")
    for line in tally.wrong[:10]:
        print(f"  wrong: {line}")
    unexpected = [sentence for sentence in tally.told if options.failing == 0 and not BUSY.search(sentence)]
    return 1 if tally.wrong or tally.broke or unexpected or not every else 0


if __name__ == "__main__":
    sys.exit(main())
