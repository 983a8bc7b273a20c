"""Where the painter runs and with what numbers."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import ClassVar

import torch

from stylizer.errors import DeviceError
from stylizer.models.number_type import fast_type

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Device:
    """A torch device and the type in which the painter's convolutions run there."""

    name: str
    dtype: torch.dtype

    tolerance: ClassVar[float] = 0.004
    """Mean difference, of 1, that shorter numbers than float32 may make. bfloat16 makes .0016 on a CPU (PSNR
    53 dB, six pairs at 768 px) and takes .68 of the time."""

    @property
    def tile(self) -> int:
        """Side of a full-size tile: soon done on a CPU, large enough to keep a GPU busy."""
        return 512 if self.torch.type == "cpu" else 1024

    @property
    def torch(self) -> torch.device:
        """Return torch's own object."""
        return torch.device(self.name)

    def empty_cache(self) -> None:
        """Give memory that torch keeps for later back to the device."""
        if self.torch.type == "cuda":
            torch.cuda.empty_cache()
        elif self.torch.type == "mps":
            torch.mps.empty_cache()

    def precision(self) -> AbstractContextManager[object]:
        """Enter the device's number type; statistics and colors stay float32 inside the painter."""
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.torch.type, self.dtype)


def choose_device(name: str = "auto", whole_precision: bool = False) -> Device:
    """Choose the device ("auto": CUDA, then MPS, then CPU) and its number type.

    `whole_precision` keeps float32 everywhere. Raises DeviceError for a name that is unknown here.
    """
    kind, _, number = name.partition(":")
    if kind not in DEVICES or (number and kind != "cuda"):
        raise DeviceError(f"device is {name!r}; known are {', '.join(DEVICES)}")
    if kind == "auto":
        name = kind = "cuda" if torch.cuda.is_available() else "mps" if torch.mps.is_available() else "cpu"
    if kind == "cuda" and not torch.cuda.is_available():
        raise DeviceError("device is 'cuda', but there is no NVIDIA GPU here; choose cpu or auto")
    if number and not (number.isdecimal() and int(number) < torch.cuda.device_count()):
        last = torch.cuda.device_count() - 1
        raise DeviceError(
            f"device is {name!r}, but the GPUs here are cuda:0 to cuda:{last}; choose one of these"
        )
    if kind == "mps" and not torch.mps.is_available():
        raise DeviceError("device is 'mps', but there is no Apple GPU here; choose cpu or auto")
    return Device(name, torch.float32 if whole_precision else fast_type(kind))
