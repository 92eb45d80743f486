"""What differs between deployments, read from the environment when asked for."""

from pydantic import Field, PositiveFloat, PositiveInt, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting is an environment variable: the field's name in capitals, with the prefix DATELINE_."""

    model_config = SettingsConfigDict(env_prefix="DATELINE_", extra="ignore", frozen=True)

    database_url: str = Field(
        default="sqlite:///dateline.db",
        description="SQLAlchemy URL: a SQLite file, or postgresql://user:password@host/name",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    workers: PositiveInt = Field(default=1, description="Processes that share the port")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    max_age: int = Field(
        default=0,
        ge=0,
        description="Seconds a client may reuse an answer unasked; 0 makes it revalidate by ETag",
    )
    max_body_bytes: PositiveInt = Field(default=65_536, description="Largest request body that is accepted")
    cache_bytes: int = Field(
        default=32 << 20,
        ge=0,
        description="Memory of one process for finished answers that are given again while the data is the same; 0 is none",
    )
    pool_size: PositiveInt = Field(default=8, description="Database connections of one process for answers")
    streams: PositiveInt = Field(
        default=4, description="Exports that one process streams at a time, each on a connection of its own"
    )
    pool_timeout: PositiveFloat = Field(
        default=1.0, description="Seconds to wait for a connection, or to be begun, before answering 503"
    )
    statement_timeout: PositiveFloat = Field(
        default=5.0, description="Seconds one query may take before answering 503"
    )

    @field_validator("database_url")
    @classmethod
    def _known_dialect(cls, url: str) -> str:
        if url.startswith("postgres://"):  # the spelling of many hosting providers
            url = "postgresql://" + url.removeprefix("postgres://")
        if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return url

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, level: str) -> str:
        if level.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("must be debug, info, warning or error")
        return level.lower()
