"""How soon the dashboard shows something, and how soon it has answered what a person does, in Chromium.

    python -m bench.page --events 1000000 --repeat 5

Prints a Markdown table, or writes it into docs/performance.md with --write. Databases are kept in --folder.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from playwright.sync_api import Browser, Page

from bench import datasets, report
from bench.generate import WORDS
from bench.servers import dateline
from tests.browser import chromium, seeded_server

_COUNT_REQUESTS = """
window.waitingFor = 0;
const ask = window.fetch;
window.fetch = (...asked) => {
  window.waitingFor += 1;
  return ask(...asked).finally(() => { window.waitingFor -= 1; });
};
"""
# Painted: the first frame after the act is on the screen, which at least marks as busy what is awaited.
# Settled: no answer is awaited and no panel busy, in three frames after each other; the last two are not counted.
# Before that, the list may stand already.
_SETTLE = """
async (act) => {
  const begun = performance.now();
  let painted = null;
  if (act) {
    new Function(act)();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { painted = performance.now(); port1.close(); };
    requestAnimationFrame(() => port2.postMessage(null));
  }
  let quiet = 0, since = begun;
  while (quiet < 3) {
    await new Promise(requestAnimationFrame);
    const busy = window.waitingFor > 0 || document.querySelector('[aria-busy="true"]');
    if (busy) quiet = 0;
    else if (quiet++ === 0) since = performance.now();
    if (performance.now() - begun > 30000) return [begun, painted, null, Infinity];
  }
  const listed = performance.getEntriesByName('events-shown').map((mark) => mark.startTime).filter((at) => at > (act ? begun : 0));
  return [begun, painted, listed.at(-1) ?? null, since];
}
"""
_SLIDER = (
    "document.querySelector('[data-handle=\"{end}\"]')"
    ".dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}}))"
)
_LOOK_FOR = "document.getElementById('q').value = '{}'; document.getElementById('filters').requestSubmit()"
_GO_TO = "history.pushState(null, '', '?{}'); dispatchEvent(new PopStateEvent('popstate'))"
_PRESS = "document.querySelectorAll('#{panel} .bar')[{n}].click()"


class Took(NamedTuple):
    """Milliseconds until the next paint after an act, until the list stood, where that changes, and everything."""

    painted: float | None
    listed: float | None
    settled: float


def _steps(n: int) -> list[tuple[str, str]]:
    """What a person does, one thing after another; every round does it elsewhere, so that no answer is at hand."""
    date = "const box = document.getElementById('{0}'); box.value = '{1}'; box.dispatchEvent(new Event('change'))"
    return [
        ("choose a country", _PRESS.format(panel="by-country", n=n)),
        ("choose a type, too", _PRESS.format(panel="by-type", n=n)),
        ("take the type away", _PRESS.format(panel="by-type", n=n)),
        ("move the start of the range", _SLIDER.format(end="from", key="ArrowRight")),
        ("move the end of the range", _SLIDER.format(end="to", key="ArrowLeft")),
        ("take the country away", _PRESS.format(panel="by-country", n=n)),
        ("give a day to begin with", date.format("date_from", f"{2003 + n}-03-{14 + n}")),
        ("surely within the range", date.format("date_match", "certain")),
        ("open an event", "document.querySelectorAll('.item a')[3].click()"),
        ("go back to the list", "history.back()"),
        ("turn the page", "document.querySelector('.pager a[rel=next]').click()"),
        ("all dates", "document.getElementById('all-dates').click()"),
        ("look for a rare word", _LOOK_FOR.format(1003 + 40 * n)),
        ("look for a word of two events in three", _LOOK_FOR.format(WORDS[n])),
        ("take the word away", _LOOK_FOR.format("")),
        ("an actor of one event in thirty", _GO_TO.format(f"actor=actor-{n}")),
        ("an actor of one event in a thousand", _GO_TO.format(f"actor=actor-{300 + n}")),
        ("events that are planned", _GO_TO.format(f"status=planned&date_from={1989 + n}")),
    ]


def main(arguments: Sequence[str]) -> None:
    """Measure, and print or write the table."""
    parser = report.parser(__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite"])
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    shown = report.command("bench.page", arguments)
    lines = [f"`{shown}`", "", f"On {report.machine()}. Milliseconds: median (lowest to highest).", ""]
    tables = {kind: _measured(kind, options) for kind in options.databases}
    heads = [f"{kind}: {what}" for kind in tables for what in ("next paint", "the list", "everything")]
    lines += [f"| | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for what in next(iter(tables.values())):
        cells = [_told(each) for table in tables.values() for each in zip(*table[what], strict=True)]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    _, listed, settled = map(_told, zip(*_seeded(options.repeat), strict=True))
    lines += ["", f"The page over the seed alone, on SQLite: the list {listed}, everything {settled}."]
    if options.write:
        report.write("bench.page", "\n".join(lines))
    else:
        print("\n".join(lines))


def _measured(kind: str, options: argparse.Namespace) -> dict[str, list[Took]]:
    with datasets.server(kind, options.folder) as postgres:
        data = datasets.built(kind, options.events, options.folder, postgres)
        data.read()
        serving = dateline(data.url, options.folder, "page", keeping=False)
        with serving as server, chromium() as browser:
            _visit(browser, server.base, options.repeat)  # the server's first answers
            rounds = [_visit(browser, server.base, n) for n in range(options.repeat)]
    return {what: [one[what] for one in rounds] for what in rounds[0]}


def _seeded(repeat: int) -> list[Took]:
    """The first view of the seed alone, from SQLite."""
    with tempfile.TemporaryDirectory() as folder, seeded_server(Path(folder)) as base, chromium() as browser:
        _opened(browser, base)  # the server's first answers
        return [_opened(browser, base)[1] for _ in range(repeat)]


def _opened(browser: Browser, base: str) -> tuple[Page, Took]:
    """The page before someone who has never been here."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(_COUNT_REQUESTS)
    page.goto(base)
    _, _, listed, settled = page.evaluate(_SETTLE)
    return page, Took(None, listed, settled)


def _visit(browser: Browser, base: str, n: int) -> dict[str, Took]:
    """One visit of someone who has never been here."""
    page, opened = _opened(browser, base)
    found = {"open the page": opened} | {what: _did(page, what, act) for what, act in _steps(n)}
    page.context.close()
    return found


def _did(page: Page, what: str, act: str) -> Took:
    begun, painted, listed, settled = page.evaluate(_SETTLE, act)
    problem = page.locator(".problem").first
    if problem.count():
        raise SystemExit(f"{what}: {problem.inner_text()}")

    def since(at: float | None) -> float | None:
        return None if at is None else at - begun

    return Took(since(painted), since(listed), settled - begun)


def _told(took: Sequence[float | None]) -> str:
    known = [each for each in took if each is not None]
    return f"{median(known):.0f} ({min(known):.0f} to {max(known):.0f})" if len(known) == len(took) else "-"


if __name__ == "__main__":
    main(sys.argv[1:])
