"""Where a network runs: one backend a file, all behind `Backend`."""
