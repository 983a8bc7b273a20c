"""One training method a file; importing this package registers them all."""

from . import colorful as colorful
from . import colorize as colorize
from . import cyclegan as cyclegan
from . import discogan as discogan
from . import dualgan as dualgan
from . import painter as painter
from . import segmenter as segmenter
from . import stargan as stargan
from . import stylegan as stylegan
from . import unit as unit
