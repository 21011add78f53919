"""Migrations by Alembic, imported only when a database is not at this program's version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

_LOCK = 0x6C696E6C69  # any number of our own; PostgreSQL's advisory locks share one space


def configuration() -> Config:
    """Return Alembic's configuration for this package's scripts."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate in one transaction; two programs starting at once do it one after the other."""
    config = configuration()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def newest() -> str | None:
    """Return the newest script's revision."""
    return ScriptDirectory.from_config(configuration()).get_current_head()
