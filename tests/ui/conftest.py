"""A studio without a browser: handlers are called as the page would call them."""

from types import SimpleNamespace

import pytest

from stylizer.imaging.picture import save_picture
from stylizer.ui import options
from stylizer.ui.gallery import Wall
from stylizer.ui.handlers.stylize import MOST_FURTHER, Studio
from stylizer.ui.samples import Example, sample_photos
from stylizer.ui.state import Sessions
from tests.engine.drawn import drawn
from tests.ui.small_studio import small_engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    return small_engine(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def studio(engine, tmp_path):
    photos = sample_photos()
    (tmp_path / "shelf").mkdir()
    sessions = Sessions(tmp_path / "visits")
    wall = Wall(engine.styles(), tmp_path / "shelf")
    return Studio(engine, sessions, wall, photos, Example(photos[0], "moss", {0.0: photos[0].path}))


class Visitor:
    """One open page: keeps what the widgets hold, as a browser would."""

    def __init__(self, studio: Studio, tab: str = "tab") -> None:
        self.studio = studio
        self.clock = 100.0
        self.visit = studio.open_visit(SimpleNamespace(session_hash=tab))["visit"]
        self.settings = [options.default(name) for name in ("strength", *options.LOOK)]
        self.settings += [[], *[50] * (MOST_FURTHER + 1)]

    @property
    def session(self):
        return self.studio.sessions.find(self.visit)

    def bring(self, path, name="photo.png"):
        """Upload a photo."""
        return self.studio.open_photo(self.visit, {"path": str(path), "orig_name": name})

    def choose(self, slug: str, moment: float = 0):
        """Click a style on the wall."""
        keys = [card.key for card in self.studio.wall.cards(self.session)]
        self.clock += 1
        clicked = SimpleNamespace(index=keys.index(slug))
        return self.studio.choose_style(self.visit, "All", [], moment or self.clock, clicked)

    def paint(self) -> list[dict]:
        """Paint the present turn; returns the answers."""
        return list(self.studio.paint(self.visit, *self.settings))

    def render(self, size="As the photo") -> list[dict]:
        """Render in full size; returns the answers."""
        return list(self.studio.render(self.visit, size, *self.settings))


@pytest.fixture
def visitor(studio):
    return Visitor(studio)


@pytest.fixture
def other_visitor(studio):
    return Visitor(studio, "another tab")


@pytest.fixture
def photo_file(tmp_path):
    save_picture(drawn(40, 60, seed=3), tmp_path / "waves.png")
    return tmp_path / "waves.png"
