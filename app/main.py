"""The application, put together: the only place that knows everyone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from app import agents, db, downloads, errors, migrate, openapi, pages
from app.middleware import BodyLimit, CatchAll, HeadAsGet, OpenToBrowsers
from app.observability import Observed
from app.overload import Shedding
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
from app.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """A Dateline server with these settings, or those of the environment."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.reads = db.reads(settings)
        app.state.downloads = downloads.Downloads(settings)
        async with agents.running(app):
            yield
        await app.state.reads.close()
        app.state.downloads.close()

    app = FastAPI(**openapi.INFO, lifespan=lifespan, docs_url=None, redoc_url=None)
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
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, most=settings.max_body_bytes)
    app.add_middleware(Shedding, patience=settings.pool_timeout)
    app.add_middleware(HeadAsGet)
    app.add_middleware(CatchAll)
    app.add_middleware(OpenToBrowsers, exposed=["Link", "ETag", "X-Request-ID"])
    app.add_middleware(Observed)
    return app
