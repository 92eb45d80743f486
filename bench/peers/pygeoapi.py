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
    """The files of its settings."""
    settings, openapi = folder / "pygeoapi.yml", folder / "pygeoapi-openapi.json"
    settings.write_text(json.dumps(_settings(place)))  # which is YAML, too
    openapi.write_text("{}")  # it is not asked for
    return {"PYGEOAPI_CONFIG": str(settings), "PYGEOAPI_OPENAPI": str(openapi)}


def _settings(place: Place) -> dict[str, Any]:
    named = {"title": "Events", "description": "Events", "keywords": ["events"]}
    provider = {
        "type": "feature",
        "name": "PostgreSQL",
        "data": {
            "host": str(place.host),
            "dbname": place.database,
            "user": "postgres",
            "search_path": ["public"],
        },
        "table": "event",
        "id_field": "id",
        "geom_field": "geometry",
    }
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 5000},
            "url": "http://127.0.0.1:5000",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "language": "en",
            "limits": {"default_items": 100, "max_items": 1000},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {**named, "url": "", "terms_of_service": ""},
            "license": {"name": ""},
            "provider": {"name": "", "url": ""},
            "contact": {},
        },
        "resources": {
            "event": {
                "type": "collection",
                **named,
                "links": [],
                "extents": {"spatial": {"bbox": [-180, -90, 180, 90]}},
                "providers": [provider],
            }
        },
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
