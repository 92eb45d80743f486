"""Every SELECT that answers a client, as functions of (reader, query)."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from sqlalchemy import Row, Text, bindparam, column, func, literal, select, table
from sqlmodel import SQLModel, col

from app import codes, event_lists, tally_counts
from app.errors import BadRequest, Gone, NotFound, Unavailable, fault
from app.filters import EventList
from app.pagination import (
    COUNT_CAP,
    ListQuery,
    Order,
    Page,
    Query,
    cursor_after,
    cut,
    place,
    statement,
    token,
)
from app.prepared import Statement
from app.resource_filters import ActorQuery, ChangeQuery, CountryQuery, DatasetQuery, SourceQuery
from app.snapshots import Reader, Snapshot
from app.tables import Actor, Clock, Country, Dataset, Event, EventDocument, EventRevision, Load, Source
from app.where import clauses, references


async def check_migrated(reader: Reader, head: str) -> None:
    """Unavailable unless the database is at the migration `head`."""
    found = await reader.rows(select(column("version_num", Text)).select_from(table("alembic_version")))
    at = found[0][0] if found else None
    if at != head:
        raise Unavailable(
            f"The database is at migration {at}, this release needs {head}: run 'dateline migrate'"
        )


async def events(reader: Reader, query: EventList) -> Page:
    """One page of events, each row its stored document."""
    await check_references(reader, query)
    values = event_lists.values(query)
    found: list[Any] = []
    for part in event_lists.parts(query):
        if len(found) <= query.limit:
            found += await reader.prepared(
                event_lists.key(query, part),
                partial(event_lists.page, query, part),
                values,
            )
    rows, cursor = cut(found, event_lists.ORDERS[query.sort], query)
    return Page(rows, cursor, *await total(reader, query, values))


async def total(
    reader: Reader, query: EventList, values: Mapping[str, Any] | None = None
) -> tuple[int | None, bool | None]:
    """How many events there are, and whether there are no more, as far as the query asks."""
    if query.count == "none":
        return None, None
    if tally_counts.counts(query):
        ((found,),) = await reader.prepared(
            tally_counts.key(query), lambda _: tally_counts.total(query), tally_counts.values(query)
        )
        capped = query.count == "capped" and found > COUNT_CAP
        return COUNT_CAP if capped else int(found), not capped
    most = COUNT_CAP + 1 if query.count == "capped" else None
    key = event_lists.key(query, ("count", most))
    made = partial(event_lists.count, query, most)
    ((found,),) = await reader.prepared(key, made, values or event_lists.values(query))
    capped = most is not None and found > COUNT_CAP
    return COUNT_CAP if capped else found, not capped


async def event(reader: Reader, event_id: str) -> tuple[bytes, bytes]:
    """The documents of one event: its own and its evidence's; NotFound, or Gone when it was withdrawn."""
    found = await reader.prepared("event", lambda _: _EVENT, {"id": event_id})
    if not found:
        raise NotFound(f"No event has the id {event_id!r}")
    document, evidence, withdrawn, reason, successor = found[0]
    if withdrawn is not None:
        raise Gone(reason, successor)
    return document, evidence


_DOCUMENT = col(EventDocument.id) == col(Event.document_id)
_EVENT = (
    select(
        col(EventDocument.document),
        col(Event.document_evidence),
        col(Event.withdrawn),
        col(Event.withdrawn_reason),
        col(Event.successor_id),
    )
    .join_from(Event, EventDocument, _DOCUMENT)
    .where(col(Event.id) == bindparam("id"))
)


async def changes(reader: Reader, query: ChangeQuery) -> Page:
    """The events that changed after a token, each once, in the order in which they last changed."""
    (clock,) = await reader.rows(select(col(Clock.generation), col(Clock.seq)))
    after = place(query.since, clock.generation) if query.since else 0
    found = await reader.rows(
        select(
            col(Event.change_seq),
            col(Event.id),
            col(Event.updated),
            col(EventDocument.document),
            col(Event.withdrawn),
            col(Event.withdrawn_reason),
            col(Event.successor_id),
        )
        .join_from(Event, EventDocument, _DOCUMENT)
        .where(col(Event.change_seq) > after)
        .order_by(col(Event.change_seq))
        .limit(query.limit + 1)
    )
    rows = found[: query.limit]
    here = token(clock.generation, rows[-1].change_seq if rows else after)
    return Page(rows, here if len(found) > query.limit else None, token=here)


async def history(reader: Reader, event_id: str) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """An event's beginning and its edits, oldest first; a withdrawn event has its history still."""
    found = await reader.rows(select(col(Event.id), col(Event.created)).where(col(Event.id) == event_id))
    if not found:
        raise NotFound(f"No event has the id {event_id!r}")
    edits = select(col(EventRevision.revision), col(EventRevision.at), col(EventRevision.changes))
    return found[0], await reader.rows(
        edits.where(col(EventRevision.event_id) == event_id).order_by(col(EventRevision.revision))
    )


async def countries(reader: Reader, query: CountryQuery) -> Page:
    """One page of countries, by code."""
    return await _page(reader, query, _select_all(Country, query), Order((col(Country.code),)))


async def actors(reader: Reader, query: ActorQuery) -> Page:
    """One page of actors, by id."""
    await check_references(reader, query)
    return await _page(reader, query, _select_all(Actor, query), Order((col(Actor.id),)))


