"""Style transfer studio: imaging, models, engine and page."""

__version__ = "0.1.0"
