"""What goes wrong with a picture, said in one sentence to the artist who brought it."""


class PictureError(ValueError):
    """A picture that cannot be read or written; the message is one plain sentence, without a path."""
