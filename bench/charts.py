"""The charts of docs/performance.md; needs matplotlib, of the dependency group `bench`."""

from collections.abc import Sequence
from pathlib import Path

from bench.found import OURS, Found, Timed


def draw(found: Found, folder: Path) -> list[str]:
    """Write performance-*.png into `folder`; their names."""
    import matplotlib as mpl

    mpl.use("Agg")
    largest = max((each.events for each in found.timed), default=0)
    names = []
    for database in ("sqlite", "postgresql"):
        timed = [each for each in found.timed if (each.database, each.events) == (database, largest)]
        if timed:
            names.append(_bars(timed, folder / f"performance-{database}.png"))
    if found.flat:
        names.append(_lines(found, folder / "performance-flat.png"))
    return names


def _bars(timed: Sequence[Timed], path: Path) -> str:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(12, 0.9 + 0.55 * len(timed)), sharey=True)
    servers = list(dict.fromkeys(name for each in timed for name, _ in each.figures if name != "own page 1"))
    height = 0.85 / len(servers)
    for axis, connections in zip(axes, (1, 32), strict=True):
        for n, name in enumerate(servers):
            held = [(row, each) for row, each in enumerate(timed) if (name, connections) in each.figures]
            rates = [each.figures[name, connections].rate for _, each in held]
            axis.barh([row + n * height for row, _ in held], rates, height, label=name)
        axis.set_xscale("log")
        axis.set_xlabel(f"answers a second, {connections} connection{'s' if connections > 1 else ''}")
    axes[0].set_yticks([row + 0.4 for row in range(len(timed))], [each.key for each in timed])
    axes[0].invert_yaxis()
    axes[1].legend(fontsize="small")
    figure.suptitle(f"{timed[0].events:,} events, {timed[0].database}: {OURS}, its peers, and the floors")
    return _saved(figure, path)


def _lines(found: Found, path: Path) -> str:
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(7, 4))
    for item, database, figures in found.flat:
        events = [events for events, _ in figures]
        axis.plot(events, [1e3 / each.rate for _, each in figures], marker="o", label=f"{item}, {database}")
    axis.set_xscale("log")
    axis.set_ylim(bottom=0)
    axis.set_xlabel("events")
    axis.set_ylabel("ms a request, 1 connection")
    axis.legend(fontsize="small")
    return _saved(figure, path)


def _saved(figure: object, path: Path) -> str:
    from matplotlib import pyplot as plt

    figure.tight_layout()  # type: ignore[attr-defined]
    figure.savefig(path, dpi=110)  # type: ignore[attr-defined]
    plt.close("all")
    return path.name
