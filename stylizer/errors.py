"""What a user can mend: every mistake is one class here, its message one plain sentence without a path.

The command line prints the sentence and ends with status 2; the page shows it in its status line.
"""


class StudioError(ValueError):
    """A mistake of a user; the message says what was found, what is accepted and what to do."""


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
