"""Measuring trained networks, and comparing them side by side."""
