"""What Gradio keeps of the page for every session, without what nobody reads."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import BlocksConfig


class SessionConfig(BlocksConfig):
    """A session's copy of the page: it describes no widgets.

    Gradio keeps the descriptions of all widgets for every session, to make deep links, which are closed here.
    They cost 0.1 s in which nobody is served: a stranger with 200 sessions stopped the page for 20 seconds.
    """

    @staticmethod
    def config_for_block(*_: Any, **__: Any) -> dict[str, Any]:
        """Return no description."""
        return {}


class PageConfig(BlocksConfig):
    """The page's own configuration, of which sessions take copies."""

    def __copy__(self) -> BlocksConfig:
        copied: BlocksConfig = super().__copy__()  # type: ignore[no-untyped-call]  # of Gradio
        copied.__class__ = SessionConfig
        return copied


def lighten_sessions(page: gr.Blocks) -> None:
    """Let the sessions of a page take light copies of it."""
    page.default_config.__class__ = PageConfig
