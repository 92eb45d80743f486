"""Every table, constraint and index: the model, and the only source of truth."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from app import codes, places

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# Ids order pages, so every database must sort them alike: by code point.
Id = String().with_variant(String(collation="C"), "postgresql")


# SQLite keeps a table in the order of a key of this very type.
_RowId = BigInteger().with_variant(Integer, "sqlite")

# What an index needs for pages and counts of events, without a look at the events.
_PAGED = ("date_start", "id", "span", "date_end", "document_id")

# Most events occurred; what has another status is in a small index.
USUAL_STATUS = "occurred"
_NOT_USUAL = f"status <> '{USUAL_STATUS}'"

# SQLite keeps such a table in the order of its key, without a second copy of the key.
_CLUSTERED = {"sqlite_with_rowid": False}

_ONLY = "only"  # the one kind of database that has a table


def _one_of(column: str, code_list: str) -> CheckConstraint:
    allowed = ", ".join(f"'{code}'" for code in codes.values(code_list))
    return CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_known")


class Country(SQLModel, table=True):
    """An ISO 3166-1 country or territory, XK, or (by its ISO 3166-3 code) a state that is gone."""

    __tablename__: ClassVar[str] = "country"
    __table_args__ = (
        CheckConstraint("valid_from <= valid_to", name="validity"),
        Index("ix_country_alpha3", "alpha3", unique=True),
    )

    code: str = Field(primary_key=True, sa_type=Id, max_length=4)
    alpha3: str = Field(max_length=3)
    numeric: str | None = Field(default=None, max_length=3, index=True)
    name: str
    name_vi: str
    region: str
    subregion: str
    gw: int | None = None
    cow: int | None = None
    fips: str | None = Field(default=None, max_length=2)
    cameo: str | None = Field(default=None, max_length=3)
    valid_from: int | None = None
    valid_to: int | None = None
    note: str | None = None
    folded: str = Field(sa_type=Text)
    digest: str


class Actor(SQLModel, table=True):
    """Whoever takes part: a state, government, force, group, organisation, person, population or medium."""

    __tablename__: ClassVar[str] = "actor"
    __table_args__ = (
        _one_of("kind", "actor_kind"),
        CheckConstraint("parent_id <> id", name="parent_other"),
        _CLUSTERED,
    )

    id: str = Field(primary_key=True, sa_type=Id)
    kind: str
    country_code: str | None = Field(default=None, foreign_key="country.code", sa_type=Id, index=True)
    parent_id: str | None = Field(default=None, foreign_key="actor.id", sa_type=Id, index=True)
    name: str
    names: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    aliases: list[str] = Field(default_factory=list, sa_type=JSON)
    folded: str = Field(sa_type=Text)
    digest: str


class Source(SQLModel, table=True):
    """An article, report, broadcast or record that reports events; `lineage` says where it has them from."""

    __tablename__: ClassVar[str] = "source"
    __table_args__ = (
        _one_of("kind", "source_kind"),
        _one_of("lineage", "lineage"),
        CheckConstraint(
            "(lineage = 'derived') = (derived_from IS NOT NULL)", name="derived_names_its_source"
        ),
        CheckConstraint("derived_from <> id", name="derived_from_other"),
        CheckConstraint("length(text_sha256) = 64", name="text_sha256_length"),
        CheckConstraint("text_length >= 0", name="text_length_positive"),
        _CLUSTERED,
    )

    id: str = Field(primary_key=True, sa_type=Id)
    kind: str
    title: str = Field(sa_type=Text)
    publisher: str | None = None
    language: str | None = None
    published: str | None = None
    authors: list[str] = Field(default_factory=list, sa_type=JSON)
    url: str | None = Field(default=None, sa_type=Text)
    licence: str | None = None
    lineage: str = "unknown"
    derived_from: str | None = Field(default=None, foreign_key="source.id", sa_type=Id, index=True)
    text_sha256: str | None = None
    text_length: int | None = None
    note: str | None = Field(default=None, sa_type=Text)
    digest: str


class Dataset(SQLModel, table=True):
    """What is loaded; the counts and the coverage are kept by the loader, in the transaction of the load."""

    __tablename__: ClassVar[str] = "dataset"
    __table_args__ = (
        _one_of("kind", "dataset_kind"),
        CheckConstraint("events >= 0", name="events_positive"),
        CheckConstraint("coverage_start <= coverage_end", name="coverage_order"),
    )

    id: str = Field(primary_key=True, sa_type=Id)
    kind: str
    title: str
    titles: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    version: str
    licence: str
    citation: str = Field(sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    events: int = 0
    coverage_start: date | None = None
    coverage_end: date | None = None


class Load(SQLModel, table=True):
    """One import, whatever became of it."""

    __tablename__: ClassVar[str] = "load"
    __table_args__ = (
        _one_of("outcome", "load_outcome"),
        CheckConstraint("(outcome = 'running') = (finished IS NULL)", name="finished_when_over"),
    )

    id: int | None = Field(default=None, primary_key=True)
    # Not a foreign key: the record must survive the failure of the transaction that makes the dataset.
    dataset_id: str = Field(sa_type=Id, index=True)
    file: str
    file_sha256: str
    version: str
    started: datetime
    finished: datetime | None = None
    outcome: str = "running"
    error: str | None = Field(default=None, sa_type=Text)
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    withdrawn: int = 0


class Clock(SQLModel, table=True):
    """One row: the last change sequence handed out, and which database this is.

    Writers lock it, so that changes commit in the order of their sequence.
    """

    __tablename__: ClassVar[str] = "clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    seq: int = Field(default=0, sa_type=BigInteger)
    generation: str  # random, made with the database: tells two databases apart that count alike


class Event(SQLModel, table=True):
    """One event. An open end of its date is date.min or date.max, so that every comparison is a plain one."""

    __tablename__: ClassVar[str] = "event"
    __table_args__ = (
        _one_of("type", "event_type"),
        _one_of("status", "event_status"),
        _one_of("date_precision", "date_precision"),
        _one_of("place_precision", "place_precision"),
        CheckConstraint("date_start <= date_end", name="date_order"),
        CheckConstraint("date_precision <> 'day' OR date_start = date_end", name="day_is_one_day"),
        CheckConstraint(
            "(date_precision = 'open') = (date_start = '0001-01-01' OR date_end = '9999-12-31')",
            name="open_has_no_bound",
        ),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_range"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_range"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="point_whole"),
        CheckConstraint(
            "latitude IS NULL OR (place_precision IS NOT NULL AND place_precision <> 'country')",
            name="point_has_precision",
        ),
        CheckConstraint(
            "place_precision IS NOT NULL OR (place_name IS NULL AND place_admin1 IS NULL AND place_country IS NULL)",
            name="place_has_precision",
        ),
        CheckConstraint("fatalities_low >= 0", name="fatalities_low_positive"),
        CheckConstraint("fatalities_best >= 0", name="fatalities_best_positive"),
        CheckConstraint("fatalities_high >= 0", name="fatalities_high_positive"),
        CheckConstraint("revision >= 1", name="revision_positive"),
        CheckConstraint("created <= updated", name="created_before_updated"),
        CheckConstraint("(withdrawn IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn_with_reason"),
        Index("ix_event_listing", *_PAGED),
        Index("ix_event_dataset_listing", "dataset_id", *_PAGED),
        Index("ix_event_type_listing", "type", *_PAGED, "mode"),
        Index(
            "ix_event_status_listing",
            *("status", *_PAGED, "type", "dataset_id", "fatalities_best"),
            sqlite_where=text(_NOT_USUAL),
            postgresql_where=text(_NOT_USUAL),
        ),
        Index(
            "ix_event_lasting",
            "span",
            "date_start",
            "id",
            "date_end",
            "document_id",
            sqlite_where=text("span > 0"),
            postgresql_where=text("span > 0"),
        ),
        Index(
            "ix_event_going_on",
            *("span", "date_start", "date_end", "type", "dataset_id", "withdrawn", "fatalities_best", "id"),
            sqlite_where=text("date_start < date_end"),
            postgresql_where=text("date_start < date_end"),
        ),
        Index("ix_event_updated_id", "updated", "id"),
        Index("ix_event_fatalities_rank_id", "fatalities_rank", "id"),
        Index("ix_event_cell", "cell", *_PAGED, "longitude", "latitude", "type"),
        Index("ix_event_change_seq", "change_seq"),
        Index(  # what finding words and counting need of an event
            "ix_event_document_id",
            *("document_id", "date_start", "id", "span", "date_end"),
            *("type", "status", "dataset_id", "fatalities_best"),
        ),
    )

    id: str = Field(primary_key=True, sa_type=Id)
    dataset_id: str = Field(foreign_key="dataset.id", sa_type=Id)
    type: str
    mode: str | None = None
    status: str
    title: str = Field(sa_type=Text)
    summary: str | None = Field(default=None, sa_type=Text)
    translations: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    date_edtf: str
    date_start: date
    date_end: date
    date_precision: str
    span: int = 0  # the class of its length (see app/spans.py), -1 when it is withdrawn and on no list
    place_name: str | None = None
    place_admin1: str | None = None
    place_country: str | None = Field(default=None, foreign_key="country.code", sa_type=Id)
    latitude: float | None = None
    longitude: float | None = None
    place_precision: str | None = None
    # Which part of the map it lies in: see app/places.py. (SQLite computes it when asked, and keeps it in the index.)
    cell: int | None = Field(None, sa_column=Column(Integer, Computed(places.CellOf(), persisted=True)))
    fatalities_low: int | None = None
    fatalities_best: int | None = None
    fatalities_high: int | None = None
    # Unknown sorts below zero; a sort key may not be null.
    fatalities_rank: int | None = Field(
        None, sa_column=Column(Integer, Computed("coalesce(fatalities_best, -1)", persisted=True))
    )
    figures: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    revision: int = 1
    change_seq: int = Field(sa_type=BigInteger)
    created: datetime
    updated: datetime
    withdrawn: datetime | None = None
    withdrawn_reason: str | None = Field(default=None, sa_type=Text)
    successor_id: str | None = Field(default=None, sa_type=Id)
    digest: str
    # The public JSON of the evidence; that of the event itself is in `event_document`.
    document_evidence: bytes = Field(default=b"", sa_type=LargeBinary)
    document_id: int = Field(sa_type=BigInteger)


class EventDocument(SQLModel, table=True):
    """The public JSON of an event, rendered by `documents` in the transaction that writes the event.

    Ids are in the order of first possible days and, within each, of countries (see `search.document_id`), so that the
    documents of a page lie together.
    """

    __tablename__: ClassVar[str] = "event_document"

    id: int = Field(sa_column=Column(_RowId, primary_key=True, autoincrement=False))
    document: bytes = Field(sa_type=LargeBinary)
    version: int  # of the representation


class CountryDocument(SQLModel, table=True):
    """The document of each event that is on lists, once more for each of its countries, in the order of its list.

    A page of a country is what lies side by side. PostgreSQL does not keep a table in an order, and has no such copies.
    """

    __tablename__: ClassVar[str] = "country_document"
    __table_args__ = {**_CLUSTERED, "info": {_ONLY: "sqlite"}}

    country_code: str = Field(primary_key=True, foreign_key="country.code", sa_type=Id)
    date_start: date = Field(primary_key=True)
    event_id: str = Field(primary_key=True, foreign_key="event.id", sa_type=Id, ondelete="CASCADE")
    date_end: date
    document: bytes = Field(sa_type=LargeBinary)


class _Listed(SQLModel):
    """What an event's country, actor or context repeats of the event, so that its events are one range of an index,
    and are counted from it.

    `first_role` marks one of the rows in which the same country or actor has several roles.
    """

    date_start: date
    date_end: date
    span: int
    first_role: bool
    document_id: int = Field(sa_type=BigInteger)
    fatalities_best: int | None = None


def _listing(table: str, column: str, *more: str) -> tuple[Index, Index]:
    """The index that lists events in page order, and the small one for the few that last long."""
    order = (column, "date_start", "event_id", "span", "first_role", "date_end", "document_id", *more)
    longer = (column, "span", "date_start", "event_id", "first_role", "date_end", "document_id", *more)
    lasting = text("span > 0")
    return (
        Index(f"ix_{table}_listing", *order, "fatalities_best"),
        Index(f"ix_{table}_lasting", *longer, sqlite_where=lasting, postgresql_where=lasting),
    )


def _counted(table: str, column: str) -> Index:
    """The index that finds what of an event is counted by, without a look at any row."""
    return Index(f"ix_{table}_document_id", "document_id", column, "first_role", "role")


class EventCountry(_Listed, table=True):
    """A country's role in an event."""

    __tablename__: ClassVar[str] = "event_country"
    __table_args__ = (
        _one_of("role", "country_role"),
        *_listing("event_country", "country_code", "role"),
        _counted("event_country", "country_code"),
        _CLUSTERED,
    )

    event_id: str = Field(primary_key=True, foreign_key="event.id", sa_type=Id, ondelete="CASCADE")
    country_code: str = Field(primary_key=True, foreign_key="country.code", sa_type=Id)
    role: str = Field(primary_key=True)


