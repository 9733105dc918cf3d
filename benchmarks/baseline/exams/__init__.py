"""The baseline app: a mock exam as the seed models it."""
