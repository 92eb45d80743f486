"""Who is measured: starts this project's server, its peers and the floors over one data set."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from bench.datasets import Data
from bench.peers import datasette, postgis, pygeoapi, roapi, tipg
from bench.peers.environments import environment
from bench.peers.postgis import Place
from bench.servers import Server, started

_UVICORN = ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "--no-access-log"]
T = TypeVar("T")
Starter: TypeAlias = Callable[[Data, Path], AbstractContextManager[T]]


def peers(
    stack: ExitStack, data: Data, folder: Path, asked: Collection[str], notes: list[str]
) -> dict[str, Server]:
    """The peers that are asked for something and can be started; of the others of these the notes say why not."""

    def entered(name: str, start: Starter[T]) -> T | None:
        try:
            return stack.enter_context(start(data, folder))
        except (RuntimeError, OSError) as error:
            notes.append(f"{name} on {data.kind}, {data.events:,} events: {error}")
            return None

    starters: dict[str, Starter[Server]] = {"naive": _naive}
    if data.kind == "sqlite":
        starters |= {"datasette": _datasette, "roapi": _roapi}
    elif {"tipg", "pygeoapi"} & {*asked} and (place := entered("PostGIS", postgis.served)):
        starters |= {"tipg": partial(_tipg, place), "pygeoapi": partial(_pygeoapi, place)}
    running = {name: entered(name, start) for name, start in starters.items() if name in asked}
    return {name: server for name, server in running.items() if server is not None}


@contextmanager
def floors(folder: Path, sizes: Mapping[str, int]) -> Iterator[dict[str, Server]]:
    """L1 and L3, which answer each item with so many bytes."""
    python = str(environment("naive", folder) / "python")
    told = {"FLOOR_SIZES": json.dumps(sizes)}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                started(name, [python, *_UVICORN, f"bench.peers.floor:{app}"], folder, told)
            )
            for name, app in (("L1", "bare"), ("L3", "checked"))
        }


@contextmanager
def _naive(data: Data, folder: Path) -> Iterator[Server]:
    python = str(environment("naive", folder) / "python")
    told = {"NAIVE_DATABASE_URL": data.url.replace("postgresql://", "postgresql+psycopg://")}
    with started("naive", [python, *_UVICORN, "bench.peers.naive:app"], folder, told) as server:
        yield server


@contextmanager
def _datasette(data: Data, folder: Path) -> Iterator[Server]:
    commands = environment("datasette", folder)
    command = datasette.command(commands, *datasette.files(data.file, folder))
    with started("datasette", command, folder) as server:
        yield server


@contextmanager
def _roapi(data: Data, folder: Path) -> Iterator[Server]:
    commands = environment("roapi", folder)
    command = roapi.command(commands, roapi.export(data, folder))
    with started("roapi", command, folder, {"RUST_LOG": "warn"}, ready="/api/tables/event?limit=1") as server:
        yield server


@contextmanager
def _tipg(place: Place, _: Data, folder: Path) -> Iterator[Server]:
    command = [str(environment("tipg", folder) / "python"), *_UVICORN, tipg.APP]
    with started("tipg", command, folder, tipg.told(place), ready="/healthz") as server:
        yield server


@contextmanager
def _pygeoapi(place: Place, _: Data, folder: Path) -> Iterator[Server]:
    command = [str(environment("pygeoapi", folder) / "python"), *_UVICORN, pygeoapi.APP]
    with started("pygeoapi", command, folder, pygeoapi.told(place, folder)) as server:
        yield server
