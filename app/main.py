"""The application, put together: the only place that knows everyone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from app import agents, db, downloads, errors, migrate, openapi, pages
from app.bodies import Bodies
from app.middleware import Front
from app.overload import Queue
from app.routers import (
    actors,
    changes,
    codes,
    countries,
    datasets,
    events,
    feeds,
    ogc,
    operations,
    sources,
    stats,
)
from app.routing import Direct
from app.settings import Settings
from app.watch import watch

# To ask on every request whether someone listens costs as much as to find an event.
_OBSERVED_HERE: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


class _Application(FastAPI):
    """FastAPI with one layer of ours before all of its own."""

    def build_middleware_stack(self) -> ASGIApp:
        theirs = super().build_middleware_stack()
        assert isinstance(theirs, ServerErrorMiddleware)  # whose part, to answer any failure, is the front's
        settings: Settings = self.state.settings
        queue = self.state.queue = Queue(settings.pool_timeout)
        return Front(theirs.app, Direct(self.routes), queue, settings.max_body_bytes)


def create_app(settings: Settings | None = None) -> FastAPI:
    """A Dateline server with these settings, or those of the environment."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.reads = db.reads(settings)
        app.state.bodies = Bodies(settings.cache_bytes, watch(settings))
        app.state.downloads = downloads.Downloads(settings)
        async with agents.running(app):
            yield
        await app.state.reads.close()
        await app.state.bodies.close()
        app.state.downloads.close()

    app = _Application(
        **openapi.INFO, lifespan=lifespan, docs_url=None, redoc_url=None, telemetry=_OBSERVED_HERE
    )
    app.state.settings = settings
    app.state.schema_head = migrate.head()
    errors.install(app)
    v1 = APIRouter(prefix="/v1")
    for resource in (events, feeds, stats, changes, countries, actors, sources, datasets, codes):
        v1.include_router(resource.router)
    app.include_router(v1)
    app.include_router(ogc.router)
    app.include_router(operations.router)
    pages.install(app)
    openapi.install(app)
    agents.mount(app)
    return app
