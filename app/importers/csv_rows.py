"""From a row of a CSV file to its event, as a mapping says."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from app import codes, edtf
from app.importers.csv_mapping_format import PLACEHOLDER, Many, Mapping, Part, Value
from app.importers.csv_values import coarser, shown, slug
from app.records import ActorRecord, EventFacts, EventRecord, EvidenceRecord, SourceRecord

Cells = Sequence[str]  # of one row: stripped, and "" where nothing is known
Get = Callable[[Cells], Any]  # a value, None where it is unknown, or a list where it may be several

_when = lru_cache(16_384)(edtf.parse)


class Refused(Exception):
    """A row that is no event; `field` is the mapping's key below `event`."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


# --- a value ---------------------------------------------------------------------------------------


class _Getters:
    """Makes each value of a mapping a function of a row's cells."""

    def __init__(self, header: Sequence[str], empty: Iterable[str]) -> None:
        self._at, self._empty = {name: n for n, name in enumerate(header)}, frozenset(empty)

    def needed(self, value: Value, field: str) -> Get:
        get = self.value(value, field)

        def known(cells: Cells) -> Any:
            found = get(cells)
            return _needed(found, field)

        return known

    def value(self, value: Value | None, field: str) -> Get:
        if value is None:
            return lambda _: None
        text, mean = self._text(value), self._meaning(value, field)
        if value.constant is not None and len(value.parts(value.constant)) == 1:
            constant = value.read(value.constant)
            return lambda _: constant
        if not (isinstance(value, Many) and value.separator):
            return lambda cells: mean(text(cells), cells)

        def several(cells: Cells) -> Any:
            whole = text(cells)
            if not whole:
                return mean("", cells)
            return [mean("" if part in self._empty else part, cells) for part in value.parts(whole)]

        return several

    def rows(self, part: Part | None, field: str) -> Callable[[Cells], list[dict[str, Any]]]:
        """The values of a table of the mapping; one set for each place in the lists that they hold."""
        if part is None:
            return lambda _: []
        named = ((name, getattr(part, name)) for name in type(part).model_fields)
        gets = {n: self.value(v, f"{field}.{n}") for n, v in named if v is None or isinstance(v, Value)}

        def get(cells: Cells) -> list[dict[str, Any]]:
            found = {name: value(cells) for name, value in gets.items()}
            lengths = {name: len(value) for name, value in found.items() if isinstance(value, list)}
            if not lengths:
                return [found]
            if len(set(lengths.values())) > 1:
                told = ", ".join(f"{count} of {name}" for name, count in lengths.items())
                raise Refused(field, f"its lists do not go together: {told}")
            return [
                {name: value[n] if isinstance(value, list) else value for name, value in found.items()}
                for n in range(max(lengths.values()))
            ]

        return get

    def _text(self, value: Value) -> Callable[[Cells], str]:
        if value.constant is not None:
            constant = value.constant
            return lambda _: constant
        if value.column is not None:
            at = self._at[value.column]
            return lambda cells: cells[at]
        return self._filled(value.template or "")

    def _filled(self, template: str) -> Callable[[Cells], str]:
        """The template with its columns filled in; "" if one of them is unknown."""
        if not PLACEHOLDER.search(template):
            return lambda _: template
        pieces = PLACEHOLDER.split(template)
        texts, places = pieces[::2], [self._at[name] for name in pieces[1::2]]

        def fill(cells: Cells) -> str:
            values = [cells[at] for at in places]
            if "" in values:
                return ""
            return texts[0] + "".join(value + text for value, text in zip(values, texts[1:], strict=True))

        return fill

    def _meaning(self, value: Value, field: str) -> Callable[[str, Cells], Any]:
        read, translate, default = value.read, value.map, self._filled(value.default or "")
        origin = f"column {value.column!r}: " if value.column else ""

        def mean(text: str, cells: Cells) -> Any:
            if translate is not None and text in translate:
                text = translate[text]
            elif translate is not None and text and value.default is None:
                reason = f"{shown(text)} is not in the map, which has {', '.join(translate)}"
                raise Refused(field, origin + reason)
            elif translate is not None or not text:
                text = default(cells)
            try:
                return read(text) if text else None
            except ValueError as error:
                raise Refused(field, f"{origin}{error}") from None

        return mean


def _needed(found: Any, field: str) -> Any:
    if found is None:
        raise Refused(field, "is unknown")
    return found


# --- an event --------------------------------------------------------------------------------------


