"""A studio without a browser: handlers are called as the page would call them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from stylizer.imaging.picture import save_picture
from stylizer.ui.gallery import StyleGallery
from stylizer.ui.handlers.stylize import StylizeHandlers
from stylizer.ui.handlers.visits import VisitHandlers
from stylizer.ui.options import StyleSettings
from stylizer.ui.samples import Example, sample_photos
from stylizer.ui.sessions import Sessions
from tests.engine.drawn import drawn
from tests.ui.small_studio import small_engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    return small_engine(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def studio(engine, tmp_path):
    return make_studio(engine, tmp_path)


def make_studio(engine, folder) -> StylizeHandlers:
    """Make the handlers of the Stylize tab, with a folder for visits."""
    photos = sample_photos()
    (folder / "shelf").mkdir()
    sessions = Sessions(folder / "visits")
    gallery = StyleGallery(engine.styles(), folder / "shelf")
    return StylizeHandlers(
        engine, sessions, gallery, photos, Example(photos[0], "moss", {0.0: photos[0].path})
    )


class Visitor:
    """One open page: keeps what the widgets hold, as a browser would."""

    def __init__(self, studio: StylizeHandlers, tab: str = "tab") -> None:
        self.studio = studio
        self.clock = 100.0
        self.visit = VisitHandlers(studio).open_visit("", SimpleNamespace(session_hash=tab))["visit"]
        self.settings = StyleSettings()

    @property
    def session(self):
        return self.studio.sessions.find(self.visit)

    @property
    def stage(self):
        """The state of the Stylize tab's stage."""
        return self.session.stages["stylize"]

    def set(self, **values):
        """Move widgets."""
        self.settings = replace(self.settings, **values)

    def bring(self, path, name="photo.png"):
        """Upload a photo."""
        return self.studio.open_photo(self.visit, {"path": str(path), "orig_name": name})

    def choose(self, *slugs: str, moment: float = 0):
        """Click a style on the wall, or mix several; the widgets hold what is answered."""
        self.clock += 1
        data = {"keys": list(slugs), "key": slugs[-1], "moment": moment or self.clock}
        answer = self.studio.choose_styles(self.visit, SimpleNamespace(_data=data))
        self.take(answer)
        return answer

    def take(self, answer: dict):
        """Hold what an answer says of further styles and shares."""
        if "further" in answer:
            values = [answer[f"share{place}"] for place in range(4)]
            held = zip(values, self.settings.shares, strict=True)
            shares = tuple(getattr(new, "value", None) or old for new, old in held)
            self.set(further=answer["further"], shares=shares)

    def paint(self) -> list[dict]:
        """Paint the present turn; returns the answers."""
        return list(self.studio.paint(self.visit, self.settings))

    def render(self, size="photo", format="PNG") -> list[dict]:
        """Render in full size; returns the answers."""
        return list(self.studio.render(self.visit, size, format, self.settings))


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
