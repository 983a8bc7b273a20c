"""The executor: one device for all threads, what it remembers, and large pictures in tiles.

Every piece of work holds the device for one stage or one tile; previews that wait go first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from stylizer.engine.forecast import Pace
from stylizer.engine.progress import CancelToken, Progress, ProgressReceiver, ignore_progress
from stylizer.engine.runtime.cache import Cache
from stylizer.engine.runtime.device import Device
from stylizer.engine.runtime.heaps import give_back_heaps
from stylizer.errors import DeviceError, Sentence
from stylizer.imaging.picture import Picture
from stylizer.imaging.resize import fitting_size, resize_picture
from stylizer.imaging.tensors import ground_color, to_device, to_tensor, window_tensor
from stylizer.imaging.tiles import Tile, plan_tiles

PREVIEW_SIDE = 1024
"""Results up to this long side count as previews: they go before full-size renders."""
SMALLEST_TILE = 128
"""Side of the smallest tile: below it halos are most of what is painted, and little memory is saved."""
SMALLER_TILES = Sentence("The device ran short of memory; the picture was painted in smaller tiles.")
_SHORT = ("allocate memory", "out of memory", "_ALLOC_FAILED")
"""What a CPU's allocator says; those of Apple's GPUs and of pinned memory; cuBLAS and cuDNN."""
_GLANCE = 0.05  # seconds between two looks at the token while waiting
BREATH = 0.3
"""Seconds without a preview before patient work goes on: the keyframes of one click come closer."""


class Weighed(Protocol):
    """What can be remembered: it knows its bytes."""

    @property
    def nbytes(self) -> int:
        """Count the bytes held, for the cache's budget."""
        ...


RequestT = TypeVar("RequestT")
Value = TypeVar("Value", bound=Weighed)
Answer = TypeVar("Answer")
Size = tuple[int, int]
"""Height and width, pixels."""


@dataclass
class Job(Generic[RequestT]):
    """A request under way: who may stop it, where the time went, how many tiles are done of how many."""

    request: RequestT
    token: CancelToken = field(default_factory=CancelToken)
    receive: ProgressReceiver = ignore_progress
    preview: bool = True
    patient: bool = False
    """Whether it waits until no preview was painted for a moment."""
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    tiles: int = 0
    tiles_done: int = 0

    def tell_of_tiles(self) -> None:
        """Tell how many tiles of all are done."""
        self.receive(Progress("tiles", self.tiles_done, self.tiles))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, tell of its start, and stop before it if asked to."""
        self.token.check()
        self.receive(Progress(name, 0, 1))
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


class DeviceLock:
    """The right to compute on one device, held for one stage or one tile at a time.

    When it gets free, previews that wait go first; so a preview waits for one tile at most. Patient work
    waits until there was none for a moment, and does not slip in between those of one click.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._taken = False
        self._previews = 0
        self._last_preview = -BREATH

    @contextmanager
    def hold(
        self, preview: bool = False, token: CancelToken | None = None, patient: bool = False
    ) -> Iterator[None]:
        """Hold the device inside a with block; raises Cancelled if the token is set before it is free."""
        self._acquire(preview, token, patient)
        try:
            yield
        finally:
            with self._condition:
                self._taken = False
                if preview:
                    self._last_preview = time.monotonic()
                self._condition.notify_all()

    def close(self, seconds: float) -> bool:
        """Take the device for good once what is under way ends; tells whether it did in so many seconds."""
        with self._condition:
            self._previews += 1  # and never taken back: nothing else goes first
            free = self._condition.wait_for(lambda: not self._taken, seconds)
            self._taken = True
            return free

    def _acquire(self, preview: bool, token: CancelToken | None, patient: bool) -> None:
        with self._condition:
            self._previews += preview
            try:
                while True:
                    if token is not None:
                        token.check()
                    calm = not patient or time.monotonic() - self._last_preview > BREATH
                    if not self._taken and (preview or (not self._previews and calm)):
                        self._taken = True
                        return
                    self._condition.wait(_GLANCE)
            finally:
                self._previews -= preview
                self._condition.notify_all()


@dataclass(frozen=True)
class Tiling:
    """How pictures are cut: windows start on multiples of `stride`, reach `halo` pixels past their core."""

    stride: int
    halo: int

    def cut(self, size: Size, side: int) -> tuple[Tile, ...]:
        """Cut a picture of `size` into tiles of about `side` pixels."""
        return plan_tiles(*size, side, self.halo, self.stride)


