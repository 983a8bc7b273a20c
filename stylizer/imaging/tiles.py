"""Plans that cut a large picture into tiles which together cover every pixel once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """One tile: what a network sees of the picture, and the core inside that is kept."""

    rows: slice
    """Rows of the picture that are seen: the core and its halo."""
    columns: slice
    core_rows: slice
    """Rows of the picture that this tile alone fills."""
    core_columns: slice

    @property
    def pixels(self) -> int:
        """Count the pixels that are seen."""
        return (self.rows.stop - self.rows.start) * (self.columns.stop - self.columns.start)

    @property
    def inner_rows(self) -> slice:
        """Where the core lies among the rows that are seen."""
        return _inside(self.core_rows, self.rows)

    @property
    def inner_columns(self) -> slice:
        """Where the core lies among the columns that are seen."""
        return _inside(self.core_columns, self.columns)


def plan_tiles(height: int, width: int, tile: int, halo: int, stride: int) -> tuple[Tile, ...]:
    """Cut height x width pixels into tiles with cores of at most about `tile` pixels a side, row by row.

    Cores are nearly equal, so none is a sliver. Every seen window begins on a multiple of `stride` and
    reaches `halo` pixels, rounded up to the stride, past its core where the picture goes on. Raises
    ValueError when a size is not positive or the halo is negative.
    """
    if min(height, width, tile, stride) < 1 or halo < 0:
        raise ValueError(
            f"cannot tile {height} x {width} by tile {tile}, halo {halo}, stride {stride}; "
            "sizes must be positive, the halo at least 0"
        )
    halo = -(-halo // stride) * stride
    return tuple(
        Tile(seen_rows, seen_columns, core_rows, core_columns)
        for core_rows, seen_rows in _spans(height, tile, halo, stride)
        for core_columns, seen_columns in _spans(width, tile, halo, stride)
    )


def _spans(length: int, tile: int, halo: int, stride: int) -> list[tuple[slice, slice]]:
    """Cut one side into (core, seen) spans."""
    count = -(-length // tile)
    step = -(-length // (count * stride)) * stride
    return [
        (slice(at, min(at + step, length)), slice(max(at - halo, 0), min(at + step + halo, length)))
        for at in range(0, length, step)
    ]


def _inside(core: slice, seen: slice) -> slice:
    return slice(core.start - seen.start, core.stop - seen.start)
