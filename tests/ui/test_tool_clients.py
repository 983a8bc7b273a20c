"""Callers of tools: each a session of its own, and never more of them than fit."""

from types import SimpleNamespace

import pytest

from stylizer.errors import RequestError
from stylizer.ui.tool_clients import ToolClients


class Desk:
    """A server of tools that is asked from one address after the other; `made` keeps its clients."""

    def __init__(self, most: int) -> None:
        self.mcp_server = SimpleNamespace(request_context=SimpleNamespace(request=None))
        self._client_instance = None
        self.made = []
        self.clients = ToolClients(self, self.make, most)

    def make(self):
        if self._client_instance is None:  # as Gradio does
            self._client_instance = SimpleNamespace(
                pending_event_ids=set(), pending_messages_per_event={}, closed=False
            )
            self._client_instance.close = lambda made=self._client_instance: setattr(made, "closed", True)
            self.made.append(self._client_instance)
        return self._client_instance

    def ask(self, address: str):
        self.mcp_server.request_context.request = SimpleNamespace(client=SimpleNamespace(host=address))
        return self.clients.client()


def test_each_caller_keeps_a_client_of_its_own():
    desk = Desk(4)
    first, second = desk.ask("10.0.0.1"), desk.ask("10.0.0.2")
    assert first is not second and desk.ask("10.0.0.1") is first and len(desk.made) == 2


def test_the_one_that_is_idle_longest_makes_room_and_one_at_work_stays():
    desk = Desk(2)
    busy, idle = desk.ask("10.0.0.1"), desk.ask("10.0.0.2")
    busy.pending_event_ids.add("job")
    desk.ask("10.0.0.3")
    assert idle.closed and not busy.closed and desk.ask("10.0.0.1") is busy


def test_when_all_are_at_work_another_is_told_to_come_again():
    desk = Desk(1)
    desk.ask("10.0.0.1").pending_event_ids.add("job")
    with pytest.raises(RequestError, match="try again in a minute"):
        desk.ask("10.0.0.2")
