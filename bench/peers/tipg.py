"""tipg over PostGIS: how it is told of the table, and how it is asked."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from bench.load import Request
from bench.peers.postgis import Place

APP = "tipg.main:app"


def told(place: Place) -> dict[str, str]:
    """Its settings: a catalogue that is read once, and connections that are there from the start and stay."""
    return {
        "DATABASE_URL": f"postgresql://postgres@{quote(str(place.host), safe='')}/{place.database}",
        "DB_MIN_CONN_SIZE": "10",
        "DB_MAX_INACTIVE_CONN_LIFETIME": "0",
        "TIPG_CATALOG_TTL": "0",
        "TIPG_DB_TABLES": '["public.event"]',
        "TIPG_DB_FUNCTIONS": "[]",
    }


def box(query: Mapping[str, Any]) -> Request:
    """The newest in a box; by CQL2, since its `datetime` looks at one day of an event and leaves out the last of a range."""
    dates = "date_end >= DATE('{date_from}') AND date_start <= DATE('{date_to}')"
    words = {
        "bbox": "{west},{south},{east},{north}".format(**query),
        "filter": dates.format(**query),
        "sortby": "-date_start,-id",
        "limit": 100,
        "f": "json",  # flat rows, which takes it less than the links of every feature in GeoJSON
    }
    return Request(f"/collections/public.event/items?{urlencode(words)}")
