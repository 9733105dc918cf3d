"""What requests with an Idempotency-Key have made."""

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    # Without parameters psycopg sends the file as it is: many statements, percent signs and all.
    connection.execute(Path(__file__).with_suffix(".sql").read_bytes())
