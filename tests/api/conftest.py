"""A page that listens, and a program that calls it; one for all tests of the endpoints."""

import pytest
from gradio_client import Client

from stylizer.models.checkpoint import save_checkpoint
from tests.engine.fake_segmenter import FakeSegmenter, FakeSegmenterConfig
from tests.ui.small_studio import free_port, small_engine


@pytest.fixture(scope="package")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    patch = pytest.MonkeyPatch()
    patch.setenv("GRADIO_TEMP_DIR", str(folder / "files"))
    from stylizer.ui.page import make_page, open_page

    segmenter = FakeSegmenter(FakeSegmenterConfig())
    save_checkpoint(folder / "checkpoints" / "segmenter", segmenter, "# A fake\n", half=False)
    page = make_page(small_engine(folder / "checkpoints", models=True))
    with pytest.MonkeyPatch.context() as busy:  # the page starts where it cannot answer itself at once
        busy.setattr("gradio.networking.url_ok", lambda url: False)
        url = open_page(page, server_port=free_port(), quiet=True)
    yield url
    page.close()
    patch.undo()


@pytest.fixture(scope="package")
def client(address, tmp_path_factory):
    return Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))
