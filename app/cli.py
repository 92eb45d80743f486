"""The command line: each command gathers its arguments and makes one call."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

FORMATS = ("dossier", "ucdp-ged", "gdelt", "csv")
EXPORTS = ("parquet", "csv", "ndjson", "geojson", "sqlite")
Command = Callable[[argparse.Namespace], int]

# Each command imports what it needs: --help and migrations need no web framework.


def _serve(options: argparse.Namespace) -> int:
    from app import serving
    from app.importers.formats import Options
    from app.settings import Settings

    settings = Settings()
    if options.migrate:
        _migrate(options)
    if options.seed:
        _load("dossier", [options.seed], Options())
    sys.stdout.flush()  # the signal that ends a server takes what a pipe has not been given yet
    port = settings.port if options.port is None else options.port
    serving.run(options.host or settings.host, port, options.workers or settings.workers)
    return 0


def _migrate(_options: argparse.Namespace) -> int:
    from app import migrate
    from app.importers.load import load_countries

    with _engine() as engine:
        migrate.upgrade(engine)
        load_countries(engine)
    print(f"The database is at migration {migrate.head()}")
    return 0


def _import(options: argparse.Namespace) -> int:
    from app.importers.formats import Options

    chosen = Options(
        mapping=options.mapping,
        version=options.version,
        whole=options.release,
        text=_text(options) if options.with_quotes else None,
    )
    return _load(options.format, options.files, chosen, options.rejects)


def _load(name: str, paths: Sequence[Path], chosen: Any, rejected: Path | None = None) -> int:
    from app.importers.formats import rejects, releases
    from app.importers.load import load
    from app.importers.progress import Progress

    with _engine() as engine:
        for path, source, release in releases(name, paths, chosen):
            progress = Progress(path.name, source.done)
            with rejects(rejected or Path(f"{path.name}.rejects.ndjson")) as refused:
                progress.end(load(engine, release, progress, refused))
    return 0


@contextmanager
def _engine() -> Iterator[Any]:
    """The database to write to, let go of at the end."""
    from app.db import writer
    from app.settings import Settings

    engine = writer(Settings())
    try:
        yield engine
    finally:
        engine.dispose()


def _verify(options: argparse.Namespace) -> int:
    from app.importers import dossier, passages

    findings = list(passages.verify(dossier.parse(options.file), _text(options)))
    wrong = [finding for finding in findings if finding.fault]
    for finding in wrong:
        print(f"{finding.event_id}: evidence {finding.position + 1}: {finding.fault}")
    print(f"{len(findings)} passages checked, {len(wrong)} do not hold")
    return 1 if wrong else 0


def _locate(options: argparse.Namespace) -> int:
    from app.importers import passages

    found = passages.locate(_text(options), options.words)
    for p in found:
        print(f"passage: {{paragraph: {p.paragraph}, start: {p.start}, end: {p.end}, sha256: {p.sha256}}}")
    if not found:
        print("these words do not stand in the text", file=sys.stderr)
    return 0 if found else 1


def _loads(_options: argparse.Namespace) -> int:
    from sqlmodel import Session, select

    from app.tables import Load

    with _engine() as engine, Session(engine) as session:
        for row in session.exec(select(Load)):
            counts = (
                f"{row.read} read, {row.inserted} inserted, {row.updated} updated, {row.unchanged} unchanged"
            )
            counts += f", {row.rejected} rejected, {row.withdrawn} withdrawn"
            told = f"  {row.error.splitlines()[0]}" if row.error else ""
            print(
                f"{row.id}  {row.started:%Y-%m-%d %H:%M:%S}  {row.outcome:9}  {row.dataset_id}  {row.file}  {counts}{told}"
            )
    return 0


def _export(options: argparse.Namespace) -> int:
    import asyncio

    from app.errors import ApiError, refusal
    from app.exports import export
    from app.filters import EventQuery
    from app.settings import Settings

    asked = {name: value for name in _filters() if (value := getattr(options, name)) is not None}
    try:
        query = EventQuery.model_validate(asked)
    except ValidationError as error:
        raise ValueError(_told(refusal(error))) from None
    try:
        written = asyncio.run(export(Settings(), query, options.format, options.file))
    except ApiError as error:
        raise ValueError(_told(error)) from None
    print(f"{written} events written to {options.file}")
    return 0


def _told(error: Any) -> str:
    """A refusal in lines, as the API tells it, with what was probably meant."""
    lines = []
    for fault in error.errors:
        line = f"--{fault['parameter'].replace('_', '-')}: {fault['detail']}"
        if near := fault.get("did_you_mean"):
            line += f"; did you mean {near}?"
        elif len(allowed := fault.get("allowed", ())) in range(1, 10):
            line += f": {', '.join(allowed)}"
        lines.append(line)
    return "\n".join(lines or [error.detail])


def _filters() -> dict[str, Any]:
    """What events can be asked for by, in the order in which they come."""
    from app.filters import EventFilters, EventQuery

    return {**EventFilters.model_fields, "sort": EventQuery.model_fields["sort"]}


def _render(_options: argparse.Namespace) -> int:
    from app.importers.load import render_all

    with _engine() as engine:
        print(f"{render_all(engine)} documents rendered")
    return 0


def _openapi(_options: argparse.Namespace) -> int:
    from app.main import create_app

    return _print_json(create_app().openapi())


def _schema(_options: argparse.Namespace) -> int:
    from app.importers.dossier_format import Dossier

    return _print_json(
        {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Dossier.model_json_schema()
    )


def _print_json(value: Any) -> int:
    print(json.dumps(value, indent=2, ensure_ascii=False))
    return 0


def _text(options: argparse.Namespace) -> str:
    return Path(options.text).read_bytes().decode()


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _parser(asked: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "dateline", description="Geopolitical events, each traceable to its passage."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Command, words: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=words, description=words)
        sub.set_defaults(run=run)
        return sub

    serve = command("serve", _serve, "Serve the API.")
    serve.add_argument("--host", help="address to listen on (DATELINE_HOST)")
    serve.add_argument("--port", type=int, help="port to listen on (DATELINE_PORT)")
    serve.add_argument(
        "--workers", type=_count, metavar="N", help="processes that share the port (DATELINE_WORKERS)"
    )
    serve.add_argument("--migrate", action="store_true", help="bring the database to this release first")
    serve.add_argument("--seed", type=Path, metavar="DOSSIER", help="load a dossier first")
    command("migrate", _migrate, "Bring the database to this release: tables and countries.")
    importing = command("import", _import, "Load files; loading a file twice changes nothing.")
    importing.add_argument("format", choices=FORMATS, help="what the files are")
    importing.add_argument("files", type=Path, nargs="+", metavar="FILE")
    importing.add_argument("--mapping", type=Path, metavar="TOML", help="csv: what the columns are")
    importing.add_argument("--version", help="the dataset's version, where the file's name does not say it")
    whole = "the file is the whole dataset: withdraw the events that it lacks"
    importing.add_argument("--release", action="store_true", help=whole)
    importing.add_argument("--rejects", type=Path, metavar="FILE", help="where rejected rows go")
    importing.add_argument("--text", type=Path, help="dossier: the text that its passages point into")
    importing.add_argument(
        "--with-quotes", action="store_true", help="dossier: load the passages of --text as quotes"
    )
    verifying = command("verify", _verify, "Check a dossier's passages against the text they point into.")
    verifying.add_argument("file", type=Path, metavar="DOSSIER")
    verifying.add_argument("--text", type=Path, required=True, help="a copy of the source's text")
    locating = command("locate", _locate, "Print where words stand in a text, as a dossier's passage.")
    locating.add_argument("words", metavar="WORDS")
    locating.add_argument("--text", type=Path, required=True, help="a copy of the source's text")
    command("loads", _loads, "List what was loaded, and what became of it.")
    exporting = command("export", _export, "Write events to a file; the filters are those of /v1/events.")
    exporting.add_argument("--format", choices=EXPORTS, required=True, help="what to write")
    exporting.add_argument("file", type=Path, metavar="FILE")
    if "export" in asked:  # other commands need not know the filters
        from app.values import Split

        for name, field in _filters().items():
            words = (field.description or "").replace("%", "%%")
            action = "append" if Split in field.metadata else "store"
            exporting.add_argument(
                f"--{name.replace('_', '-')}", dest=name, action=action, metavar="VALUE", help=words
            )
    command("render", _render, "Render every stored document anew.")
    command("openapi", _openapi, "Print the OpenAPI document.")
    command("schema", _schema, "Print the JSON Schema of a dossier.")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a mistake in its input is told in a line, not a traceback."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = _parser(arguments)
    options = parser.parse_args(arguments)
    if getattr(options, "with_quotes", False) and options.text is None:
        parser.error("--with-quotes needs --text")
    try:
        return int(options.run(options))
    except ValidationError as error:  # a setting: its value may be a secret, and is not told
        for fault in error.errors(include_input=False):
            print(f"DATELINE_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}", file=sys.stderr)
    except (ValueError, LookupError, OSError) as error:
        print(error, file=sys.stderr)
    except Exception as error:
        reason = _database_failure(error)
        if reason is None:
            raise
        print(reason, file=sys.stderr)
    return 1


def _database_failure(error: Exception) -> str | None:
    """What a failure of the database means, or None if it is another failure."""
    from sqlalchemy.exc import DBAPIError

    from app.snapshots import meaning

    return meaning(error) if isinstance(error, DBAPIError) else None


if __name__ == "__main__":
    sys.exit(main())