class Executor:
    """Run work on one device, for all threads of a program, and remember what it gave."""

    def __init__(self, device: Device, cache_bytes: int) -> None:
        self.device, self.cache = device, Cache(cache_bytes)
        self.pace = Pace(device.torch if device.torch.type == "cuda" else None)
        self._device_lock = DeviceLock()
        self._resident: dict[str, Any] = {}
        self._loading = threading.Lock()

    # -- the device -------------------------------------------------------------------------------------

    @contextmanager
    def holding(self, job: Job[Any], learning: bool = False) -> Iterator[None]:
        """Hold the device, with its number type and without gradients; raises Cancelled.

        What is `learning` gets gradients, and numbers as it makes them.
        """
        with self._device_lock.hold(job.preview, job.token, job.patient):
            if learning:
                with torch.enable_grad():
                    yield
                return
            with torch.inference_mode(), self.device.precision():
                yield

    def close(self, seconds: float) -> bool:
        """Let the step, tile or stage under way end, and none begin any more; tells whether it ended in time.

        Threads that compute while a program ends abort it: what they are in must not be unwound.
        """
        return self._device_lock.close(seconds)

    def compute(self, job: Job[Any], key: Hashable, work: Callable[[], Value]) -> Value:
        """Return what `work` gives, from the cache if it was asked before; work holds the device itself."""
        return self.cache.get(key, work, attrgetter("nbytes"), job.token)

    def resident(self, name: str, load: Callable[[], Any]) -> Any:
        """Return a network on the device that is loaded once and stays."""
        with self._loading:
            if name not in self._resident:
                self._resident[name] = self._placed(load)
            return self._resident[name]

    def network(self, name: str, load: Callable[[], Any], token: CancelToken | None = None) -> Any:
        """Return a network on the device, from the cache if it was asked before."""
        return self.cache.get(("network", name), lambda: self._placed(load), _network_bytes, token)

    def _placed(self, load: Callable[[], Any]) -> Any:
        # first needed in the middle of a painting, it would be of inference tensors: no study learns by those
        with torch.inference_mode(False):
            return load().to(self.device.torch, memory_format=torch.channels_last)

    # -- pictures ---------------------------------------------------------------------------------------

    def target(self, job: Job[Any], content: Picture, long_side: int | None) -> Picture:
        """Return the photo at the size of the result, and tell whether that makes a preview."""
        with job.stage("photo"):
            target = self.fitted(content, long_side)
            job.preview = max(target.height, target.width) <= PREVIEW_SIDE
        return target

    def fitted(self, picture: Picture, long_side: int | None) -> Picture:
        """Return a picture of at most that long side, from the cache if it was asked before."""
        if long_side is None:
            return picture
        return self.resized(picture, fitting_size(picture.height, picture.width, long_side))

    def resized(self, picture: Picture, size: Size) -> Picture:
        """Return a picture in another size, from the cache if it was asked before."""
        if (picture.height, picture.width) == size:
            return picture
        key = ("resized", picture.digest, size)
        return self.cache.get(key, lambda: resize_picture(picture, *size), _picture_bytes)

    def whole(self, picture: Picture) -> Tensor:
        """Return all of a picture (1, 3, H, W) on the device."""
        return to_tensor(picture, self.device.torch).contiguous(memory_format=torch.channels_last)

    def in_tiles(
        self,
        job: Job[Any],
        photo: Picture,
        tiling: Tiling,
        paint: Callable[[Tile, Tensor], None],
        drawn: bool = False,
    ) -> None:
        """Paint tile by tile, given the photo's (1, 3, h, w) there.

        Each tile holds the device for itself, so previews slip in between. Where memory runs short the
        tiles become smaller, down to SMALLEST_TILE, and a note says so. `drawn` tells that a network draws
        them; how long they take foretells the next picture.
        """
        ground, side = ground_color(photo), self.device.tile
        while True:
            tiles = tiling.cut((photo.height, photo.width), side)
            job.tiles = max(job.tiles, job.tiles_done + len(tiles))
            try:
                for tile in tiles:
                    job.tell_of_tiles()
                    kind = "tile" if drawn else "plain tile"
                    with self.holding(job), self.pace.measured(kind, tile.pixels):
                        seen = to_device(
                            window_tensor(photo, ground, tile.rows, tile.columns), self.device.torch
                        )
                        paint(tile, seen.contiguous(memory_format=torch.channels_last))
                    job.tiles_done += 1
                return
            except (RuntimeError, MemoryError) as error:
                if not ran_short(error) or side // 2 < SMALLEST_TILE:
                    raise
            side //= 2
            self.device.empty_cache()  # not before: an error holds what was at hand where it was raised
            if SMALLER_TILES not in job.notes:
                job.notes.append(SMALLER_TILES)

    def carry_out(self, job: Job[RequestT], pipeline: Callable[[Job[RequestT]], Answer]) -> Answer:
        """Do a job; what a large picture took goes back to the system, however it ends."""
        try:
            return pipeline(job)
        finally:
            self.give_back(job)

    def give_back(self, job: Job[Any]) -> None:
        """Give free memory back to the system if the job makes a large picture."""
        if not job.preview:
            give_back_heaps()

    def within_memory(
        self, work: Callable[[], Answer], elsewhere: Callable[[], Answer] | None = None
    ) -> Answer:
        """Do a work; where memory runs short, forget all that is remembered and do it once more.

        When that is not enough, `elsewhere` does it on another device. Raises DeviceError, in a sentence,
        where there is none; what comes next finds memory again.
        """
        for again in (False, True):
            try:
                return work()
            except (RuntimeError, MemoryError) as error:
                if not ran_short(error):
                    raise
            self.cache.clear()
            self.device.empty_cache()
            if again:
                break
        if elsewhere is not None:
            return elsewhere()
        raise too_little_memory()

    def step_by_step(self, steps: Iterator[Answer]) -> Iterator[Answer]:
        """Yield what work gives step by step; where memory runs short, forget all that is remembered.

        Raises DeviceError, in a sentence, then: what was yielded cannot be done once more.
        """
        try:
            yield from steps
            return
        except (RuntimeError, MemoryError) as error:
            if not ran_short(error):
                raise
        self.cache.clear()
        self.device.empty_cache()
        raise too_little_memory()


def too_little_memory() -> DeviceError:
    """Return the sentence for work that memory is too small for."""
    return DeviceError(
        "there is not enough memory for that here just now; make the picture smaller, or try again later"
    )


def ran_short(error: BaseException) -> bool:
    """Tell whether an error says that memory ran short: torch's own class for that is not always used."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _SHORT)


def _picture_bytes(picture: Picture) -> int:
    return picture.rgb.nbytes + (0 if picture.alpha is None else picture.alpha.nbytes)


def _network_bytes(network: Any) -> int:
    return sum(weight.nbytes for weight in network.state_dict().values())
