"""Whatever a client sends is answered or refused as a problem, alike on both databases, and never fails the server."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.operations import (
    LISTS,
    OPERATIONS,
    PARAMETERS,
    PROBLEM,
    Operation,
    check_problem,
    name_of,
    next_of,
)

HOSTILE = (
    "%00", "NE%00", "%ED%A0%80", "%FF%FE", "%C3%28", "%F0%9F%87%B3%F0%9F%87%AA", "%E2%80%AE%E2%80%A8", "%0D%0AX-Evil:%201",
    "';--", "1%20OR%201=1", "%22)%20OR%20(%22", "%25%25_%25", "../../etc/passwd", "%2e%2e%2f", "{{7*7}}", "%3Cscript%3E",
    "null", "NaN", "-0", "1e999", "9" * 400, "a" * 3000, "%CC%81" * 500, "%EF%B7%BA" * 300, "%D9%A3", "true", "[]", "{}",
)  # fmt: skip

Clients = dict[str, TestClient]


def _statuses(worlds: Clients, address: str) -> set[int]:
    """The statuses that the databases answer with, each in its shape."""
    found = set()
    for client in worlds.values():
        answer = client.get(address)
        assert answer.status_code < 500, f"{address[:200]}: {answer.text[:300]}"
        if answer.status_code != 200:
            check_problem(answer, answer.status_code)
        found.add(answer.status_code)
    return found


@pytest.mark.parametrize(("operation", "parameter"), PARAMETERS, ids=name_of)
def test_a_hostile_value_is_answered_or_refused(
    worlds: Clients, operation: Operation, parameter: Any
) -> None:
    for value in HOSTILE:
        statuses = _statuses(worlds, f"{operation.path}?{parameter.name}={value}")
        assert statuses in ({200}, {400}), value


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.in_path], ids=name_of)
def test_a_hostile_path_finds_nothing(worlds: Clients, operation: Operation) -> None:
    for value in (*HOSTILE, "a" * 60_000, "%20"):
        name = next(iter(operation.in_path))
        found = _statuses(worlds, operation.path.replace(f"{{{name}}}", value))
        climbs = ".." in unquote(value)  # which the client resolves to another path of ours, or to none
        assert found == {404} or (climbs and found == {200}), value


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
def test_a_hostile_name_is_refused(worlds: Clients, operation: Operation) -> None:
    path = operation.path.format(**operation.in_path)
    for value in HOSTILE:
        name = value.replace("=", "%3D")
        assert _statuses(worlds, f"{path}?{name}=1") == {400}, value


@pytest.mark.parametrize(
    ("operation", "parameter"), [(o, p) for o, p in PARAMETERS if p.repeatable], ids=name_of
)
def test_very_many_values_are_refused_in_few_words(
    worlds: Clients, operation: Operation, parameter: Any
) -> None:
    values = ",".join(f"{'abcdef'[n % 6]}{n}" for n in range(5000))
    answer = worlds["sqlite"].get(operation.path, params={parameter.name: values})
    check_problem(answer, 400, parameter.name)
    assert len(answer.content) < 200_000


def _forged(values: Any) -> str:
    return base64.urlsafe_b64encode(values.encode("utf-8", "surrogatepass")).rstrip(b"=").decode()


def _bookmark(client: TestClient, address: str) -> tuple[str, str]:
    """The parameter that leads to an address's next page, and its value."""
    (pair,) = parse_qsl(urlsplit(str(next_of(client.get(address).json()))).query)[-1:]
    return pair


WALKS = [
    f"{operation.path}?limit=2" + (f"&sort={sort}" if sort else "")
    for operation in LISTS
    for sort in next((p.schema["enum"] for p in operation.parameters if p.name == "sort"), [None])
] + ["/v1/changes?limit=2", "/v1/events?limit=2&country=NE"]
walks = st.sampled_from(list(dict.fromkeys(walk for walk in WALKS if "datasets" not in walk)))

# What JSON can say and a key cannot be; a number may be written as no Python value prints.
VALUES = st.one_of(
    st.text(max_size=5),
    st.sampled_from(("\0", "\ud800", "2024-05-01", "2024-05-01T00:00:00", "0001-01-01T00:00:00+14:00", "12", "-1")),
    st.sampled_from(("9999-12-31T23:59:59-14:00", "2024-05-02T12:30:15Z", "9999-12-31", "0001-01-01", "e" * 600)),
    st.integers(),
    st.sampled_from((2**31, 2**63, 10**30, -(10**30))),
    st.floats(),
    st.none() | st.booleans() | st.lists(st.none(), max_size=2) | st.dictionaries(st.text(), st.none(), max_size=1),
)  # fmt: skip
fuzz = settings(max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))


@fuzz
@given(address=walks, place=st.integers(0, 500), byte=st.integers(0, 255))
def test_a_cursor_with_a_byte_changed(worlds: Clients, address: str, place: int, byte: int) -> None:
    name, value = _bookmark(worlds["sqlite"], address)
    raw = bytearray(value.encode())
    raw[place % len(raw)] = byte
    _go_on(worlds, address, name, quote(bytes(raw)))


@fuzz
@given(address=walks, place=st.integers(0, 500), byte=st.integers(0, 255))
def test_a_cursor_with_a_byte_of_its_content_changed(
    worlds: Clients, address: str, place: int, byte: int
) -> None:
    name, value = _bookmark(worlds["sqlite"], address)
    content = bytearray(base64.urlsafe_b64decode(value + "=="))
    content[place % len(content)] = byte
    _go_on(worlds, address, name, base64.urlsafe_b64encode(content).decode().rstrip("="))


@fuzz
@given(address=walks, values=st.lists(VALUES, min_size=0, max_size=3))
def test_a_cursor_with_another_key(worlds: Clients, address: str, values: list[Any]) -> None:
    for client in worlds.values():
        name, value = _bookmark(client, address)
        stamp = json.loads(base64.urlsafe_b64decode(value + "=="))[0]
        _go_on({"": client}, address, name, _forged(json.dumps([stamp, *values])))


@pytest.mark.parametrize(
    "content",
    ["", "1", "{}", "[]", "[[]]", '"abc"', "[" * 700, "[1e999]", "[null,null,null]", "\ud800", "not JSON"],
)
@pytest.mark.parametrize("address", WALKS)
def test_a_cursor_made_up(worlds: Clients, address: str, content: str) -> None:
    name, _ = _bookmark(worlds["sqlite"], address.replace("limit=2", "limit=1"))
    for client in worlds.values():
        check_problem(client.get(f"{address}&{name}={_forged(content) or '='}"), 400, name)


def _go_on(clients: Clients, address: str, name: str, value: str) -> None:
    """A cursor that was tampered with is refused, or goes on in its own query from another place."""
    for client in clients.values():
        answer = client.get(f"{address}&{name}={value}")
        assert answer.status_code in (200, 400), (value, answer.text[:300])
        assert (answer.status_code == 400) == (answer.headers["content-type"] == PROBLEM)
        if answer.status_code == 200 and "country=NE" in address:
            for event in answer.json()["items"]:
                assert "NE" in {country["code"] for country in event["countries"]}
