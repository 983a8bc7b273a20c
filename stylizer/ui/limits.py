"""What a visitor, and all of them together, may ask of the server: every bound, with its reason."""

from __future__ import annotations

MB = 1 << 20

EVENT_BYTES = MB
"""Of an event's JSON: the longest that the page sends, a stroke of 4000 points, has 0.1 MB."""
TOOL_BYTES = 16 * MB
"""Of a call by the Model Context Protocol, which brings photos along as text: a JPEG of 11 MB."""
FILE_BYTES = 40 * MB
"""Of an uploaded file: a photo of 40 megapixels as JPEG, or of 12 as 16-bit PNG."""
FORM_BYTES = 16 << 10
"""Of what is posted elsewhere than to the events and uploads: a name and a password."""
UPLOAD_NAME = 64
"""Letters of the name under which a browser asks how far its upload is; the page's have a dozen."""
UPLOADS_WATCHED = 256
"""Uploads of which that is remembered."""
EVENT_DEPTH = 16
"""Of lists within lists in an event's JSON: twice what the page sends."""
NAME_LETTERS = 1000
"""Of a file's name: file systems allow 255, some of them of four bytes each."""
CHOICES = 64
"""Entries of a list that are chosen together: more than any list of the page has."""
CHOICE_LETTERS = 200
"""Of the name of one of them."""
LARGEST_NUMBER = 1 << 53
"""Beyond, numbers of JavaScript are not exact, and the answer cannot be written."""
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
TOOL_CALLERS = 16
"""Assistants that keep a session, by their addresses: each holds a connection, and places of its own."""
PAGES = 256
"""Open pages whose widgets the server remembers, 50 to 400 kB each."""
VISITS = 32
"""Visits in memory; others wait on disk."""
VISITS_ON_DISK = 256
RECORD_BYTES = 8 << 30
"""Of what visits brought, on disk for two days; the oldest visits go first."""
KEPT_BYTES = 640 * MB
"""Of the photos and paintings of all visits in memory: 53 photos of 4 megapixels, or five of 40."""
STEPS_BYTES = 16 * MB
"""Of what one stage can take back: 40 steps of masks that people make, packed, have 1 to 4 MB."""
IDLE = 60.0
"""Seconds without a touch after which a visit leaves memory for one that brings a photo."""
OWN_SIDE = 1536
"""Long side at which paintings of one's own are kept: styles are read at 512, masterworks at 1024."""
CONNECTION_SECONDS = 75
"""For which a connection stays open between two requests: longer than programs (httpx: 5) and proxies (nginx:
60) use it again. A server that closes it just when the next request comes breaks that request."""
READ_BYTES = 16 << 10
"""Read from a connection at a time, before all others are heard: as parts of one byte, that takes 0.02 s."""
READERS = 1
"""Pictures unpacked at a time: one of 40 megapixels takes up to 0.8 GB while it is read, for 1 to 3 s."""
READERS_WAITING = 12
"""Who may wait for that: each holds one of the 40 threads by which all else is answered, files too."""
BATCH_PHOTOS = 20
"""Photos painted one after the other: more are another batch, and others have their turn between two."""
BATCH_PIXELS = 120 * 10**6
"""Of all results of a batch: ten minutes of two cores, 400 MB of PNGs."""
PHOTO_WALLS = 8
"""Visitors for whom styles are painted on their photos, in turns: each holds its photo meanwhile."""
PHOTO_WALL_SECONDS = 10.0
"""Without a question of the page, until its wall is painted no further: it asks every second."""
STUDY_SECONDS = 120.0
"""Of studying one painting: two free cores gain most of it in that time; previews slip in between steps."""
STUDY_PLACES = 3
"""Paintings studied, one at a time on the device, or in line for it: the last waits four minutes."""
