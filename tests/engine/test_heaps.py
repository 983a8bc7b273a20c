"""Threads share a few heaps, and what is free in them goes back to the system once it is asked for."""

import subprocess
import sys

import pytest

from stylizer.engine.runtime import heaps

# the module alone: all of the engine would take seconds to import
THREADS = """
import runpy, sys, threading
from pathlib import Path
if sys.argv[1] == "few":
    assert runpy.run_path(sys.argv[2])["keep_heaps_few"]()
def work():
    import ctypes
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    libc.free(libc.malloc(1000))
    ready.wait()
ready = threading.Barrier(12)
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
lines = Path("/proc/self/maps").read_text().splitlines()
reserved = [line.split()[0].split("-") for line in lines if "---p" in line]
print(sum(60 << 20 < int(end, 16) - int(begin, 16) <= 64 << 20 for begin, end in reserved))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone counts its heaps")
def test_many_threads_have_few_heaps():
    """A heap of glibc beside the first is a reservation of 64 MB, most of it not yet accessible."""

    def counted(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", THREADS, how, heaps.__file__], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert counted("few") <= 2 < counted("many")


HOLES = """
import ctypes, runpy, sys
from pathlib import Path
give_back = runpy.run_path(sys.argv[1])["give_back_heaps"]
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])
blocks = [libc.malloc(16000) for _ in range(4000)]
for block in blocks: ctypes.memset(block, 1, 16000)
full = resident()
for block in blocks[:-1]: libc.free(block)  # the last one stands at the heap's end
holes = resident()
print(give_back(), (full - holes) * 4096, (full - resident()) * 4096)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone keeps holes")
def test_holes_in_a_heap_are_given_back():
    done = subprocess.run(
        [sys.executable, "-c", HOLES, heaps.__file__], capture_output=True, text=True, check=True
    )
    told, before, after = done.stdout.split()
    assert told == "True" and int(before) < 8e6 < 48e6 < int(after)
