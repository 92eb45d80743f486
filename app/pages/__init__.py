"""What people look at: the dashboard at `/`, its assets, and the docs page; nothing here knows of data."""

import hashlib
from importlib.resources import files

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from app import __version__, responses
from app.errors import NotFound

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}

# What runs in a reader's browser is what was reviewed: another Leaflet needs other sums.
LEAFLET = {
    "leaflet-src.esm.js": "39ee93464f11fe3847137e50c0dc8189f706c460e36989ea7871bf7d540f3306",
    "leaflet.css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
}

# The page may run and load only what this server serves, and no page may frame it.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def install(app: FastAPI) -> None:
    """Add the pages to `app`."""
    _add_dashboard(app)
    _add_docs(app)


def _assets() -> dict[str, bytes]:
    """Every file of the dashboard by its name under `/assets`."""
    own = (file for file in files("app.pages").iterdir() if file.name.rpartition(".")[2] in MEDIA_TYPES)
    return {file.name: file.read_bytes() for file in own} | _leaflet()


def _leaflet() -> dict[str, bytes]:
    folder = files("js_lib_leaflet") / "static" / "js_lib_leaflet"
    found = {name: (folder / name).read_bytes() for name in LEAFLET}
    for name, body in found.items():
        if hashlib.sha256(body).hexdigest() != LEAFLET[name]:
            raise RuntimeError(f"{name} of django-js-lib-leaflet is not the file that Dateline was made with")
    return found


def _add_dashboard(app: FastAPI) -> None:
    assets = _assets()

    def served(request: Request, name: str) -> Response:
        response = responses.fixed(request, assets[name], MEDIA_TYPES[name.rpartition(".")[2]])
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    @app.get("/", include_in_schema=False)
    async def dashboard(request: Request) -> Response:
        return served(request, "index.html")

    @app.get("/assets/{name}", include_in_schema=False)
    async def asset(request: Request, name: str) -> Response:
        if name not in assets:
            raise NotFound("No asset has this name")
        return served(request, name)


def _add_docs(app: FastAPI) -> None:
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
