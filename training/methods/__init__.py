"""One training method a file; importing this package registers them all."""

from training.methods import painter as painter
