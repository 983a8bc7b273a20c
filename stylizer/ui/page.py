"""The page: its tabs, its theme, and how it is served."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from stylizer.engine import Engine
from stylizer.imaging.picture import save_picture
from stylizer.imaging.resize import fit_within
from stylizer.ui import limits
from stylizer.ui.connections import be_patient
from stylizer.ui.endpoints import make_endpoints
from stylizer.ui.gallery import StyleGallery
from stylizer.ui.handlers.generate import GenerateHandlers
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.handlers.translate import TranslateHandlers
from stylizer.ui.language import labels, mark_labels
from stylizer.ui.messages import ABOUT, GREETING, INVENT, STYLIZE, TRANSLATE
from stylizer.ui.middleware import EarlyHead, PackedPage, StageScripts
from stylizer.ui.page_config import lighten_sessions
from stylizer.ui.protection import PROTECTION, lifespan
from stylizer.ui.samples import FOLDER, Example, SamplePhoto, read_example, sample_photos
from stylizer.ui.sessions import Sessions
from stylizer.ui.stage.component import call_page
from stylizer.ui.studies import StudyDesk
from stylizer.ui.tabs.about import make_about_tab
from stylizer.ui.tabs.generate import make_generate_tab
from stylizer.ui.tabs.stylize import make_stylize_tab
from stylizer.ui.tabs.translate import make_translate_tab
from stylizer.ui.theme import studio_theme
from stylizer.ui.visits import read_visit
from stylizer.ui.wiring import Parts, wire_page

UPLOADED = 3600
"""Seconds for which an upload stays where Gradio put it; visits have copies."""
SMALL_SIDE = 200
"""Longest side of a sample photo as it is shown for choosing."""
TITLE = "Style transfer studio"
HEADER = """
<header class="masthead"><h1>Style transfer studio</h1><span>Your photo, painted while you watch.</span>
<button type="button" title="Switch between light and dark">Light / Dark</button></header>
"""
MIDDLEWARE = (*PROTECTION, PackedPage, EarlyHead, StageScripts)


def make_page(engine: Engine, samples: Path = FOLDER, data: Path | None = None) -> gr.Blocks:
    """Make the page of an engine; launch it with `launch_settings`.

    `data` is the folder where visits are kept, so that they outlive the server.
    """
    folder = tempfile.TemporaryDirectory(prefix="studio-shelf-")
    shelf = Path(folder.name).resolve()
    cache = Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")
    photos = tuple(_shelve_photo(photo, shelf) for photo in sample_photos(samples))
    example = read_example(samples / "example")
    example = Example(photos[0], "", {0.0: photos[0].path}) if example is None else _shelve(example, shelf)
    gallery = StyleGallery(engine.styles(), shelf, example.style)
    sessions = Sessions(Path(os.path.abspath(data or cache / "visits")), loose=cache / "loose")
    # as they are: Gradio would delete what it hands out when it ends
    gr.set_static_paths([sessions.shown, shelf])
    stylize = StylizeHandlers(engine, sessions, gallery, photos, example)
    translate, generate = TranslateHandlers(engine, sessions, photos), GenerateHandlers(stylize)
    named = {style.slug: style for style in engine.styles()}
    edits_types = {each.stage_name: each.edits_type for each in (stylize, translate)}
    sessions.read = lambda session: read_visit(session, sessions.shown, named, edits_types)
    sessions.sweep_for_ever()
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(600, UPLOADED)) as page:
        with gr.Column(elem_id="masthead-box"):
            gr.HTML(
                HEADER,
                js_on_load=f"({call_page('openPage(...values)')})(element)",
                apply_default_css=False,
                elem_id="masthead",
            )
        can_find = any(card.role == "segmenter" for card in engine.models())
        doors = {}
        with gr.Tabs(selected=STYLIZE) as tabs:
            with gr.Tab(STYLIZE, id=STYLIZE) as doors[STYLIZE]:
                sentence = GREETING if gallery.shipped else missing_styles(engine)
                greeting = stylize.greeting()
                stylize_tab = make_stylize_tab(gallery, photos, greeting, example.style, sentence, can_find)
            with gr.Tab(TRANSLATE, id=TRANSLATE) as doors[TRANSLATE]:
                translate_tab = make_translate_tab(translate, photos, can_find)
            with gr.Tab(INVENT, id=INVENT) as doors[INVENT]:
                generate_tab = make_generate_tab(generate)
            with gr.Tab(ABOUT, id=ABOUT, render_children=True) as doors[ABOUT]:
                about = make_about_tab(photos)
        parts = Parts(doors, stylize_tab, translate_tab, generate_tab, about)
        studies = StudyDesk(engine)
        wire_page(stylize, translate, generate, studies, page, parts)
        endpoints = make_endpoints(engine, sessions, studies)
    mark_labels(tabs)
    lighten_sessions(page)
    page.shelf = folder  # deleted with the page
    page.leave = endpoints.leave  # told when the stream of a caller's answers ends
    threading.Thread(target=stylize.warm, daemon=True).start()
    page.queue(max_size=limits.QUEUE_PLACES, default_concurrency_limit=4, api_open=False)
    return page


def missing_styles(engine: Engine) -> str:
    """Say why there is nothing to choose from."""
    if not any(card.role == "stylizer" for card in engine.models()):
        return "The painter is missing: put its folder at checkpoints/painter and start again."
    return "The named styles are missing: put them in checkpoints/styles, or add your own paintings."


def launch_settings(**settings: Any) -> dict[str, Any]:
    """Return how the page is launched: safe limits, our look, no outside fonts."""
    return {
        "theme": studio_theme(),
        "css_paths": [Path(__file__).with_name(name) for name in ("page.css", "phone.css")],
        "footer_links": ["api"],
        "max_file_size": limits.FILE_BYTES,
        "state_session_capacity": limits.PAGES,
        "show_error": False,
        "run_history": False,
        "enable_monitoring": False,
        "strict_cors": True,
        "i18n": labels(),
        "mcp_server": True,
        "allowed_paths": [],
        "ssr_mode": False,
        # Gradio asks its own page once, for three seconds, and ends where a busy machine takes longer
        "_frontend": False,
        "app_kwargs": {
            "middleware": [Middleware(each) for each in MIDDLEWARE],
            "lifespan": lifespan,
            "openapi_url": None,
        },
    } | settings


def open_page(page: gr.Blocks, **settings: Any) -> str:
    """Serve a page until it is closed, not waiting for that; return its address."""
    _, address, _ = page.launch(prevent_thread_lock=True, **launch_settings(**settings))
    be_patient(page.server.config)  # which is read at every new connection
    return str(address)


def _shelve_photo(photo: SamplePhoto, shelf: Path) -> SamplePhoto:
    """Copy a photo to the shelf, and a small one: the page hands out files of the temporary folder only."""
    small = shelf / f"{photo.name}.small.webp"
    save_picture(fit_within(photo.open(), SMALL_SIDE), small, quality=78)
    return replace(photo, path=Path(shutil.copy(photo.path, shelf)), small=small)


def _shelve(example: Example, shelf: Path) -> Example:
    folder = shelf / "example"
    folder.mkdir()
    frames = {strength: Path(shutil.copy(path, folder)) for strength, path in example.frames.items()}
    return replace(example, frames=frames)
