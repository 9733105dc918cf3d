"""The only reader of the wall clock. What an exam decides by time it asks of the database's clock."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """In UTC with milliseconds and a Z, as every reply writes instants."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
