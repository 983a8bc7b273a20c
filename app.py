"""Open the studio: python app.py [--share] [--host ADDRESS] [--port NUMBER] [--device D] [--segmenter S]."""

from __future__ import annotations

import argparse
import atexit
import os
import shutil
import sys
import tempfile

from stylizer.engine import Engine
from stylizer.errors import StudioError


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Paint photos in the style of paintings, in the browser.")
    parser.add_argument("--share", action="store_true", help="make a public link, open for a week")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 is the whole network"
    )
    parser.add_argument("--port", type=int, default=7860, help="port to listen on")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument(
        "--segmenter", help="published segmenter to find regions with: a folder, or a repository's name"
    )
    return parser.parse_args()


def main() -> None:
    """Make the engine and its page, and serve it until stopped."""
    chosen = read_options()
    folder = tempfile.mkdtemp(prefix="studio-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["GRADIO_TEMP_DIR"] = folder  # uploads and results of this run alone
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    try:
        engine = Engine(device=chosen.device, segmenter=chosen.segmenter)
        if chosen.segmenter:
            print(f"{engine.segmenter.name}: license {engine.segmenter.licence}", file=sys.stderr)
    except StudioError as error:
        sys.exit(f"app.py: {error}")
    from stylizer.ui.page import launch_settings, make_page  # gradio reads the environment when imported

    for problem in engine.problems():
        print(f"Left out: {problem}.", file=sys.stderr)
    page = make_page(engine)
    page.launch(
        share=chosen.share,
        server_name=chosen.host,
        server_port=chosen.port,
        **launch_settings(),
    )


if __name__ == "__main__":
    main()
