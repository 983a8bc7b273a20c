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
from stylizer.ui.api import make_endpoints
from stylizer.ui.gallery import Wall
from stylizer.ui.handlers.generate import Inventions
from stylizer.ui.handlers.stylize import Studio
from stylizer.ui.handlers.translate import Translations
from stylizer.ui.messages import ABOUT, GREETING, INVENT, STYLIZE, TRANSLATE
from stylizer.ui.middleware import NoRemoteFiles, PackedPage
from stylizer.ui.samples import FOLDER, Example, SamplePhoto, read_example, sample_photos
from stylizer.ui.state import LIFETIME, Sessions
from stylizer.ui.tabs.about import make_about_tab
from stylizer.ui.tabs.generate import make_invent_tab
from stylizer.ui.tabs.stylize import make_stylize_tab
from stylizer.ui.tabs.translate import make_translate_tab
from stylizer.ui.wiring import Parts, wire_page

TITLE = "Style transfer studio"
ACCENT = "#b5441f"
HEADER = """
<header class="masthead"><h1>Style transfer studio</h1><span>Your photo, painted while you watch.</span>
<button type="button" aria-label="Switch between light and dark">Light / Dark</button></header>
"""
MANNERS = """
element.querySelector('button').onclick = () => document.body.classList.toggle('dark');
// Gradio names thumbnails by number; the artist knows them by their caption
const name = () => document.querySelectorAll('.thumbnail-item').forEach((thumbnail) => {
  const caption = thumbnail.querySelector('img')?.alt;
  if (caption && thumbnail.title !== caption) thumbnail.title = thumbnail.ariaLabel = caption;
});
new MutationObserver(name).observe(document.body, {childList: true, subtree: true});
name();
"""


def make_page(engine: Engine, samples: Path = FOLDER) -> gr.Blocks:
    """Make the page of an engine; launch it with `launch_settings`."""
    folder = tempfile.TemporaryDirectory(prefix="studio-shelf-")
    shelf = Path(folder.name)
    cache = Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")
    photos = tuple(_shelve_photo(photo, shelf) for photo in sample_photos(samples))
    example = read_example(samples / "example")
    example = Example(photos[0], "", {0.0: photos[0].path}) if example is None else _shelve(example, shelf)
    wall = Wall(engine.styles(), shelf)
    sessions = Sessions(cache / "visits")
    studio = Studio(engine, sessions, wall, photos, example)
    translations, inventions = Translations(engine, sessions, photos), Inventions(studio)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(600, int(LIFETIME))) as page:
        gr.HTML(HEADER, js_on_load=MANNERS, apply_default_css=False, elem_id="masthead")
        can_find = any(card.role == "segmenter" for card in engine.models())
        doors = {}
        with gr.Tabs(selected=STYLIZE) as tabs:
            with gr.Tab(STYLIZE, id=STYLIZE) as doors[STYLIZE]:
                sentence = GREETING if wall.shipped else missing_styles(engine)
                stylize = make_stylize_tab(wall, photos, studio.greeting(), example.style, sentence, can_find)
            with gr.Tab(TRANSLATE, id=TRANSLATE) as doors[TRANSLATE]:
                translate = make_translate_tab(translations, photos, can_find)
            with gr.Tab(INVENT, id=INVENT) as doors[INVENT]:
                invent = make_invent_tab(inventions)
            with gr.Tab(ABOUT, id=ABOUT, render_children=True) as doors[ABOUT]:
                about = make_about_tab(photos)
        wire_page(
            studio, translations, inventions, page, Parts(tabs, doors, stylize, translate, invent, about)
        )
        make_endpoints(studio)
    page.shelf = folder  # deleted with the page
    threading.Thread(target=studio.warm, daemon=True).start()
    page.queue(max_size=32, default_concurrency_limit=4, api_open=False)
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
        "css_paths": [Path(__file__).with_name("page.css")],
        "footer_links": ["api"],
        "max_file_size": "40mb",
        "show_error": False,
        "run_history": False,
        "enable_monitoring": False,
        "strict_cors": True,
        "allowed_paths": [],
        "ssr_mode": False,
        "app_kwargs": {"middleware": [Middleware(NoRemoteFiles), Middleware(PackedPage)]},
    } | settings


def studio_theme() -> gr.themes.Base:
    """Make the theme: greys without a tint around the picture, one accent, fonts that are there already."""
    fonts = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.orange,
        neutral_hue=gr.themes.colors.neutral,
        font=fonts,
        font_mono=("ui-monospace", "monospace"),
        radius_size=gr.themes.sizes.radius_sm,
        spacing_size=gr.themes.sizes.spacing_md,
    )
    light = {
        "body_background_fill": "#f6f6f5",
        "background_fill_primary": "#ffffff",
        "background_fill_secondary": "#f6f6f5",
        "block_background_fill": "transparent",
        "body_text_color": "#1d1d1d",
        "body_text_color_subdued": "#595959",
        "block_info_text_color": "#595959",
        "border_color_primary": "#d6d6d4",
        "input_background_fill": "#ffffff",
        "button_secondary_background_fill": "#e6e6e4",
        "button_secondary_background_fill_hover": "#dadad8",
        "button_secondary_text_color": "#1d1d1d",
        "button_primary_background_fill": ACCENT,
        "button_primary_background_fill_hover": "#98381a",
        "button_primary_text_color": "#ffffff",
        "slider_color": ACCENT,
        "color_accent": ACCENT,
        "border_color_accent": ACCENT,
        "checkbox_background_color_selected": ACCENT,
        "checkbox_border_color_selected": ACCENT,
    }
    dark = {
        "body_background_fill": "#222222",
        "background_fill_primary": "#2a2a2a",
        "background_fill_secondary": "#222222",
        "block_background_fill": "transparent",
        "body_text_color": "#ececec",
        "body_text_color_subdued": "#b4b4b4",
        "block_info_text_color": "#b4b4b4",
        "border_color_primary": "#454545",
        "input_background_fill": "#2e2e2e",
        "button_secondary_background_fill": "#3a3a3a",
        "button_secondary_background_fill_hover": "#464646",
        "button_secondary_text_color": "#ececec",
        "button_primary_background_fill": ACCENT,
        "button_primary_background_fill_hover": "#c9562e",
        "button_primary_text_color": "#ffffff",
        "slider_color": "#d9683f",
        "border_color_accent": "#d9683f",
        "checkbox_background_color_selected": "#d9683f",
        "checkbox_border_color_selected": "#d9683f",
    }
    return theme.set(
        **light,
        **{f"{name}_dark": color for name, color in dark.items()},
        block_border_width="0px",
        block_padding="0px",
        block_shadow="none",
        block_title_text_weight="500",
        block_title_text_color="#1d1d1d",
        block_title_text_color_dark="#ececec",
        block_radius="4px",
    )


def _shelve_photo(photo: SamplePhoto, shelf: Path) -> SamplePhoto:
    """Copy a photo to the shelf: the page hands out files of the temporary folder only."""
    return replace(photo, path=Path(shutil.copy(photo.path, shelf)))


def _shelve(example: Example, shelf: Path) -> Example:
    folder = shelf / "example"
    folder.mkdir()
    frames = {strength: Path(shutil.copy(path, folder)) for strength, path in example.frames.items()}
    return replace(example, frames=frames)
