"""pygeoapi over PostGIS: how it is told of the table, and how it is asked."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.load import Request
from bench.peers.postgis import Place

APP = "pygeoapi.starlette_app:APP"


def told(place: Place, folder: Path) -> dict[str, str]:
    """Its settings, in a file, and a description of itself that nobody asks for."""
    settings, description = folder / "pygeoapi.yml", folder / "pygeoapi-openapi.json"
    settings.write_text(json.dumps(_settings(place)))  # which is YAML, too
    description.write_text("{}")
    return {"PYGEOAPI_CONFIG": str(settings), "PYGEOAPI_OPENAPI": str(description)}


def _settings(place: Place) -> dict[str, Any]:
    # Were `storage_crs` EPSG:4326, which it finds sooner than its own default, it would turn the box around.
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {"host": str(place.host), "dbname": place.database, "user": "postgres"},
        "table": "event",
        "id_field": "id",
        "geom_field": "geometry",
    }
    events = {
        "type": "collection",
        "title": "Events",
        "extents": {"spatial": {"bbox": [-180, -90, 180, 90]}},
        "providers": [provider],
    }
    server = {
        "bind": {"host": "127.0.0.1", "port": 80},
        "url": "http://127.0.0.1",
        "encoding": "utf-8",
        "language": "en",
        "limits": {"max_items": 1000},
    }
    title = {"identification": {"title": "Events"}}
    return {
        "server": server,
        "logging": {"level": "ERROR"},
        "metadata": title,
        "resources": {"event": events},
    }


def box(query: Mapping[str, Any]) -> Request:
    """The newest in a box; by CQL, since its `datetime` looks at one day of an event."""
    words = {
        "bbox": "{west},{south},{east},{north}".format(**query),
        "filter": "date_end >= '{date_from}' AND date_start <= '{date_to}'".format(**query),
        "sortby": "-date_start,-id",
        "limit": 100,
        "f": "json",
    }
    return Request(f"/collections/event/items?{urlencode(words)}")
