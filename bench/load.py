"""Load: wrk sending a list of requests, and what it measured."""

import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.processors import Spent, spent
from bench.streams import taken

CONNECTIONS = (1, 32)
_LONGER = 5  # times as long, where too few answers came
_FEW = 2  # answers to each connection, below which a rate says little
_MANY = 40_000  # requests a second that nobody reaches here
_REST = 3  # seconds in which a server must have answered what is left over when wrk stops


class Request(NamedTuple):
    """A path with its query, the value of If-None-Match where one is sent, and what is sent by POST, if anything."""

    path: str
    etag: str = ""
    body: str = ""


def _nothing() -> None:
    pass


class Contender(NamedTuple):
    """Who answers an item, where, and to what; `restart` rids it of work that nobody waits for any more."""

    name: str
    base: str
    requests: Sequence[Request]
    restart: Callable[[], None] = _nothing


class Sample(NamedTuple):
    """One run of wrk: answers a second, milliseconds, share of 503s, and of other failures.

    `cpu` is the processor time of an answer. Where no answer came, `rate` is what it cannot have reached, and `bound` is true.
    """

    rate: float
    p50: float
    p99: float
    shed: float
    failed: float
    bound: bool = False
    cpu: Spent = Spent(0, 0)


class Figure(NamedTuple):
    """The samples of a contender at so many connections, as their medians."""

    rate: float
    lowest: float
    highest: float
    p50: float
    p99: float
    bound: bool = False
    cpu: Spent = Spent(0, 0)


# Requests are made beforehand, so that all cost wrk alike. Statuses are looked at only where they are counted:
# a call per answer would slow wrk itself down.
_SCRIPT = """
local requests, threads, turn = {}, {}, 0
local file = io.open("%s", "rb")
for each in file:read("*a"):gmatch("[^\\30]+") do requests[#requests + 1] = each end
file:close()
function request()
  turn = turn %% #requests + 1
  return requests[turn]
end
shed, other = 0, 0
%s
function setup(thread) threads[#threads + 1] = thread end
function done(summary, latency, _)
  local s, o, e = 0, 0, summary.errors
  for _, t in ipairs(threads) do s, o = s + t:get("shed"), o + t:get("other") end
  print(string.format("BENCH %%d %%d %%d %%d %%d %%d %%d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), s, o, e.status + e.connect + e.read + e.write))
end
"""
_COUNTING = """
function response(status, _, _)
  if status == 503 then shed = shed + 1 elseif status >= 400 then other = other + 1 end
end
"""


def demand_wrk() -> None:
    """End with what to do where wrk is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: install it with 'apt-get install wrk' or your system's package")


_STARTS = count(step=17_000)  # so that two measurements of the same requests do not begin with the same


class Client:
    """Sends one contender its requests from `start` on, run after run, each going on where the last one stopped."""

    def __init__(self, contender: Contender, start: int | None = None) -> None:
        self.contender = contender
        self._at = next(_STARTS) if start is None else start
        self._most = float(_MANY)

    def run(self, connections: int, seconds: float, *, counting: bool = False) -> Sample:
        """One run; again and longer when few answers came in time."""
        sample = self._wrk(connections, seconds, counting=counting)
        few = sample.bound or sample.rate * seconds < _FEW * connections
        if counting:
            return sample
        if few:
            self._rest(connections, sample)
            sample = self._wrk(connections, seconds * _LONGER)
        self._rest(connections, sample)
        return sample

    def _wrk(self, connections: int, seconds: float, *, counting: bool = False) -> Sample:
        duration = max(1, round(seconds))
        requests = taken(self.contender.requests, self._at, round(self._most * duration) + 10 * connections)
        with tempfile.TemporaryDirectory() as folder:
            file, script = Path(folder, "requests"), Path(folder, "send.lua")
            host = urlsplit(self.contender.base).netloc
            file.write_bytes(b"\x1e".join(_raw(host, each) for each in requests))
            script.write_text(_SCRIPT % (file, _COUNTING if counting else ""))
            command = ["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--timeout=60s"]
            command += ["-s", str(script), self.contender.base]
            before = spent()
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
            took = spent().since(before)
        sample = _parse(out, connections, took)
        self._at += round(sample.rate * duration) + connections
        self._most = min(_MANY, max(1000, sample.rate * 4))
        return sample

    def _rest(self, connections: int, sample: Sample) -> None:
        """Wait until what wrk left behind is answered, or put an end to it."""
        if sample.bound or connections / sample.rate > _REST:
            self.contender.restart()
        else:
            time.sleep(connections / sample.rate)


def _raw(host: str, request: Request) -> bytes:
    body = request.body.encode()
    lines = [f"{'POST' if body else 'GET'} {request.path} HTTP/1.1", f"Host: {host}"]
    if request.etag:
        lines.append(f"If-None-Match: {request.etag}")
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def _parse(out: str, connections: int, took: Spent) -> Sample:
    found = re.search(r"^BENCH (.*)$", out, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk said nothing that can be read:\n{out}")
    requests, duration, p50, p99, shed, other, errors = map(int, found[1].split())
    failed = other if shed or other else errors
    if not requests:
        # Each connection may have been about to get its first answer, so no less can be ruled out.
        return Sample(connections / (duration / 1e6), 0, 0, 0, float(failed), bound=True)
    rate, bad = requests / (duration / 1e6), failed / requests
    return Sample(rate, p50 / 1e3, p99 / 1e3, shed / requests, bad, cpu=took.each(requests))


def interleaved(
    contenders: Sequence[Contender],
    repeat: int,
    seconds: float,
    faults: list[str],
    connections: Sequence[int] = CONNECTIONS,
) -> dict[tuple[str, int], Figure]:
    """Every contender in turn, `repeat` times over, so that what disturbs the machine disturbs all alike.

    One that needs longer than a run for its answers is measured once; one that fails is left out, and a fault said.
    """
    samples: dict[tuple[str, int], list[Sample]] = {}
    start = next(_STARTS)  # the same for all
    clients = [Client(contender, start) for contender in contenders]
    for _ in range(repeat):
        for many in connections:
            for client in clients:
                earlier = samples.setdefault((client.contender.name, many), [])
                if not _enough(earlier, many, seconds):
                    earlier.append(client.run(many, seconds))
    for (name, many), each in samples.items():
        failed = max(sample.failed for sample in each)
        if failed:
            faults.append(f"{name} failed {failed:.1%} of its requests on {many} connections")
    return {key: figure(each) for key, each in samples.items() if not any(s.failed for s in each)}


def _enough(samples: Sequence[Sample], connections: int, seconds: float) -> bool:
    return any(s.bound or s.failed or s.rate * seconds < _FEW * connections for s in samples)


def figure(samples: Sequence[Sample]) -> Figure:
    """Medians and spread."""
    rates = [sample.rate for sample in samples]
    p50, p99 = (statistics.median(getattr(s, name) for s in samples) for name in ("p50", "p99"))
    cpu = Spent(*map(statistics.median, zip(*(sample.cpu for sample in samples), strict=True)))
    bound = all(sample.bound for sample in samples)
    return Figure(statistics.median(rates), min(rates), max(rates), p50, p99, bound, cpu)
