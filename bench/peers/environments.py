"""Environments of the peers: made once by uv in the scratch folder, each with its own packages."""

import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "naive": ("fastapi", "sqlmodel", "uvicorn[standard]", "psycopg[binary]"),
    "datasette": ("datasette",),
    "roapi": ("roapi",),
    "tipg": ("tipg", "uvicorn[standard]"),
    "pygeoapi": ("pygeoapi", "starlette", "uvicorn[standard]", "geoalchemy2", "psycopg2-binary"),
}
_MINUTES = 10


def environment(name: str, folder: Path) -> Path:
    """The folder of a peer's commands; RuntimeError when it cannot be installed."""
    made = folder / "environments" / name
    if not (made / "ready").exists():
        shutil.rmtree(made, ignore_errors=True)
        _uv("venv", "--quiet", "--python", sys.executable, str(made))
        _uv("pip", "install", "--quiet", "--python", str(made / "bin" / "python"), *PACKAGES[name])
        (made / "ready").touch()
    return made / "bin"


def version(name: str, package: str, folder: Path) -> str:
    """The version of a package in a peer's environment."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    python = str(environment(name, folder) / "python")
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def _uv(*words: str) -> None:
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise SystemExit("uv is missing: it makes the environments of the peers")
    try:
        subprocess.run(  # noqa: S603
            [uv, *words], check=True, timeout=_MINUTES * 60, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"uv {words[0]} failed: {error.stderr[-300:]}") from error
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"uv {words[0]} took more than {_MINUTES} minutes") from error
