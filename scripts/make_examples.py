"""Writes app/data/examples.json: what each operation answers over the seed, cut short, for the published contract."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.testclient import TestClient

from app import db, migrate
from app.importers import dossier
from app.importers.load import load, load_countries
from app.main import create_app
from app.settings import Settings

ROOT = Path(__file__).parent.parent
EVENT = "niger-2024.campbell-lamine-zein-meeting"
ASKED = {
    "list_events": "/v1/events?q=demonstration&limit=1",
    "get_event": f"/v1/events/{EVENT}",
    "get_event_history": f"/v1/events/{EVENT}/history",
    "count_events": "/v1/stats/events?group=month,country&country=NE,US&date_from=2024-02&date_to=2024-05",
    "list_changes": "/v1/changes?limit=1",
    "list_countries": "/v1/countries?q=niger&limit=1",
    "get_country": "/v1/countries/NE",
    "get_outlines": "/v1/countries.geojson",
    "list_actors": "/v1/actors?q=campbell",
    "get_actor": "/v1/actors/kurt-campbell",
    "list_sources": "/v1/sources?limit=1",
    "get_source": "/v1/sources/washington-post-2024-04-19",
    "list_datasets": "/v1/datasets",
    "get_dataset": "/v1/datasets/niger-2024",
    "get_codes": "/v1/codes",
    "get_liveness": "/health/live",
    "get_readiness": "/health/ready",
}


def main() -> None:
    """Ask a server of the seed, and keep what it says."""
    with TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/examples.db")
        engine = db.writer(settings)
        migrate.upgrade(engine)
        load_countries(engine)
        load(engine, dossier.parse(ROOT / "seed" / "niger-2024.yaml"))
        engine.dispose()
        with TestClient(create_app(settings)) as client:
            found = {name: _short(client.get(path).raise_for_status().json()) for name, path in ASKED.items()}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (ROOT / "app" / "data" / "examples.json").write_text(text + "\n", "utf-8")


def _short(answer: Any) -> Any:
    if "evidence" in answer:
        return answer | {"evidence": answer["evidence"][:2]}
    if "features" in answer:
        return answer | {"features": answer["features"][:1]}
    if "lists" in answer:
        return {"lists": {name: entries[:1] for name, entries in answer["lists"].items()}}
    return answer


if __name__ == "__main__":
    main()
