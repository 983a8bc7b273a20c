"""The command line: one dataclass a command, its fields are its options."""
