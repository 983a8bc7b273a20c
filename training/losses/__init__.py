"""Losses, and the critics in which some of them are measured."""
