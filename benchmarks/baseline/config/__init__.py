"""The baseline project."""
