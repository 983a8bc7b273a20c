"""Assistants that call tools: each caller has a session of its own, and they are bounded in number.

Gradio lets all of them share one: its waiting jobs would count together, so that one caller takes the places
of all, and nobody could tell who has left.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from stylizer.errors import RequestError
from stylizer.ui import limits


class ToolClients:
    """The clients by which a server of tools asks the page, one for each caller's address.

    Where there are too many, the one that is idle longest goes. `make` makes a client of Gradio.
    """

    def __init__(self, server: Any, make: Callable[[], Any], most: int = limits.TOOL_CALLERS) -> None:
        self.server, self.make, self.most = server, make, most
        self._clients: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def client(self) -> Any:
        """Return the client of whoever calls just now; raises RequestError when all are at work."""
        request = self.server.mcp_server.request_context.request
        caller = request.client.host if request is not None and request.client is not None else ""
        with self._lock:
            found = self._clients.pop(caller, None)
            if found is None:
                self._make_room()
                found = self._made()
            self._clients[caller] = found
            return found

    def _make_room(self) -> None:
        if len(self._clients) < self.most:
            return
        idle = next((caller for caller, each in self._clients.items() if not _works(each)), None)
        if idle is None:
            raise RequestError("As many assistants as fit are at work here; try again in a minute.")
        self._clients.pop(idle).close()

    def _made(self) -> Any:
        """Make a client in the server's own way, which keeps the first for all."""
        self.server._client_instance = None
        try:
            return self.make()
        finally:
            self.server._client_instance = None


def _works(client: Any) -> bool:
    return bool(client.pending_event_ids or client.pending_messages_per_event)


def part_callers(page: Any) -> None:
    """Give each caller of a page's tools a session of its own."""
    server = page.mcp_server_obj
    if server is not None:
        server._get_or_create_client = ToolClients(server, server._get_or_create_client).client
