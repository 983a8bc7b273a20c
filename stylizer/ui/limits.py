"""What a visitor, and all of them together, may ask of the server: every bound, with its reason."""

from __future__ import annotations

MB = 1 << 20

EVENT_BYTES = MB
"""Of an event's JSON: the longest that the page sends, a stroke of 4000 points, has 0.1 MB."""
FILE_BYTES = 40 * MB
"""Of an uploaded file: a photo of 40 megapixels as JPEG, or of 12 as 16-bit PNG."""
UPLOAD_FILES = 32
"""In one upload: more than the 24 paintings of one's own that a visit keeps."""
UPLOAD_BYTES = 240 * MB
"""Of all files in one upload: six of the largest."""
DISK_BYTES = 4 << 30
"""Of all that a run keeps on disk, uploads and results: some hundred visits. Then uploads are refused."""
FILE_AGE = 2 * 3600.0
"""Seconds after which files are deleted, whoever left them: twice a visit's life."""
SWEEP_EVERY = 300.0
"""Seconds between two looks for such files."""
QUEUE_PLACES = 32
"""Jobs that wait: at 2 s each the last waits a minute, longer than most people do."""
VISIT_PLACES = 6
"""Of those for one visitor: previews, a true picture and a full size of two tabs."""
PAGES = 256
"""Open pages whose widgets the server remembers, 50 to 400 kB each."""
VISITS = 64
"""Visits that have brought a photo; untouched ones give way first."""
READERS = 1
"""Large pictures unpacked at a time: one of 40 megapixels takes up to 0.7 GB while it is read."""
LARGE_FILE = 4 * MB
