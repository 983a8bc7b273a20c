"""What a user can mend: every mistake is one class here, its message one plain sentence without a path.

The command line prints the sentence and ends with status 2; the page shows it in its status line, in the
visitor's language.
"""

from __future__ import annotations

from typing import Any


class Sentence(str):
    """A sentence for users that knows what it was made of, so that it can be said in other languages.

    `template` has the names of `values` in braces; values may be sentences, too.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Sentence:
        """Put the values into their places; without any the template is the sentence as it stands."""
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made


class StudioError(ValueError):
    """A mistake of a user; the sentence says what was found, what is accepted and what to do."""

    def __init__(self, sentence: str, /, **values: Any) -> None:
        """Take a sentence, or its template with values in the place of their names in braces."""
        self.sentence = sentence if isinstance(sentence, Sentence) else Sentence(sentence, **values)
        super().__init__(str(self.sentence))


class PictureError(StudioError):
    """A picture that cannot be read or written."""


class RegionsError(StudioError):
    """Regions or a mask that cannot be used."""


class CheckpointError(StudioError):
    """A checkpoint that cannot be used."""


class StyleFileError(StudioError):
    """A style file that cannot be used."""


class PublishedSegmenterError(StudioError):
    """A published segmenter that cannot be used."""


class DeviceError(StudioError):
    """A device that is not there."""


class RequestError(StudioError):
    """A request that cannot be carried out."""


class RecipeError(StudioError):
    """A recipe that cannot be used."""


class CommandError(StudioError):
    """Something on the command line that cannot be done."""
