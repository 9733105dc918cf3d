"""What a process that reads strangers' files gets of our environment: nothing that opens anything."""

from collections.abc import Mapping

# Addresses with passwords, keys of buckets, and all our settings.
PRIVATE = ("DATABASE_URL", "EXAMHALL_", "AWS_", "PG")


def bare_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """`ours` without secrets: a file that takes such a process over finds none."""
    return {name: value for name, value in ours.items() if not name.startswith(PRIVATE)}
