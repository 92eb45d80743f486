"""docs/recipes.md: what it calls tried is run against a served seed, and prints what it is shown to print."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.served import served

DOCS = Path(__file__).parent.parent / "docs"
UV = Path(sys.executable).parent / "uv"
SHOWN = "http://127.0.0.1:8000"
_SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"```(bash|python|js|r)\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
SECTIONS = [
    (name, _BLOCK.findall(text.split("**Not run here**")[0]))
    for name, text in _SECTION.findall((DOCS / "recipes.md").read_text())
]
TRIED = [(name, blocks) for name, blocks in SECTIONS if blocks]
_PROGRAMS = ("curl", "jq", "ogr2ogr")
_PYTHON = (UV, "run", "--quiet", "--no-project", "--python", sys.executable)
COMMANDS: dict[str, tuple[str | Path, ...]] = {
    "bash": ("bash", "-euo", "pipefail"),
    "python": (*_PYTHON, "--with", "pandas==3.1.1,duckdb==2.0.0", "python", "-"),
    "r": ("R", "--no-echo", "--no-save"),
    "js": ("node", DOCS.parent / "scripts" / "clients" / "notebook.js"),
}


@pytest.fixture(scope="module")
def address(seeded_url: str) -> Iterator[str]:
    with served(seeded_url) as made:
        yield made


@pytest.mark.outside
@pytest.mark.parametrize(("name", "blocks"), TRIED, ids=[name for name, _ in TRIED])
def test_a_recipe_prints_what_is_shown(
    address: str, name: str, blocks: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    called = {program for program in _PROGRAMS for _, code, _ in blocks if program in code}
    for program in called | {str(COMMANDS[language][0]) for language, _, _ in blocks}:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here, so the recipe for {name} is not tried")
    for language, code, shown in blocks:
        done = subprocess.run(
            COMMANDS[language],
            input=code.replace(SHOWN, address),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == shown


def test_enough_is_tried() -> None:
    assert {name for name, _ in TRIED} >= {
        "curl",
        "pandas",
        "DuckDB",
        "QGIS and GDAL",
        "Observable Plot",
        "R",
    }


_DASHBOARD = json.loads((DOCS / "grafana" / "dateline.json").read_text())


@pytest.mark.parametrize("panel", _DASHBOARD["panels"], ids=lambda panel: panel["title"])
def test_the_dashboard_asks_what_is_answered(address: str, panel: dict[str, Any]) -> None:
    (target,) = panel["targets"]
    (source,) = yaml.safe_load((DOCS / "grafana" / "dateline.yaml").read_text())["datasources"]
    assert target["datasource"] == {"type": source["type"], "uid": source["uid"]}
    assert target["url"].startswith(SHOWN) and source["jsonData"]["allowedHosts"] == [SHOWN]
    url = target["url"].replace(SHOWN, address)
    for end in ("from", "to"):
        url = url.replace(f"${{__{end}:date:YYYY-MM-DD}}", _DASHBOARD["time"][end][:10])
    items = httpx2.get(url).raise_for_status().json()[target["root_selector"]]
    assert items
    for column in target["columns"]:
        values = [_selected(item, column["selector"]) for item in items]
        kind = (int, float) if column["type"] == "number" else str
        assert any(values) and all(value is None or isinstance(value, kind) for value in values)


def _selected(item: Any, selector: str) -> Any:
    for name in selector.split("."):
        item = item and item[name]
    return item
