"""The charts of docs/performance.md; needs matplotlib, of the dependency group `bench`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.found import OURS, Found, Timed

_COLOURS = {
    OURS: "#c1121f",
    "naive": "#5b7083",
    "datasette": "#8fb3c9",
    "roapi": "#b5a642",
    "tipg": "#6a994e",
    "pygeoapi": "#a7c957",
    "L1": "#d4d4d4",
    "L3": "#a8a8a8",
}
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_CALLED = {OURS: "Dateline", "L1": "L1 (floor)", "L3": "L3 (floor)"}


def draw(found: Found, folder: Path) -> list[str]:
    """Write performance-*.png into `folder`; their names."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False})
    names = []
    for database in _NAMES:
        timed = [each for each in found.timed if each.database == database and each.key != "workers"]
        if timed:
            names.append(_bars(timed, folder / f"performance-{database}.png"))
    if found.flat:
        names.append(_lines(found, folder / "performance-flat.png"))
    return names


def _bars(timed: Sequence[Timed], path: Path) -> str:
    from matplotlib import pyplot as plt
    from matplotlib.patches import Patch

    figure, axes = plt.subplots(1, 2, figsize=(13, 1.6 + 1.0 * len(timed)), sharey=True)
    for axis, connections in zip(axes, (1, 32), strict=True):
        for row, each in enumerate(timed):
            _item(axis, row, each, connections)
        axis.set_xscale("log")
        axis.set_xlim(left=0.1, right=300_000)
        axis.xaxis.set_major_formatter(lambda rate, _: f"{rate:,g}")
        axis.grid(axis="x", alpha=0.3)
        axis.set_axisbelow(True)
        axis.set_title(f"answers a second, {connections} connection{'s' if connections > 1 else ''}")
    axes[0].set_yticks(range(len(timed)), [f"{each.key}\n{_short(each.title)}" for each in timed])
    axes[0].set_ylim(len(timed) - 0.45, -0.55)
    shown = {name for each in timed for name, _ in each.figures}
    handles = [Patch(color=_COLOURS[name]) for name in _COLOURS if name in shown]
    labels = [_CALLED.get(name, name) for name in _COLOURS if name in shown]
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    figure.suptitle(f"{timed[0].events:,} events on {_NAMES[timed[0].database]}, logarithmic", fontsize=14)
    return _saved(figure, path, (0, 0.5 / figure.get_figheight(), 1, 1))


def _item(axis: Any, row: int, each: Timed, connections: int) -> None:
    """The bars of an item, each with its figure."""
    names = [name for name in _COLOURS if (name, connections) in each.figures]
    height = 0.84 / len(names)
    for n, name in enumerate(names):
        found = each.figures[name, connections]
        at = row - 0.42 + (n + 0.5) * height
        rate = max(found.rate, 0.1)
        axis.barh(at, rate, height * 0.92, color=_COLOURS[name], hatch="///" if found.bound else None)
        told = f"< {found.rate:,.2g}" if found.bound else f"{found.rate:,.{0 if found.rate >= 10 else 1}f}"
        axis.text(rate * 1.08, at, told, va="center", fontsize=8)


def _short(title: str) -> str:
    """A title that fits beside an axis."""
    return (
        title.replace(" by country and dates, nested", "")
        .replace(" of a country", "")
        .replace(", newest 100", "")
    )


def _lines(found: Found, path: Path) -> str:
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(9, 5))
    items = list(dict.fromkeys(item for item, _, _ in found.flat))
    for item, database, figures in found.flat:
        events = [events for events, _ in figures]
        times = [1e3 / each.rate for _, each in figures]
        style = "-" if database == "sqlite" else "--"
        colour = f"C{items.index(item)}"
        axis.plot(events, times, style, color=colour, marker="o", label=f"{item}, {_NAMES[database]}")
    axis.set_xscale("log")
    axis.set_xticks(events, [f"{each:,}" for each in events])
    axis.minorticks_off()
    axis.set_ylim(bottom=0)
    axis.set_xlabel("events in the database")
    axis.set_ylabel("milliseconds a request, 1 connection")
    axis.grid(alpha=0.3)
    axis.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.suptitle("Flat as it grows", fontsize=14)
    return _saved(figure, path, (0, 0, 1, 1))


def _saved(figure: Any, path: Path, within: tuple[float, float, float, float]) -> str:
    from matplotlib import pyplot as plt

    figure.tight_layout(rect=within)
    figure.savefig(path, dpi=110)
    plt.close("all")
    return path.name
