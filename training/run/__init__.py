"""A training run: its method, options, loop, snapshots, report and alarms."""
