"""One training method a file; importing this package registers them all."""

from training.methods import painter as painter
from training.methods import segmenter as segmenter
