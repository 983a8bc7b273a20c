"""Match by meaning: the painted sky dresses the sky, the figure dresses the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stylizer.errors import RequestError, Sentence
from stylizer.imaging.regions import REST, Regions

SMALLEST_PART = 0.03
"""Share of a painting below which a part says too little of its style; the whole painting is taken."""

Pairing = dict[str, str | None]
"""Region of the photo -> part of the painting, None for the whole painting; artists may redraw it."""


def usable_parts(painting: Regions) -> tuple[str, ...]:
    """List the parts of a painting that are large enough to have a style of their own."""
    return tuple(name for name in painting.names if name != REST and painting.share(name) >= SMALLEST_PART)


def pair_up(regions: Regions, paintings: Iterable[Regions]) -> Pairing:
    """Pair every region with the part of the same name in a painting, or with the whole painting."""
    parts = {name for painting in paintings for name in usable_parts(painting)}
    return {name: name if name in parts else None for name in regions.names}


def check_pairing(pairing: Mapping[str, str | None], regions: Regions, paintings: list[Regions]) -> Pairing:
    """Return a pairing for all regions, those not mentioned with the whole painting; raises RequestError."""
    parts = sorted({name for painting in paintings for name in usable_parts(painting)})
    for name, part in pairing.items():
        if name not in regions.names:
            raise RequestError(
                "there is no region called {name!r}; there are {known}",
                name=str(name)[:40],
                known=", ".join(regions.names),
            )
        if part is not None and part not in parts:
            raise RequestError(
                "the painting has no part called {part!r}; it has {known}",
                part=str(part)[:40],
                known=", ".join(parts) or Sentence("none"),
            )
    return {name: pairing.get(name) for name in regions.names}
