"""Style transfer studio: imaging, models, engine and page."""
