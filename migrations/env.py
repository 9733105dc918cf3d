"""Alembic's environment: it is handed an open connection by examhall/base/migrate.py and knows no address."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