class EventReader:
    """Reads rows with this header; all columns that the mapping names are in it."""

    def __init__(self, mapping: Mapping, header: Sequence[str]) -> None:
        event, get = mapping.event, _Getters(header, mapping.file.empty)
        self._dataset = mapping.dataset.id
        self._record = _dataset_record(mapping)
        self._id = get.needed(event.id, "id")
        self._plain = {name: get.needed(getattr(event, name), name) for name in ("type", "status", "title")}
        self._plain |= {name: get.value(getattr(event, name), name) for name in ("mode", "summary")}
        self._contexts = get.value(event.contexts, "contexts")
        self._translations = {
            tag: get.rows(part, f"translations.{tag}") for tag, part in event.translations.items()
        }
        self._start = get.needed(event.date.start, "date.start")
        self._end = get.value(event.date.end, "date.end")
        self._precision = get.value(event.date.precision, "date.precision")
        self._place = get.rows(event.place, "place")
        self._fatalities = get.rows(event.fatalities, "fatalities")
        self._countries, self._actors, self._figures, self._sources = (
            [
                (f"{name}.{n}", part, get.rows(part, f"{name}.{n}"))
                for n, part in enumerate(getattr(event, name))
            ]
            for name in ("countries", "actors", "figures", "sources")
        )

    def read(self, cells: Cells) -> tuple[list[SourceRecord | ActorRecord], EventRecord]:
        """The event of a row, and before it the sources and actors that it names; Refused if it is none."""
        facts = self._facts(cells)
        sources = list(self._sources_of(cells)) or [self._record]
        actors = list(self._actors_of(cells))
        event = EventRecord(
            id=f"{self._dataset}.{self._id(cells)}",
            facts=facts,
            contexts=_each_once(_listed(self._contexts(cells))),
            countries=_each_once(self._countries_of(cells, facts)),
            actors=_each_once((actor.id, role) for actor, role in actors),
            evidence=[EvidenceRecord(key) for key in _each_once(source.id for source in sources)],
        )
        return [*sources, *(actor for actor, _ in actors)], event

    def _facts(self, cells: Cells) -> EventFacts:
        plain = {name: get(cells) for name, get in self._plain.items()}
        allowed = codes.modes(plain["type"])
        if plain["mode"] and plain["mode"] not in allowed:
            has = ", ".join(allowed) or "none"
            raise Refused("mode", f"{plain['type']} has no mode {plain['mode']!r}; it has {has}")
        when = self._date_of(cells)
        deaths = {f"fatalities_{name}": n for row in self._fatalities(cells) for name, n in row.items()}
        return EventFacts(
            date_edtf=when.text,
            date_start=when.start,
            date_end=when.end,
            date_precision=when.precision,
            translations={
                tag: row for tag, get in self._translations.items() for row in get(cells) if row["title"]
            },
            figures=list(self._figures_of(cells)),
            **plain,
            **deaths,
            **_place_columns(self._place(cells)),
        )

    def _date_of(self, cells: Cells) -> edtf.Edtf:
        start, end, precision = self._start(cells), self._end(cells), self._precision(cells)
        text = start if end is None or end == start else f"{start}/{end}"
        try:
            when = _when(text)
            return when if precision is None else _when(coarser(text, precision))
        except edtf.EdtfError as error:
            raise Refused("date", str(error)) from None

    def _countries_of(self, cells: Cells, facts: EventFacts) -> Iterator[tuple[str, str]]:
        if facts.place_country:
            yield facts.place_country, "location"
        for _, part, rows in self._countries:
            yield from ((row["country"], part.role) for row in rows(cells) if row["country"])

    def _actors_of(self, cells: Cells) -> Iterator[tuple[ActorRecord, str]]:
        for field, part, rows in self._actors:
            for row in rows(cells):
                name = row["name"]
                if name is not None:
                    key = f"{self._dataset}.{row['id'] or slug(name)}"
                    kind = _needed(row["kind"], f"{field}.kind")
                    yield ActorRecord(key, kind, name, {"en": name}, country_code=row["country"]), part.role

    def _figures_of(self, cells: Cells) -> Iterator[dict[str, Any]]:
        for field, part, rows in self._figures:
            for row in rows(cells):
                given = [row[name] for name in ("low", "best", "high") if row[name] is not None]
                if given != sorted(given):
                    raise Refused(field, f"low, best and high do not rise: {', '.join(map(str, given))}")
                if given:
                    _needed(row["unit"], f"{field}.unit")
                    yield {"measure": part.measure} | {
                        name: row[name] for name in ("low", "best", "high", "unit")
                    }

    def _sources_of(self, cells: Cells) -> Iterator[SourceRecord]:
        for field, _, rows in self._sources:
            for row in rows(cells):
                title = row["title"] or row["url"]
                if title is not None:
                    _needed(row["kind"], f"{field}.kind")
                    said = json.dumps(row, sort_keys=True).encode()
                    key = f"{self._dataset}.{hashlib.sha256(said).hexdigest()[:16]}"
                    yield SourceRecord(key, **row | {"title": title})


def _dataset_record(mapping: Mapping) -> SourceRecord:
    """The source of a row that names none: the dataset itself, in this version."""
    described = mapping.dataset
    version = re.sub(r"[^A-Za-z0-9._-]+", "-", described.version)
    title = f"{described.title}, version {described.version}"
    return SourceRecord(f"{described.id}-{version}", "dataset_record", title, licence=described.licence)


def _listed(found: Any) -> list[Any]:
    return [one for one in (found if isinstance(found, list) else [found]) if one is not None]


def _each_once(found: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(found))


def _place_columns(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The columns of a place; none where nothing is known of it but how precisely it would be known."""
    place: dict[str, Any] = dict(*found)
    precision = place.pop("precision", None)
    if precision == "country":
        place |= {"latitude": None, "longitude": None}  # the middle of a country is not where it happened
    for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if place.get(one) is None and place.get(other) is not None:
            raise Refused(f"place.{one}", f"is unknown, though the {other} is given")
    if all(value is None for value in place.values()):
        return {}
    _needed(precision, "place.precision")
    return {
        name if name in ("latitude", "longitude") else f"place_{name}": value for name, value in place.items()
    } | {"place_precision": precision}
