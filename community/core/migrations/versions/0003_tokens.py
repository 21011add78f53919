"""The issuer's public keys, which flat was given which tokens, and the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "tokenkey",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "number"),
    )
    op.create_table(
        "issuance",
        sa.Column("flat_id", sa.Integer(), nullable=False),
        sa.Column("allotment", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["flat_id"], ["flat.id"]),
        sa.PrimaryKeyConstraint("flat_id", "allotment", "number"),
    )
    op.create_table(
        "logentry",
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    op.create_index("ix_issuance_issued_at", "issuance", ["issued_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("logentry")
    op.drop_table("issuance")
    op.drop_table("tokenkey")
