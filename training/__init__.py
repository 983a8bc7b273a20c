"""Trains every checkpoint that the app loads; never imports the engine or the page."""
