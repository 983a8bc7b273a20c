"""What programs may call: eight functions; `endpoints.py` declares them."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradio.context import LocalContext

from stylizer.engine import (
    CancelToken,
    Engine,
    GenerateRequest,
    RequestError,
    StyleChoice,
    StyleRequest,
    TranslateRequest,
    parsing,
)
from stylizer.imaging.mask_files import write_masks
from stylizer.imaging.picture import Picture, open_picture, save_picture
from stylizer.imaging.regions import REST
from stylizer.imaging.resize import fit_within
from stylizer.models.class_table import CLASSES
from stylizer.models.style_file import SUFFIX, NamedStyle, save_style, slug_of
from stylizer.ui import limits
from stylizer.ui.handlers.generate import SIDE
from stylizer.ui.messages import written
from stylizer.ui.sessions import Sessions
from stylizer.ui.studies import StudyDesk, read_style_file

PAINTING = "painting"
MOST_PRACTICE = 4
"""Photos that a study is sent to practice on: as many as samples ship."""
COLORS = {entry.name: entry.color for entry in CLASSES}


class Endpoints:
    """The functions that programs may call; each docstring is what they read about it."""

    def __init__(self, engine: Engine, sessions: Sessions, studies: StudyDesk) -> None:
        self.engine, self.sessions, self.studies = engine, sessions, studies
        self._tokens: dict[str, set[CancelToken]] = {}
        self._lock = threading.Lock()

    def leave(self, session: str) -> None:
        """Stop what a caller who is gone has asked for."""
        with self._lock:
            tokens = self._tokens.pop(session, set())
        for token in tokens:
            token.cancel()

    @contextlib.contextmanager
    def _token(self) -> Iterator[CancelToken]:
        """Lend a switch that stops the work when its caller leaves."""
        request, token = LocalContext.request.get(None), CancelToken()
        session = (request.session_hash if request is not None else None) or ""
        with self._lock:
            self._tokens.setdefault(session, set()).add(token)
        try:
            yield token
        finally:
            with self._lock:
                left = self._tokens.get(session, set())
                left.discard(token)
                if not left:
                    self._tokens.pop(session, None)

    def _painted(self, request: Any) -> str:
        """Carry out a request, unless its caller leaves, and write down what was made."""
        with self._token() as token:
            return self._saved(self.engine.run(request, token))

    def _opened(self, photo: str | None, what: str = "photo") -> Picture:
        """Open what was sent, one at a time."""
        if not photo:
            raise RequestError(f"There is no {what}; send one")
        with self.sessions.reading:
            return open_picture(photo)

    def styles(self) -> list[dict[str, Any]]:
        """List the styles with names.

        Returns:
            A list of styles: name (what /stylize takes), title, artist, year and tags.
            Example: styles() -> [{"name": "starry-night", "title": "The Starry Night", ...}]
        """
        return [
            {"name": s.slug, "title": s.title, "artist": s.artist, "year": s.year, "tags": list(s.tags)}
            for s in self.engine.styles()
        ]

    def stylize(
        self,
        photo: str | None = None,
        style: str = "",
        painting: str | None = None,
        strength: float = 1.0,
        color: float = 1.0,
        colors_only: bool = False,
        stroke: float = 1.0,
        detail: float = 0.0,
        gentle_faces: bool = True,
    ) -> str:
        """Paint a photo in full size, like a style, a mix of several, or a painting of one's own.

        Several styles have weights: "great-wave:0.7, irises:0.3". With a painting the style may be empty.

        Parameters:
            photo: JPEG, PNG, WebP, HEIC, AVIF, BMP, TIFF or GIF; 16 pixels to 40 megapixels, 40 MB
            style: a name of /styles, or several with weights, "great-wave:0.7, irises:0.3"
            painting: a picture of your own to paint like, or a file of /study
            strength: 0 (the photo) to 1.5
            color: 0 keeps the photo's colors, 1 takes the style's
            colors_only: whether to leave out the strokes
            stroke: brush size, 0.5 to 2
            detail: 0 to 1, how much of eyes and edges is brought back
            gentle_faces: whether faces keep their own light

        Returns:
            A PNG of the photo's size whose settings travel inside.
            Example: stylize(photo="me.jpg", style="starry-night", strength=0.8)
        """
        picture = self._opened(photo)
        choices = self._styles(style)
        if painting:
            choices.append(StyleChoice(self._opened_style(painting)))
        request = StyleRequest(
            picture,
            tuple(choices),
            strength=float(strength),
            color=float(color),
            colors_only=colors_only,
            stroke=float(stroke),
            detail=float(detail),
            gentle_faces=gentle_faces,
        )
        return self._painted(request)

    def masterwork(
        self,
        photo: str | None = None,
        painting: str | None = None,
        style: str = "",
        strength: float = 1.0,
        color: float = 1.0,
        stroke: float = 1.0,
        detail: float = 0.0,
        gentle_faces: bool = True,
    ) -> str:
        """Work at a picture itself for a minute or two.

        Parameters:
            photo: as for /stylize
            painting: the picture to paint like
            style: styles of /styles whose painting may be shown, as for /stylize; may be empty
            strength: 0 to 1.5, how far the photo's forms may give way
            color: 0 keeps the photo's colors, 1 takes the painting's
            stroke: brush size, 0.5 to 2
            detail: 0 to 1, how much of eyes and edges is brought back
            gentle_faces: whether faces keep their own light

        Returns:
            A PNG of the photo's size whose settings travel inside.
            Example: masterwork(photo="me.jpg", painting="irises.jpg")
        """
        choices = [*([StyleChoice(self._opened(painting))] if painting else ()), *self._styles(style)]
        settings: dict[str, Any] = {"strength": float(strength), "color": float(color)}
        settings |= {"stroke": float(stroke), "detail": float(detail), "gentle_faces": gentle_faces}
        request = StyleRequest(self._opened(photo), tuple(choices), masterwork=True, **settings)
        return self._painted(request)

    def study(
        self,
        painting: str | None = None,
        photos: list[str] | None = None,
        title: str = "",
        seconds: float = limits.STUDY_SECONDS,
    ) -> str:
        """Study a painting for up to two minutes, so that what is painted like it comes nearer to it.

        One painting is studied at a time; when too many wait, you are asked to come again.

        Parameters:
            painting: the picture to study
            photos: what to practice on, four at most; sample photos if there are none
            title: the style's name for people, 120 letters at most; the file's if empty
            seconds: the longest that it may take, 1 to 120

        Returns:
            A file with the style, which /stylize takes as a painting, and the page among paintings.
            Example: study(painting="harbor.jpg", title="The Harbor")
        """
        if len(photos or ()) > MOST_PRACTICE:
            raise RequestError(f"There are {len(photos or ())} photos; send at most {MOST_PRACTICE}")
        picture = fit_within(self._opened(painting, "painting"), limits.OWN_SIDE)
        practice = [fit_within(self._opened(photo), limits.OWN_SIDE) for photo in photos or ()]
        title = title.strip() or written(picture.name) or "My painting"
        found = None
        with self._token() as token:
            for news in self.studies.begin(picture, practice, token, float(seconds)).follow(0.0):
                found = news.style
        assert found is not None, "a study that ends has learned something"
        style = replace(found, slug=slug_of(title), title=title, tags=("own",))
        return str(save_style(self.sessions.loose_file("").parent, style))

    def segment(self, photo: str | None = None) -> tuple[list[dict[str, Any]], list[str]]:
        """Find the parts of a photo that have a name.

        Parameters:
            photo: as for /stylize

        Returns:
            A list of regions: name, and share of the picture, 0 to 1. What is not sure is called "other".
            Files: a soft 8-bit mask of each region, <name>.png in the photo's size, and overlay.png.
            Example: segment(photo="me.jpg") -> [{"name": "person", "share": 0.31}, ...], ["person.png", ...]
        """
        picture = self._opened(photo)
        with self._token() as token:
            regions = self.engine.segment(picture, token)
        folder = self.sessions.loose_file(".png").parent
        files = write_masks(regions, folder, picture, COLORS, {REST: parsing.OTHER})
        found = [
            {"name": parsing.OTHER if name == REST else name, "share": round(regions.share(name), 4)}
            for name in regions.names
        ]
        return found, [str(file) for file in files]

    def stylize_regions(
        self,
        photo: str | None = None,
        regions: str = "",
        style: str = "",
        painting: str | None = None,
        masks: list[str] | None = None,
        match: bool = False,
        strength: float = 1.0,
        color: float = 1.0,
        stroke: float = 1.0,
        detail: float = 0.0,
        gentle_faces: bool = True,
    ) -> str:
        """Paint each region of a photo in its own style.

        A region is named, then its style: a name of /styles with its strength if wanted, "painting" for the
        painting that is sent, or "keep" for the photo itself. Without a mask of that name the regions are
        those of /segment. Regions that are not named keep the photo, unless there is a style or a painting.

        Parameters:
            photo: as for /stylize
            regions: such as "sky=starry-night:0.8, person=keep"
            style: for the other regions, as for /stylize
            painting: a picture of your own to paint like
            masks: pictures, white where a region is; the file's name is the region's
            match: paint other regions like the part of the painting that shows the same
            strength: 0 (the photo) to 1.5
            color: 0 keeps the photo's colors, 1 takes the style's
            stroke: brush size, 0.5 to 2
            detail: 0 to 1, how much of eyes and edges is brought back
            gentle_faces: whether faces keep their own light

        Returns:
            A PNG of the photo's size whose settings travel inside.
            Example: stylize_regions(photo="me.jpg", regions="sky=starry-night, person=keep", style="irises")
        """
        picture = self._opened(photo)
        own = self._opened(painting) if painting else None
        drawn = {Path(file).stem: file for file in masks or []}
        asked = parsing.read_region_styles(
            parsing.split_list(regions), functools.partial(self._named, own=own), drawn
        )
        choices = [*self._styles(style), *((StyleChoice(own),) if own else ())]
        found = parsing.find_regions(
            picture, self.engine.segment, drawn, [each.name for each in asked], match
        )
        request = StyleRequest(
            picture,
            tuple(choices),
            strength=float(strength),
            color=float(color),
            stroke=float(stroke),
            detail=float(detail),
            gentle_faces=gentle_faces,
            regions=found,
            region_styles=tuple(each for each in asked if each.name in found.names),
        )
        return self._painted(self.engine.match(request) if match else request)

    def translate(
        self,
        photo: str | None = None,
        model: str = "",
        domains: str = "",
        strength: float = 1.0,
        color: float = 1.0,
        stroke: float = 1.0,
        hints: str = "",
        gentle_faces: bool = True,
    ) -> str:
        """Translate a photo in full size by a network that learned one look, or several.

        Parameters:
            photo: as for /stylize
            model: a translator's name; with a wrong one the answer lists the names
            domains: the model's looks, with weights, "monet:0.7, ukiyo-e:0.3"; the first if empty
            strength: 0 (the photo) to 1
            color: 0 keeps the photo's colors, 1 takes the model's
            stroke: size of what the model draws, 0.5 to 2
            hints: for a model that colors, what is known, from the left and the top as shares of the photo:
                "0.5,0.2=#80b0e0; 0.1,0.9=#406020"
            gentle_faces: whether faces keep their own light

        Returns:
            A PNG of the photo's size whose settings travel inside.
            Example: translate(photo="me.jpg", model="stargan", domains="monet")
        """
        picture = self._opened(photo)
        name = self._model(model, "translator")
        looks = parsing.read_domains(parsing.split_list(domains))
        settings: dict[str, Any] = {"strength": float(strength), "color": float(color)}
        settings |= {"stroke": float(stroke), "gentle_faces": gentle_faces}
        known = parsing.read_hints(part for part in hints.split(";") if part.strip())
        return self._painted(TranslateRequest(picture, name, looks, **settings, hints=known))

    def invent(
        self,
        model: str = "",
        seed: int = 0,
        second: int | None = None,
        coarse: float = 0.0,
        middle: float = 0.0,
        fine: float = 0.0,
        truncation: float = 0.7,
    ) -> str:
        """Invent a picture out of a seed.

        Parameters:
            model: a generator's name; may be empty where there is one
            seed: 0 to 65535, every number is another picture
            second: another seed, 0 to 65535, whose layers may be mixed in
            coarse: 0 to 1, how much of the second seed's composition
            middle: 0 to 1, of its shapes
            fine: 0 to 1, of its colors
            truncation: 0 is the most usual picture, 1 the most daring

        Returns:
            A PNG whose settings travel inside.
            Example: invent(seed=7, truncation=0.5)
        """
        name = self._model(model, "generator")
        mix = (float(coarse), float(middle), float(fine))
        other = None if second is None else int(second)
        request = GenerateRequest(name, int(seed), other, mix, float(truncation), (SIDE, SIDE))
        return self._painted(request)

    # -- how --------------------------------------------------------------------------------------------

    def _saved(self, result: Any) -> str:
        """Write down what was made, with its recipe."""
        file = self.sessions.loose_file(".png")
        save_picture(result.picture, file, result.recipe.to_json())
        return str(file)

    def _opened_style(self, file: str) -> Picture | NamedStyle:
        """Open a painting, or a file of /study."""
        if file.lower().endswith(SUFFIX):
            return read_style_file(self.engine, file, Path(file).name)
        return self._opened(file)

    def _model(self, name: str, role: str) -> str:
        """Return the name of a model that is here: visitors make the studio download nothing."""
        names = [card.name for card in self.engine.models(role)]
        if not names:
            raise RequestError(f"there is no {role} here")
        if not name and len(names) == 1:
            return names[0]
        if name not in names:
            raise RequestError(f"there is no {role} called {name[:40]!r}; there are {', '.join(names)}")
        return name

    def _styles(self, text: str) -> list[StyleChoice]:
        """Read "name:weight, name"."""
        return list(parsing.read_styles(parsing.split_list(text), self._named))

    def _named(self, name: str, own: Picture | None = None) -> Picture | NamedStyle:
        """Find a style; only by name, so that no file of the server can be asked for."""
        if name == PAINTING:
            if own is None:
                raise RequestError("No painting was sent; send one, or name a style")
            return own
        for style in self.engine.styles():
            if style.slug == name:
                return style
        raise RequestError(f"There is no style called {name[:40]!r}; /styles lists the names")