class EventActor(_Listed, table=True):
    """An actor's role in an event."""

    __tablename__: ClassVar[str] = "event_actor"
    __table_args__ = (
        _one_of("role", "actor_role"),
        *_listing("event_actor", "actor_id"),
        _counted("event_actor", "actor_id"),
        _CLUSTERED,
    )

    event_id: str = Field(primary_key=True, foreign_key="event.id", sa_type=Id, ondelete="CASCADE")
    actor_id: str = Field(primary_key=True, foreign_key="actor.id", sa_type=Id)
    role: str = Field(primary_key=True)


class EventContext(_Listed, table=True):
    """A PLOVER context of an event."""

    __tablename__: ClassVar[str] = "event_context"
    __table_args__ = (
        _one_of("context", "context"),
        *_listing("event_context", "context"),
        _CLUSTERED,
    )

    event_id: str = Field(primary_key=True, foreign_key="event.id", sa_type=Id, ondelete="CASCADE")
    context: str = Field(primary_key=True)


class Evidence(SQLModel, table=True):
    """What one source says of an event, or of one field of it, and in which passage.

    Offsets are 0-based Unicode code points of the source's text, end exclusive; a row without a passage
    says that the source reports the event. A quote, where held, hashes to `passage_sha256`.
    """

    __tablename__: ClassVar[str] = "evidence"
    __table_args__ = (
        _one_of("stance", "stance"),
        CheckConstraint("passage_start >= 0 AND passage_start < passage_end", name="passage_order"),
        CheckConstraint("paragraph >= 1", name="paragraph_positive"),
        CheckConstraint("length(passage_sha256) = 64", name="passage_sha256_length"),
        CheckConstraint(
            "(passage_start IS NULL) = (passage_end IS NULL)"
            " AND (passage_start IS NULL) = (passage_sha256 IS NULL)",
            name="passage_whole",
        ),
        CheckConstraint("quote IS NULL OR passage_sha256 IS NOT NULL", name="quote_has_passage"),
        Index("ix_evidence_source_id_event_id", "source_id", "event_id"),
        _CLUSTERED,
    )

    event_id: str = Field(primary_key=True, foreign_key="event.id", sa_type=Id, ondelete="CASCADE")
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    source_id: str = Field(foreign_key="source.id", sa_type=Id)
    field: str | None = None
    paragraph: int | None = None
    passage_start: int | None = None
    passage_end: int | None = None
    passage_sha256: str | None = None
    quote: str | None = Field(default=None, sa_type=Text)
    reported: str | None = Field(default=None, sa_type=Text)
    stance: str = "supports"
    attributed_to: str | None = Field(default=None, sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)


