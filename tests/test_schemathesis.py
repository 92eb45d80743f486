"""Schemathesis finds no answer that the published contract does not foresee."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.served import served

# An id that nothing has is refused with 400 or 404, and no schema can say which ids there are.
CONFIG = """\
seed = 20240419
[generation]
max-examples = 15
deterministic = true
database = "none"
[phases.stateful]
enabled = false
[phases.coverage]
enabled = %s
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "400", "404"]
"""


# To go through every value at the edge of what each parameter takes is for `make test-slow`, on both databases.
pytestmark = pytest.mark.parametrize(
    ("databases", "edges"),
    [
        ("sqlite", False),
        pytest.param("sqlite", True, marks=pytest.mark.slow),
        pytest.param("postgresql", True, marks=pytest.mark.slow),
    ],
    indirect=["databases"],
    scope="session",
)


@pytest.fixture(scope="module")
def address(seeded_url: str) -> Iterator[str]:
    """Where a server of the seeded API listens."""
    with served(seeded_url) as found:
        yield found


def test_every_answer_is_foreseen(address: str, tmp_path: Path, *, edges: bool) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG % str(edges).lower())
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    run = subprocess.run(
        [*command, f"{address}/openapi.json", "--no-color", "--request-timeout", "10"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
