"""One training method a file; importing this package registers them all."""

from training.methods import colorize as colorize
from training.methods import cyclegan as cyclegan
from training.methods import discogan as discogan
from training.methods import dualgan as dualgan
from training.methods import painter as painter
from training.methods import segmenter as segmenter
from training.methods import stargan as stargan
from training.methods import stylegan as stylegan
from training.methods import unit as unit
