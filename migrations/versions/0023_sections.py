"""Sections, pools with draws, and the question bank."""

from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    # Without parameters psycopg sends the file as it is: many statements, percent signs and all.
    connection.execute(Path(__file__).with_suffix(".sql").read_bytes())
