"""Connections as uvicorn holds them: open long enough, and read little at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from stylizer.ui import limits


class PatientProtocol(H11Protocol):
    """Read from a connection a few kilobytes at a time, and hear all others before its next ones.

    What was read together is taken apart together: 256 kB of a body in parts of one byte kept all waiting
    for 0.25 s, and 1.2 MB, on cores that had other work, for 31 s.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Bound what asyncio reads together."""
        transport.max_size = limits.READ_BYTES  # type: ignore[attr-defined]  # of its transports for sockets
        super().connection_made(transport)


def be_patient(config: Any) -> None:
    """Set how a running server, of which this is uvicorn's configuration, holds connections from now on."""
    config.timeout_keep_alive = limits.CONNECTION_SECONDS
    if config.http_protocol_class is H11Protocol:  # another may be installed, which is written in C
        config.http_protocol_class = PatientProtocol
