"""From a run to a checkpoint folder with its card."""
