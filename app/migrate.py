"""Running the migrations in `migrations/` from code."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

_PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def _config(engine: Engine | None = None) -> Config:
    config = Config(toml_file=_PROJECT)
    config.attributes["engine"] = engine
    return config


def head() -> str:
    """The newest migration."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to `revision`; waits for another migration that is running."""
    command.upgrade(_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database down to `revision`."""
    command.downgrade(_config(engine), revision)


def check(engine: Engine) -> None:
    """Fail unless the tables and the migrations agree."""
    command.check(_config(engine))
