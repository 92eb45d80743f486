"""Load: wrk cycling through a list of requests, and what it measured."""

import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

CONNECTIONS = (1, 32)
_TIMEOUT = 120  # slow peers get their time


class Request(NamedTuple):
    """A path with its query, the value of If-None-Match where one is sent, and what is sent by POST, if anything."""

    path: str
    etag: str = ""
    body: str = ""


class Contender(NamedTuple):
    """Who answers an item, where, and to what."""

    name: str
    base: str
    requests: Sequence[Request]


class Sample(NamedTuple):
    """One run of wrk: answers a second, milliseconds, share of 503s, and of other failures."""

    rate: float
    p50: float
    p99: float
    shed: float
    failed: float


class Figure(NamedTuple):
    """The samples of a contender at so many connections, as their medians."""

    rate: float
    lowest: float
    highest: float
    p50: float
    p99: float


# Statuses are looked at only where they are counted: a call per answer would slow wrk itself down.
_SCRIPT = """
local requests, threads, turn = {}, {}, 0
for line in io.lines("%s") do
  local path, etag, body = line:match("([^\\t]*)\\t([^\\t]*)\\t(.*)")
  local headers = etag ~= "" and {["If-None-Match"] = etag} or nil
  requests[#requests + 1] = {body ~= "" and "POST" or "GET", path, headers, body ~= "" and body or nil}
end
local made = {}
function init(args)
  for n, r in ipairs(requests) do made[n] = wrk.format(r[1], r[2], r[3], r[4]) end
end
function request()
  turn = turn %% #made + 1
  return made[turn]
end
shed, other = 0, 0
%s
function setup(thread) threads[#threads + 1] = thread end
function done(summary, latency, _)
  local s, o, e = 0, 0, summary.errors
  for _, t in ipairs(threads) do s, o = s + t:get("shed"), o + t:get("other") end
  print(string.format("BENCH %%d %%d %%d %%d %%d %%d %%d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), s, o, e.status + e.connect + e.read + e.write + e.timeout))
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


def run(contender: Contender, connections: int, seconds: float, *, counting: bool = False) -> Sample:
    """One run; again and longer when no answer came in time."""
    with tempfile.TemporaryDirectory() as folder:
        targets, script = Path(folder, "targets"), Path(folder, "cycle.lua")
        targets.write_text("".join(f"{r.path}\t{r.etag}\t{r.body}\n" for r in contender.requests))
        script.write_text(_SCRIPT % (targets, _COUNTING if counting else ""))
        for duration in (seconds, seconds * 10):
            command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(duration))}s"]
            command += [f"--timeout={_TIMEOUT}s", "-s", str(script), contender.base]
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
            sample = _parse(out)
            if sample.rate or counting:
                break
        return sample


def _parse(out: str) -> Sample:
    found = re.search(r"^BENCH (.*)$", out, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk said nothing that can be read:\n{out}")
    requests, duration, p50, p99, shed, other, errors = map(int, found[1].split())
    failed = other if shed or other else errors
    total = max(1, requests)
    return Sample(requests / (duration / 1e6), p50 / 1e3, p99 / 1e3, shed / total, failed / total)


def interleaved(
    contenders: Sequence[Contender], repeat: int, seconds: float, connections: Sequence[int] = CONNECTIONS
) -> dict[tuple[str, int], Figure]:
    """Every contender in turn, `repeat` times over, so that what disturbs the machine disturbs all alike."""
    samples: dict[tuple[str, int], list[Sample]] = {}
    for _ in range(repeat):
        for many in connections:
            for contender in contenders:
                sample = run(contender, many, seconds)
                if sample.failed:
                    raise RuntimeError(f"{contender.name} failed {sample.failed:.1%} of its requests")
                samples.setdefault((contender.name, many), []).append(sample)
                time.sleep(
                    min(_TIMEOUT, many / max(sample.rate, 0.01))
                )  # what wrk left behind is still at work
    return {key: figure(each) for key, each in samples.items()}


def figure(samples: Sequence[Sample]) -> Figure:
    """Medians and spread."""
    rates = [sample.rate for sample in samples]
    p50, p99 = (statistics.median(getattr(s, name) for s in samples) for name in ("p50", "p99"))
    return Figure(statistics.median(rates), min(rates), max(rates), p50, p99)