class EventTally(SQLModel, table=True):
    """How many served events begin, end, and lie wholly within a period: derived, kept by the writer, exact.

    There is a row for each dataset, and within it for each country, each type, and both together; "" stands for any of
    them. `period` is a
    year, month or day as ISO 8601 writes it, or empty, by `level` (`all` is all time). Of best estimates of deaths,
    `deaths` are in the events that lie within the period, `toll` in those that begin in it. What may have happened in
    a period began by its end and did not end before its start, so any range is two sums.
    """

    __tablename__: ClassVar[str] = "event_tally"
    __table_args__ = (_CLUSTERED,)

    level: str = Field(primary_key=True, sa_type=Id)
    country: str = Field(primary_key=True, sa_type=Id)
    type: str = Field(primary_key=True, sa_type=Id)
    period: str = Field(primary_key=True, sa_type=Id)
    dataset: str = Field(primary_key=True, sa_type=Id)
    starts: int = Field(sa_type=BigInteger)
    ends: int = Field(sa_type=BigInteger)
    within: int = Field(sa_type=BigInteger)
    deaths: int = Field(sa_type=BigInteger)
    toll: int = Field(sa_type=BigInteger)


class EventRevision(SQLModel, table=True):
    """What an edit, a withdrawal or a restoration changed; the first revision of an event has no row."""

    __tablename__: ClassVar[str] = "event_revision"
    __table_args__ = (CheckConstraint("revision >= 2", name="revision_is_an_edit"), _CLUSTERED)

    event_id: str = Field(primary_key=True, foreign_key="event.id", sa_type=Id, ondelete="CASCADE")
    revision: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime
    changes: list[dict[str, Any]] = Field(sa_type=JSON)


def is_in(dialect: str, table: Table) -> bool:
    """A database of this kind has the table."""
    return table.info.get(_ONLY) in (None, dialect)


# The same as SQLAlchemy Core tables, by name.
TABLES: Mapping[str, Table] = SQLModel.metadata.tables
