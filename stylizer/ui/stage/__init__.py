"""The stage: the one component of our own."""
