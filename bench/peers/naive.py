"""A plain FastAPI + SQLModel application over the same tables, as a competent developer writes it in an afternoon."""

import os
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from sqlalchemy import Engine, func, literal_column, or_
from sqlalchemy.orm import selectinload
from sqlmodel import Field, Relationship, Session, SQLModel, col, create_engine, select


class Country(SQLModel, table=True):
    code: str = Field(primary_key=True)
    name: str


class Actor(SQLModel, table=True):
    id: str = Field(primary_key=True)
    name: str


class Source(SQLModel, table=True):
    id: str = Field(primary_key=True)
    title: str
    publisher: str | None
    language: str | None
    published: str | None
    url: str | None


class EventCountry(SQLModel, table=True):
    __tablename__ = "event_country"
    event_id: str = Field(primary_key=True, foreign_key="event.id")
    country_code: str = Field(primary_key=True, foreign_key="country.code")
    role: str = Field(primary_key=True)
    country: Country = Relationship()


class EventActor(SQLModel, table=True):
    __tablename__ = "event_actor"
    event_id: str = Field(primary_key=True, foreign_key="event.id")
    actor_id: str = Field(primary_key=True, foreign_key="actor.id")
    role: str = Field(primary_key=True)
    actor: Actor = Relationship()


class Evidence(SQLModel, table=True):
    event_id: str = Field(primary_key=True, foreign_key="event.id")
    position: int = Field(primary_key=True)
    source_id: str = Field(foreign_key="source.id")
    source: Source = Relationship()


class Event(SQLModel, table=True):
    id: str = Field(primary_key=True)
    dataset_id: str
    type: str
    mode: str | None
    status: str
    title: str
    summary: str | None
    date_start: date
    date_end: date
    date_precision: str
    place_name: str | None
    latitude: float | None
    longitude: float | None
    fatalities_best: int | None
    withdrawn: str | None
    countries: list[EventCountry] = Relationship()
    actors: list[EventActor] = Relationship()
    evidence: list[Evidence] = Relationship()


class CountryOut(SQLModel):
    code: str
    name: str
    role: str


class ActorOut(SQLModel):
    id: str
    name: str
    role: str


class SourceOut(SQLModel):
    id: str
    title: str
    publisher: str | None
    language: str | None
    published: str | None
    url: str | None


class EventOut(SQLModel):
    id: str
    dataset_id: str
    type: str
    mode: str | None
    status: str
    title: str
    summary: str | None
    date_start: date
    date_end: date
    date_precision: str
    place_name: str | None
    latitude: float | None
    longitude: float | None
    fatalities_best: int | None
    countries: list[CountryOut]
    actors: list[ActorOut]
    sources: list[SourceOut]


class Page(SQLModel):
    items: list[EventOut]


class Total(SQLModel):
    total: int


class Month(SQLModel):
    month: str
    certain: int


def _engine() -> Engine:
    return create_engine(os.environ["NAIVE_DATABASE_URL"])


app = FastAPI()
engine = _engine()


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


class Filters:
    def __init__(
        self,
        country: str | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
        q: str | None = None,
        bbox: str | None = None,
    ) -> None:
        self.clauses: list[Any] = [col(Event.withdrawn).is_(None)]
        if country:
            involved = select(EventCountry.event_id).where(EventCountry.country_code == country)
            self.clauses.append(col(Event.id).in_(involved))
        if date_from:
            self.clauses.append(Event.date_end >= date_from)
        if date_to:
            self.clauses.append(Event.date_start <= date_to)
        if q:
            named = select(EventActor.event_id).join(Actor).where(col(Actor.name).ilike(f"%{q}%"))
            texts = (Event.title, Event.summary, Event.place_name)
            found = [col(text).ilike(f"%{q}%") for text in texts]
            self.clauses.append(or_(*found, col(Event.id).in_(named)))
        if bbox:
            west, south, east, north = map(float, bbox.split(","))
            self.clauses.append(col(Event.longitude).between(west, east))
            self.clauses.append(col(Event.latitude).between(south, north))


FiltersDep = Annotated[Filters, Depends()]
WHOLE = (
    selectinload(Event.countries).selectinload(EventCountry.country),  # type: ignore[arg-type]
    selectinload(Event.actors).selectinload(EventActor.actor),  # type: ignore[arg-type]
    selectinload(Event.evidence).selectinload(Evidence.source),  # type: ignore[arg-type]
)
NEWEST = (col(Event.date_start).desc(), col(Event.id).desc())


def _out(event: Event) -> EventOut:
    return EventOut(
        **event.model_dump(),
        countries=[
            CountryOut(code=c.country.code, name=c.country.name, role=c.role) for c in event.countries
        ],
        actors=[ActorOut(id=a.actor.id, name=a.actor.name, role=a.role) for a in event.actors],
        sources=[SourceOut(**e.source.model_dump()) for e in event.evidence],
    )


@app.get("/events", response_model=Page)
def list_events(session: SessionDep, filters: FiltersDep, limit: int = 100, offset: int = 0) -> Page:
    statement = select(Event).where(*filters.clauses).order_by(*NEWEST).options(*WHOLE)
    events = session.exec(statement.limit(limit).offset(offset)).all()
    return Page(items=[_out(event) for event in events])


@app.get("/events/{event_id}", response_model=EventOut)
def get_event(session: SessionDep, event_id: str) -> EventOut:
    event = session.exec(select(Event).where(Event.id == event_id).options(*WHOLE)).one_or_none()
    if event is None:
        raise HTTPException(404)
    return _out(event)


@app.get("/count", response_model=Total)
def count_events(session: SessionDep, filters: FiltersDep) -> Total:
    statement = select(func.count()).select_from(Event).where(*filters.clauses)
    return Total(total=session.exec(statement).one())


@app.get("/months", response_model=list[Month])
def months(session: SessionDep, filters: FiltersDep) -> list[Month]:
    first, last = _month(Event.date_start), _month(Event.date_end)
    statement = select(first, func.count()).where(*filters.clauses, first == last)
    rows = session.exec(statement.group_by(literal_column("1")).order_by(literal_column("1")))
    return [Month(month=month, certain=count) for month, count in rows]


def _month(day: Any) -> Any:
    if engine.dialect.name == "postgresql":
        return func.to_char(day, "YYYY-MM")
    return func.strftime("%Y-%m", day)


@app.get("/export")
def export(filters: FiltersDep) -> StreamingResponse:
    def lines() -> Iterator[str]:
        with Session(engine) as session:
            statement = select(Event).where(*filters.clauses).order_by(*NEWEST).options(*WHOLE)
            for event in session.exec(statement.execution_options(yield_per=500)):
                yield _out(event).model_dump_json() + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")
