"""The committee's keys and the rosters it was given to check; why a home's key was revoked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables and the column."""
    op.create_table(
        "committeekey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("kept_at", sa.Float(), nullable=False),
        sa.Column("kept_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rostercheck",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("flats", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("key_id", sa.Integer(), nullable=True),
        sa.Column("kept_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["committeekey.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_rostercheck_made_at", "rostercheck", ["made_at"])
    op.add_column("member", sa.Column("revoked_for", sa.String(length=16), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("member", "revoked_for")
    op.drop_table("rostercheck")
    op.drop_table("committeekey")