async def sources(reader: Reader, query: SourceQuery) -> Page:
    """One page of sources, by id."""
    await check_references(reader, query)
    return await _page(reader, query, _select_all(Source, query), Order((col(Source.id),)))


async def datasets(reader: Reader, query: DatasetQuery) -> Page:
    """One page of datasets, by id, each with its last load."""
    wanted = _datasets().where(*clauses(query))
    return await _page(reader, query, wanted, Order((col(Dataset.id),)))


async def country(reader: Reader, code: str) -> Row[Any]:
    """The country with this alpha-2, alpha-3, numeric or ISO 3166-3 code."""
    try:
        key = codes.country(code)
    except codes.UnknownCode as error:
        raise NotFound(str(error), [fault("code", str(error), did_you_mean=error.nearest)]) from None
    return await _one(reader, select(Country.__table__), col(Country.code), key, "country")  # type: ignore[attr-defined]


async def actor(reader: Reader, actor_id: str) -> Row[Any]:
    """The actor with this id."""
    return await _one(reader, select(Actor.__table__), col(Actor.id), actor_id, "actor")  # type: ignore[attr-defined]


async def source(reader: Reader, source_id: str) -> Row[Any]:
    """The source with this id."""
    return await _one(reader, select(Source.__table__), col(Source.id), source_id, "source")  # type: ignore[attr-defined]


async def dataset(reader: Reader, dataset_id: str) -> Row[Any]:
    """The dataset with this id, with its last load."""
    return await _one(reader, _datasets(), col(Dataset.id), dataset_id, "dataset")


def _datasets() -> Statement:
    newest = (
        select(func.max(col(Load.id)))
        .where(col(Load.dataset_id) == col(Dataset.id), col(Load.outcome) != "running")
        .correlate(Dataset)
        .scalar_subquery()
    )
    load = [field.label(f"load_{field.name}") for field in Load.__table__.columns]  # type: ignore[attr-defined]
    return select(*Dataset.__table__.columns, *load).outerjoin_from(Dataset, Load, col(Load.id) == newest)  # type: ignore[attr-defined]


def _select_all(of: type[SQLModel], query: ListQuery) -> Statement:
    return select(of.__table__).where(*clauses(query))  # type: ignore[attr-defined]


async def _page(reader: Reader, query: ListQuery, wanted: Statement, order: Order) -> Page:
    found = await reader.rows(statement(wanted, order, query))
    rows, cursor = cut(found, order, query)
    if query.count == "none":
        return Page(rows, cursor)
    total = await _count(reader, wanted, COUNT_CAP + 1 if query.count == "capped" else None)
    capped = query.count == "capped" and total > COUNT_CAP
    return Page(rows, cursor, COUNT_CAP if capped else total, not capped)


async def _count(reader: Reader, wanted: Statement, most: int | None) -> int:
    # Without the last word a list that nothing narrows would be counted from no table at all.
    counted = func.count() if most is None else literal(1)
    matching = wanted.with_only_columns(counted, maintain_column_froms=True)
    if most is not None:
        matching = select(func.count()).select_from(matching.limit(most).subquery())
    return int((await reader.rows(matching))[0][0])


async def _one(reader: Reader, wanted: Statement, key: Any, value: str, what: str) -> Row[Any]:
    found = await reader.rows(wanted.where(key == value))
    if not found:
        raise NotFound(f"No {what} has the id {value!r}")
    return found[0]


async def check_references(reader: Reader, query: Query) -> None:
    """An id that nothing has is a mistake, and is said to be one."""
    faults = []
    for name, key, values in references(query):
        known = {row[0] for row in await reader.rows(select(key).where(col(key).in_(values)))}
        for value in values:
            if value not in known:
                near = await _nearest(reader, key, value)
                faults.append(fault(name, f"nothing has the id {value!r}", did_you_mean=near))
    if faults:
        raise BadRequest(*faults)


async def _nearest(reader: Reader, key: Any, value: str) -> str | None:
    close = select(key).where(col(key).startswith(value[:2], autoescape=True)).order_by(key).limit(500)
    found: Sequence[Row[Any]] = await reader.rows(close) or await reader.rows(
        select(key).order_by(key).limit(500)
    )
    return codes.nearest(value, tuple(row[0] for row in found))


async def coverage(reader: Reader) -> Row[Any]:
    """The first and the last possible day of all events, as far as bounded."""
    first, last = func.min(col(Dataset.coverage_start)), func.max(col(Dataset.coverage_end))
    return (await reader.rows(select(first.label("start"), last.label("end"))))[0]


async def batches(
    reader: Snapshot, query: EventList, size: Callable[[], int]
) -> AsyncGenerator[Sequence[tuple[Any, ...]], None]:
    """All events from the query's cursor on, each its stored document, each time at most as many as `size` tells."""
    await check_references(reader, query)
    order = event_lists.ORDERS[query.sort]
    while True:
        values, left = event_lists.values(query), _RUN
        for part in event_lists.parts(query):
            make = partial(event_lists.page, query, part)
            found = reader.in_pieces(event_lists.key(query, part), make, values | {"limit": left}, size)
            async with aclosing(found):
                async for rows in found:
                    yield rows
                    left -= len(rows)
            if not left:
                break
        else:
            return
        query = query.model_copy(update={"cursor": cursor_after(rows[-1], order, query)})


_RUN = 1000  # events that one statement finds where all are wanted
