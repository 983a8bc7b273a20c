"""One module a tab: its components, no event."""
