"""`dateline` in processes that can be killed: forked from one that has imported it, which takes each a second else."""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["app.cli", "app.importers.formats", "app.importers.load", "app.migrate"])


def start(url: str, *arguments: object, log: Path | None = None) -> ForkServerProcess:
    """A command that runs on a database; what it prints goes to `log`."""
    _ready()
    given = [str(argument) for argument in arguments]
    process = _CONTEXT.Process(target=_run, args=(url, given, log or Path(os.devnull)))
    process.start()
    return process


@cache
def _ready() -> None:
    """Wait until there is what to fork, so that the first command takes no longer than the next."""
    first = _CONTEXT.Process(target=os.getpid)
    first.start()
    first.join()


def run(url: str, *arguments: object) -> None:
    """Run a command that succeeds."""
    running = start(url, *arguments)
    running.join()
    assert running.exitcode == 0


def _run(url: str, arguments: Sequence[str], log: Path) -> None:
    from app import cli

    with log.open("ab", buffering=0) as out:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(out.fileno(), stream.fileno())
    os.environ["DATELINE_DATABASE_URL"] = url
    sys.exit(cli.main(arguments))
