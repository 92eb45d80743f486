"""Clients that others generate from docs/openapi.json: they compile in strict mode, and can call what is served."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import served

ROOT = Path(__file__).parent.parent
CLIENTS = ROOT / "scripts" / "clients"
UV = Path(sys.executable).parent / "uv"

pytestmark = pytest.mark.outside


def run(*command: str | Path, where: Path = CLIENTS) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_told(text: str) -> None:
    """The example ran to its end, and through more than one page."""
    count, evidence, mistake = text.splitlines()
    assert int(count.split()[0]) > 5 and "Niger" in count
    assert "evidence" in evidence and "country: " in mistake and "Nigr" in mistake


@pytest.fixture(scope="module")
def typescript() -> None:
    """The types made from the document, and the example compiled against them."""
    shutil.rmtree(CLIENTS / "build", ignore_errors=True)
    run("npm", "run", "--silent", "generate")
    run("npm", "run", "--silent", "compile")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Python client made from the document, and the example, type-checked."""
    folder = tmp_path_factory.mktemp("python")
    generate = (
        "generate",
        "--path",
        ROOT / "docs" / "openapi.json",
        "--output-path",
        folder / "dateline_client",
    )
    made = run(
        UV,
        "tool",
        "run",
        "openapi-python-client@0.29.1",
        *generate,
        "--meta",
        "none",
        "--fail-on-warning",
        "--config",
        CLIENTS / "openapi-python-client.yaml",
    )
    assert "WARNING" not in made
    shutil.copy(CLIENTS / "example.py", folder)
    _uv(folder, "mypy", "--config-file", CLIENTS / "mypy.ini", "dateline_client", "example.py")
    return folder


def _uv(folder: Path, *command: str | Path) -> str:
    needs = ("--with", "attrs,httpx,python-dateutil,types-python-dateutil,mypy==2.4.1")
    return run(UV, "run", "--no-project", "--python", sys.executable, *needs, *command, where=folder)


@pytest.mark.usefixtures("typescript")
def test_a_typescript_client_can_call_what_is_served(seeded_url: str) -> None:
    with served(seeded_url) as address:
        check_told(run("npm", "run", "--silent", "example", address))


def test_a_python_client_can_call_what_is_served(python: Path, seeded_url: str) -> None:
    with served(seeded_url) as address:
        check_told(_uv(python, "python", "example.py", address))
