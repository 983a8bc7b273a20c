"""The theme: greys without a tint around the picture, and one accent; page.css and phone.css say the rest."""

from __future__ import annotations

import gradio as gr

ACCENT = "#b5441f"


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
