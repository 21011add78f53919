"""Alembic's entry: runs in the transaction that community.core.migrate opened.

Whoever lets Alembic write a new script imports every capability's tables first.
"""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
