"""Alembic's entry: runs in the transaction that community.core.migrate opened."""

from __future__ import annotations

from alembic import context

from community.core.migrate import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
