"""Measures what Examhall promises, on this machine, in one run: `make bench`."""
