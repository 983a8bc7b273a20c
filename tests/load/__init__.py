"""Many visitors at once, as a program: `python -m tests.load --users 32 --seconds 300`."""
