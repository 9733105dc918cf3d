"""Examhall: an online exam server for the minute when everybody starts at once."""

__version__ = "0.1.0"
