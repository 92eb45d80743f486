"""The application, put together: the only place that knows everyone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from app import __version__, agents, db, errors, migrate, openapi, responses
from app.middleware import BodyLimit, CatchAll, HeadAsGet, OpenToBrowsers
from app.observability import Observed
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
        async with agents.running(app):
            yield
        await app.state.reads.close()

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
    _add_pages(app)
    openapi.install(app)
    agents.mount(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, most=settings.max_body_bytes)
    app.add_middleware(HeadAsGet)
    app.add_middleware(CatchAll)
    app.add_middleware(OpenToBrowsers, exposed=["Link", "ETag", "X-Request-ID"])
    app.add_middleware(Observed)
    return app


def _add_pages(app: FastAPI) -> None:
    """What people look at: the landing page, and the docs with assets of our own."""
    landing = (files("app") / "pages" / "landing.html").read_bytes()

    @app.get("/", include_in_schema=False)
    async def landing_page(request: Request) -> Response:
        return responses.fixed(request, landing, "text/html; charset=utf-8")

    @app.get("/docs", include_in_schema=False)
    async def docs_page() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=f"Dateline {__version__}",
            swagger_js_url="docs/assets/swagger-ui-bundle.js",
            swagger_css_url="docs/assets/swagger-ui.css",
            swagger_favicon_url="docs/assets/favicon-32x32.png",
            swagger_ui_parameters={
                "displayRequestDuration": True,
                "tryItOutEnabled": True,
                "docExpansion": "list",
            },
        )

    app.mount(
        "/docs/assets", StaticFiles(directory=str(files("fastapi_swagger") / "resources")), name="docs_assets"
    )
