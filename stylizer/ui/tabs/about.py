"""The History & About tab: this visit's finished pictures, and what the studio is."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from stylizer import __version__
from stylizer.ui.samples import SamplePhoto
from stylizer.ui.stage.component import make_status_line

TEXT = (
    "<h3>What happens to your pictures</h3><p>Your photos and paintings stay on the computer that runs "
    "this page, so that this visit can come back after a reload, or tomorrow. They are deleted two days "
    "after your last click, or at once with the button below. Nobody can guess a picture's address, but "
    "whoever has it can see the picture until then. A saved PNG holds its settings, and nothing about you"
    " or your camera.</p><h3>Licenses</h3><p>The studio is free software under the Apache License 2.0. "
    "The named styles come from works in the public domain, or were drawn by this project. Paintings that"
    " are shown: Art Institute of Chicago, CC0.</p>"
)
PROGRAMS = (
    "<h3>Programs</h3><p><code>/stylize</code>, <code>/study</code>, <code>/translate</code>, "
    "<code>/invent</code> and others are open to programs: see the page's API below, and "
    "<code>gradio_client</code>.</p>"
)
CREDITS = "<h3>Sample photos</h3>"
FACTS = "<p>{photos}.</p><p>Style transfer studio {version}</p>"


SAVED_HERE = "What you save stays here. Click a picture to download it again, or to use its settings."


@dataclass(frozen=True)
class AboutTab:
    """The components of the tab that events use."""

    history: gr.Gallery
    history_box: gr.Column
    history_title: gr.HTML
    history_png: gr.Button
    history_jpeg: gr.Button
    history_file: gr.DownloadButton
    use_again: gr.Button
    status: gr.HTML
    forget: gr.Button


def make_about_tab(samples: tuple[SamplePhoto, ...]) -> AboutTab:
    """Lay out the tab."""
    gr.HTML(f"<h2>This visit</h2><p>{SAVED_HERE}</p>")
    history = gr.Gallery(
        label="Pictures of this visit",
        show_label=False,
        columns=6,
        object_fit="cover",
        height="auto",
        allow_preview=False,
        buttons=[],
        interactive=False,
        visible=False,
        container=False,
        elem_id="history",
    )
    with gr.Column(visible=False, elem_id="history-box", elem_classes="panel") as box:
        title = gr.HTML("", elem_id="history-title", apply_default_css=False)
        with gr.Row(elem_classes="deeds"):
            again = gr.Button("Use again", variant="primary", elem_id="use-again")
            png = gr.Button("Download PNG", elem_id="history-png")
            jpeg = gr.Button("Download JPEG", elem_id="history-jpeg")
    file = gr.DownloadButton(visible="hidden", elem_id="history-file")
    line = make_status_line("", "about-status")
    photos = "; ".join(f"{sample.title}: {sample.credit}" for sample in samples)
    with gr.Column(elem_id="about"):
        gr.HTML(TEXT)
        gr.HTML(PROGRAMS)
        gr.HTML(CREDITS)
        gr.HTML(FACTS.format(photos=photos, version=__version__), elem_id="about-facts")
    forget = gr.Button("Delete this visit now", elem_id="forget", size="md")
    return AboutTab(history, box, title, png, jpeg, file, again, line, forget)
