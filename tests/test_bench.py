"""The pure parts of the benchmark: streams of requests, samples, goals."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bench import competitors, filters, goals, report
from bench.datasets import Data
from bench.export import Export
from bench.found import OURS, Exported, Found, Timed
from bench.load import CONNECTIONS, Figure, Sample, _parse, figure
from bench.peers import postgis, pygeoapi, tipg
from bench.processors import Spent, spent
from bench.streams import Stream, each, mixed, taken
from bench.verdicts import MISSED, MISSING, told, verdicts


def _found(*timed: Timed, exported: list[Exported] | None = None) -> Found:
    return Found(list(timed), exported or [], [], [], [], [])


def _figures(**rates: float) -> dict[tuple[str, int], Figure]:
    return {
        (name, many): Figure(rate, rate, rate, 1, 2) for name, rate in rates.items() for many in CONNECTIONS
    }


def test_no_combination_comes_twice_and_all_come() -> None:
    choices = ("ab", range(5), range(7))
    assert len(set(mixed(*choices))) == len(mixed(*choices)) == 70
    assert len(set(mixed(range(1000), range(2500), range(4)))) == 120_000
    assert len(mixed(*choices, limit=10)) == 10


def test_a_stream_is_a_sequence() -> None:
    stream = each(str, Stream(5, lambda n: n * n))
    assert list(stream) == [stream[n] for n in range(5)] == stream[:] == ["0", "1", "4", "9", "16"]
    assert stream[-1] == "16"
    with pytest.raises(IndexError):
        stream[5]


def test_a_run_goes_on_where_the_last_one_stopped() -> None:
    assert taken("abcde", 3, 4) == ["d", "e", "a", "b"]
    assert taken("abc", 7, 100) == ["b", "c", "a"]


def test_without_an_answer_the_rate_is_bounded() -> None:
    sample = _parse("BENCH 0 10000000 0 0 0 0 0", 32, Spent(9, 9))
    assert sample == Sample(3.2, 0, 0, 0, 0, bound=True)
    assert figure([sample]).bound
    assert told((100, True)) == "over 100x"


def test_failures_are_shares() -> None:
    sample = _parse("BENCH 100 2000000 1000 9000 0 0 50", 1, Spent(0.5, 2))
    assert sample == Sample(50, 1, 9, 0, 0.5, cpu=Spent(0.005, 0.02))
    assert figure([sample]).cpu == Spent(0.005, 0.02)


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="THIS IS NO LINUX: nothing tells of processes"
)
def test_the_time_of_processes_is_that_of_what_was_started_here() -> None:
    before = spent()
    work = "import time\nwhile time.process_time() < 0.4: pass\nprint(flush=True); input()"
    command = [sys.executable, "-c", work]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as working:
        assert working.stdout is not None
        working.stdout.readline()
        took = spent().since(before)
        working.communicate(b"\n")
    assert took.server >= 0.38  # it counts in hundredths
    before, end = spent(), time.process_time() + 0.4
    while time.process_time() < end:
        pass
    assert spent().since(before).server < 0.2  # this process is no server


@pytest.mark.parametrize(("naive", "mark"), [(1, "stretch"), (10, "met / " + MISSED), (1000, MISSED)])
def test_marks(naive: float, mark: str) -> None:
    timed = Timed("W1", "", "sqlite", goals.EVENTS, 32, _figures(**{OURS: 1000, "naive": naive}))
    (verdict,) = [
        v for v in verdicts(_found(timed)) if (v.what, v.database) == ("W1 against naive", "sqlite")
    ]
    assert verdict.mark == mark


def test_what_may_not_be_exceeded() -> None:
    export = Export(100, 1e6, 6, 17e6)
    found = _found(exported=[Exported("W6", "sqlite", goals.EVENTS, {OURS: export, "naive": export})])
    marks = {v.what: v.mark for v in verdicts(found) if v.database == "sqlite"}
    assert (marks["W6: first byte"], marks["W6: private memory growth"]) == ("met", "met")
    assert marks["W6 against naive"] == MISSED


def test_every_goal_has_a_mark_where_nothing_was_measured() -> None:
    judged = verdicts(_found())
    assert {each.mark for each in judged} == {MISSING}
    assert {each.what for each in judged} >= {f"{goal.item} against {goal.against}" for goal in goals.GOALS}
    text = report.markdown(_found(), "python -m bench.serving", [])
    assert all(f"| {each.what} |" in text for each in judged)


def test_peers_that_need_postgis_are_left_out_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(postgis, "DEBIAN", tmp_path)
    notes: list[str] = []
    data = Data("postgresql", 10, "postgresql://localhost/none")
    with ExitStack() as stack:
        assert competitors.peers(stack, data, tmp_path, {"tipg", "roapi"}, notes) == {}
    assert len(notes) == 1
    assert "apt-get install postgresql-15-postgis-3" in notes[0]


def test_peers_over_postgis_are_asked_for_the_same() -> None:
    query = {
        "west": -10,
        "south": -5,
        "east": 0,
        "north": 5,
        "date_from": "2007-01-01",
        "date_to": "2016-12-31",
    }
    for request in (tipg.box(query), pygeoapi.box(query)):
        asked = parse_qs(urlsplit(request.path).query)
        assert (asked["bbox"], asked["sortby"], asked["limit"]) == (
            ["-10,-5,0,5"],
            ["-date_start,-id"],
            ["100"],
        )
        assert "2007-01-01" in asked["filter"][0]
        assert "2016-12-31" in asked["filter"][0]


def test_filters_are_drawn_alike_each_time_and_in_order() -> None:
    values = {"date_from": ["2000", "2010"], "date_to": ["2005"], "q": ["a", "b"], "type": ["AID"]}
    addresses = list(filters.drawn(values, lambda random: {"sort": random.choice(filters.SORTS)}, 200))
    assert addresses == list(
        filters.drawn(values, lambda random: {"sort": random.choice(filters.SORTS)}, 200)
    )
    assert len(set(addresses)) > 50
    assert not [each for each in addresses if "date_from=2010" in each and "date_to=2005" in each]
    assert all(1 <= each.count("=") - 1 <= 3 for each in addresses)


def test_the_slowest_are_told_by_name() -> None:
    took = [filters.Took(f"/v1/events?limit={n}", float(n)) for n in range(1, 101)]
    told = filters.table({("sqlite", "lists"): took[::-1]})
    assert "| sqlite | lists | 51.0 | 96.0 | 100.0 | 100.0 |" in told
    assert [line.split("`")[1] for line in told.splitlines() if "`" in line] == [
        each.address for each in took[:-6:-1]
    ]
