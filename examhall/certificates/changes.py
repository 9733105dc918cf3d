"""What every process is told when a certificate is issued, revoked or replaced: its caches are too old."""

from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Heard by the gallery and the status lists; without more words, for both are made anew as a whole.
CHANNEL = "examhall_certificates"


async def announce_change(conn: Connection) -> None:
    """Tell every process, after this commits. However often in one transaction, it is told once."""
    await run(conn, SQL.announce)
