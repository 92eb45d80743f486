"""Laws that hold for every operation of the published contract, whichever they are."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.importers.load import LoadError, load
from tests import make
from tests.operations import (
    BESIDE,
    DATA,
    LISTS,
    LIVE,
    OPERATIONS,
    PAGES,
    PARAMETERS,
    Operation,
    Parameter,
    as_text,
    check,
    check_problem,
    is_json,
    items,
    items_of,
    key_of,
    name_of,
    next_of,
    statements,
    validator_of,
    walk,
)

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
every_list = pytest.mark.parametrize("operation", LISTS, ids=name_of)
every_datum = pytest.mark.parametrize("operation", DATA, ids=name_of)
every_parameter = pytest.mark.parametrize(
    ("operation", "parameter"), PARAMETERS, ids=[f"{o.id}-{p.name}" for o, p in PARAMETERS]
)


@every_operation
def test_documented_examples_work(seeded: TestClient, operation: Operation) -> None:
    address = operation.path.format(**operation.in_path)
    assert check(operation, seeded.get(address))
    examples = {p.name: as_text(p.example) for p in operation.parameters if p.example is not None}
    for name, value in examples.items():
        answer = seeded.get(address, params={name: value})
        assert answer.status_code == 200, answer.text
        assert check(operation, answer) and items(answer), f"{answer.url} finds nothing"
    assert seeded.get(address, params=examples).status_code == 200


@every_operation
def test_answers_are_as_published(world: TestClient, operation: Operation) -> None:
    if operation.is_list:
        check(operation, world.get(operation.path, params={"limit": 1000, "count": "capped"}))
        check(operation, world.get(operation.path, params={"limit": 1}))
    elif operation.in_path:
        for item in walk(world, operation.parent, limit=1000)[::5]:
            told = check(operation, world.get(operation.of(key_of(item))))
            other = operation.path.endswith(("/history", ".parquet"))
            assert other or item.items() <= told.items()
    else:
        check(operation, world.get(operation.path))


@every_operation
def test_an_example_of_the_answer_is_published(operation: Operation) -> None:
    content = operation.spec["responses"]["200"]["content"]
    for media_type, published in content.items():
        assert "example" in published or operation.id in ("get_metrics", "get_dataset_parquet")
        if is_json(media_type):
            validator_of(json.dumps(published["schema"])).validate(published["example"])


@every_operation
def test_an_unknown_parameter_is_refused(world: TestClient, operation: Operation) -> None:
    address = operation.address(world)
    for name in ("surprise", "offset", "", "Limit"):
        check_problem(world.get(address, params={name: "1"}), 400, name)


@every_parameter
def test_a_misspelt_parameter_is_told_its_name(
    world: TestClient, operation: Operation, parameter: Parameter
) -> None:
    misspelt = parameter.name + parameter.name[-1]
    (error,) = check_problem(world.get(operation.path, params={misspelt: "1"}), 400, misspelt)["errors"]
    assert error["did_you_mean"] == parameter.name
    assert error["allowed"] == sorted(p.name for p in operation.parameters)


@every_parameter
def test_an_empty_value_is_refused(world: TestClient, operation: Operation, parameter: Parameter) -> None:
    for value in ("", "%20", "%09"):
        check_problem(world.get(f"{operation.path}?{parameter.name}={value}"), 400, parameter.name)
    check_problem(world.get(f"{operation.path}?{parameter.name}"), 400, parameter.name)
    if parameter.repeatable:
        for value in (",", "a,", ",a", "a,,b"):
            check_problem(world.get(f"{operation.path}?{parameter.name}={value}"), 400, parameter.name)


@every_parameter
def test_what_takes_one_value_is_refused_two(
    world: TestClient, operation: Operation, parameter: Parameter
) -> None:
    (value,) = _values(world, operation, parameter)[:1]
    beside = _beside(operation, parameter)
    twice = world.get(
        operation.path, params=[*beside.items(), (parameter.name, value), (parameter.name, value)]
    )
    if parameter.repeatable:
        once = world.get(operation.path, params=beside | {parameter.name: f"{value},{value}"})
        assert once.status_code == twice.status_code == 200, twice.text
        assert items(once) == items(twice)
    else:
        check_problem(twice, 400, parameter.name)


def _values(client: TestClient, operation: Operation, parameter: Parameter) -> list[str]:
    """Values that this parameter takes in this database: published ones, or ids that the lists hold."""
    if parameter.name == "cursor":
        link = next_of(client.get(operation.path, params={"limit": 1}).json())
        return [str(link).split("cursor=")[1]]
    if parameter.name == "since":
        return [client.get(operation.path, params={"limit": 1}).json()["token"]]
    if "pattern" in parameter.schema.get("items", {}):
        of_its_name = f"/v1/{parameter.name}s"
        path = of_its_name if of_its_name in {o.path for o in LISTS} else operation.path
        return [key_of(item) for item in items_of(client.get(path).json())]
    return parameter.values or ["7"]


def _beside(operation: Operation, parameter: Parameter) -> dict[str, str]:
    """What this parameter needs beside it, of what the operation takes."""
    return {
        name: value
        for name, value in BESIDE.get(parameter.name, {}).items()
        if name in {p.name for p in operation.parameters}
    }


@every_parameter
def test_a_parameter_changes_what_is_asked_of_the_database_or_what_is_made_of_it(
    world: TestClient, operation: Operation, parameter: Parameter
) -> None:
    def ask(params: dict[str, str]) -> tuple[Any, Any]:
        with statements(world) as seen:
            answer = world.get(operation.path, params=params)
        assert answer.status_code == 200, answer.text
        return seen, (answer.headers["content-type"], items(answer))

    beside = _beside(operation, parameter)
    without = ask(beside)
    for value in _values(world, operation, parameter):
        given = ask(beside | {parameter.name: value})
        assert given != without, (
            f"{parameter.name}={value} asks and answers what is asked and answered without"
        )


@every_list
def test_a_long_page_takes_no_more_statements_than_a_short_one(
    world: TestClient, operation: Operation
) -> None:
    for count in ("none", "capped", "exact"):
        taken = []
        for limit in (1, 50):
            with statements(world) as seen:
                world.get(operation.path, params={"limit": limit, "count": count})
            taken.append([statement for statement, _ in seen])
        assert taken[0] == taken[1]
        assert len(taken[0]) <= 4


@every_operation
def test_head_is_get_without_its_body(world: TestClient, operation: Operation) -> None:
    _same_but_for_the_body(world, operation.address(world))
    _same_but_for_the_body(world, operation.address(world) + "?surprise=1")


@pytest.mark.parametrize("path", PAGES)
def test_head_is_get_without_its_body_on_pages(world: TestClient, path: str) -> None:
    _same_but_for_the_body(world, path)


def _same_but_for_the_body(client: TestClient, address: str) -> None:
    whole, head = (client.request(m, address, headers={"X-Request-ID": "same"}) for m in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (whole.status_code, b"")
    changing = {"content-length"} if address == "/metrics" else set()
    assert _headers(head, changing) == _headers(whole, changing)


def _headers(answer: Any, but: set[str]) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in but}


@every_datum
def test_what_has_not_changed_is_not_sent_again(world: TestClient, operation: Operation) -> None:
    address = operation.address(world)
    first = world.get(address)
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[!#-~]+"', tag), "a strong validator"
    assert world.get(address).headers["etag"] == tag
    for held in (tag, f"W/{tag}", f'"other", {tag}', f'"a,b",{tag}', "*"):
        for method in ("GET", "HEAD"):
            again = world.request(method, address, headers={"If-None-Match": held})
            assert (again.status_code, again.content) == (304, b""), held
            assert again.headers["etag"] == tag
            assert again.headers["cache-control"] == first.headers["cache-control"]
    for held in ('"other"', tag.strip('"'), tag[:-2] + '"', ""):
        answer = world.get(address, headers={"If-None-Match": held})
        assert (answer.status_code, answer.content) == (200, first.content), held


@every_datum
def test_what_is_wrong_is_told_whatever_the_client_holds(world: TestClient, operation: Operation) -> None:
    held = {"If-None-Match": "*"}
    check_problem(world.get(operation.address(world) + "?surprise=1", headers=held), 400)
    if operation.in_path:
        check_problem(
            world.get(operation.path.format(**dict.fromkeys(operation.in_path, "nope")), headers=held), 404
        )


def test_an_address_has_its_own_tag(world: TestClient) -> None:
    addresses = [o.address(world) for o in DATA] + [f"{o.path}?limit={n}" for o in LISTS for n in (1, 2)]
    assert len({world.get(address).headers["etag"] for address in addresses}) == len(addresses)


def test_a_tag_lasts_until_the_next_load(client: TestClient, engine: Engine) -> None:
    load(engine, make.world(1, 5))
    addresses = [o.address(client) for o in LIVE]
    before = [client.get(address) for address in addresses]
    load(engine, make.release(make.event(), dataset=make.dataset("another")))
    for address, held in zip(addresses, before, strict=True):
        now = client.get(address, headers={"If-None-Match": held.headers["etag"]})
        assert now.status_code == 200, address
        assert now.headers["etag"] != held.headers["etag"]


def test_what_differs_has_another_tag_also_after_a_load_that_failed(
    client: TestClient, engine: Engine
) -> None:
    load(engine, make.world(1, 5))
    addresses = [o.address(client) for o in DATA]
    before = [client.get(address) for address in addresses]
    with pytest.raises(LoadError):
        load(engine, make.release(dataset=make.dataset("world")))
    for address, held in zip(addresses, before, strict=True):
        now = client.get(address)
        assert now.content == held.content or now.headers["etag"] != held.headers["etag"], address
