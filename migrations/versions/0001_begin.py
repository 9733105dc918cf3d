"""The first tables: people, exams, sittings, answers and their history, results; and the job queue's."""

from importlib.metadata import version
from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind().connection.dbapi_connection
    # Without parameters psycopg sends the file as it is: many statements, percent signs and all.
    connection.execute(Path(__file__).with_suffix(".sql").read_bytes())
    connection.execute(SchemaManager.get_schema().encode())
    # A later revision reads here which of procrastinate's own migrations this database still needs.
    connection.execute(f"COMMENT ON TABLE procrastinate_jobs IS 'procrastinate {version('procrastinate')}'")
