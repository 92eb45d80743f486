"""Request ids, one log line a request, and metrics by operation."""

import asyncio
import json
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import count
from typing import Any, TextIO

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic_core import PydanticSerializationError, to_json
from starlette.responses import Response
from starlette.types import Scope

log = logging.getLogger("dateline.requests")

# The folder in which the processes of one server count together; the client library knows it by this name.
COUNTED_TOGETHER = "PROMETHEUS_MULTIPROC_DIR"
_REGISTRY = CollectorRegistry()
_REQUESTS = Counter(
    "dateline_requests", "Requests answered.", ("operation", "method", "status"), registry=_REGISTRY
)
_SECONDS = Histogram(
    "dateline_request_duration_seconds",
    "Time from the request's arrival to the end of its answer.",
    ("operation",),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_REGISTRY,
)
_USABLE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PROCESS, _NUMBERS = os.urandom(8).hex(), count()
_MOMENT = 0.01  # seconds for which a line may wait to be written
_pid = cache(os.getpid)
os.register_at_fork(after_in_child=_pid.cache_clear)
_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}


class MetricsResponse(Response):
    """The Prometheus text format."""

    media_type = CONTENT_TYPE_LATEST


def metrics() -> Response:
    """Every metric of this server: of all its processes, where there are several."""
    registry = _REGISTRY
    if COUNTED_TOGETHER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return MetricsResponse(generate_latest(registry))


def request_id(given: Mapping[bytes, bytes]) -> str:
    """The id that the client gives in these headers, if it is usable, or a new one."""
    offered = given.get(b"x-request-id")
    if offered is not None and _USABLE_ID.fullmatch(offered):
        return offered.decode()
    return f"{_PROCESS}{next(_NUMBERS):016x}"


def tell(scope: Scope, method: str, status: int, seconds: float) -> None:
    """Count a request that is over, and log it."""
    # The route's name is the operation id; a path may hold anything and is no label.
    operation = getattr(scope.get("route"), "name", None) or "unmatched"
    requests, durations = _metrics(operation, method if method in _METHODS else "other", status)
    requests.inc()
    durations.observe(seconds)
    if log.isEnabledFor(logging.INFO):
        log.handle(_Told(scope, operation, method, status, seconds))


class _Told(logging.LogRecord):
    """The record of a request. Nobody need look for the line of code that logs it, which takes longer than all else."""

    name, msg, args = log.name, "request", ()
    levelno, levelname = logging.INFO, "INFO"
    pathname = filename = module = funcName = ""  # noqa: N815
    lineno, exc_info, exc_text, stack_info = 0, None, None, None

    def __init__(self, scope: Scope, operation: str, method: str, status: int, seconds: float) -> None:
        self.created, self.process = time.time(), _pid()
        self.request_id = scope["request_id"]
        self.operation, self.method = operation, method
        self.path, self.query = scope["path"], scope["query_string"].decode("ascii", "replace")
        self.status, self.ms = status, round(seconds * 1000, 2)


@cache
def _metrics(operation: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return _REQUESTS.labels(operation, method, str(status)), _SECONDS.labels(operation)


class _JsonLines(logging.Formatter):
    _USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "color_message"}

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.created * 1000) % 1000:03d}+00:00",
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
        }
        entry |= {key: value for key, value in vars(record).items() if key not in self._USUAL}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        try:  # ASCII: no character in it can end the line
            return to_json(entry, ensure_ascii=True, fallback=str).decode()
        except PydanticSerializationError:  # half a character
            return json.dumps(entry, default=str)


@lru_cache(1)
def _second(since_1970: int) -> str:
    return datetime.fromtimestamp(since_1970, UTC).isoformat().removesuffix("+00:00")


class _Together(logging.StreamHandler[TextIO]):
    """Writes the lines of a moment at once: by turns with requests, each line would take three times as long.

    What is worse than usual is written right away, and so is all that came before it.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._waiting: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._waiting.append(record)
        if record.levelno > logging.INFO:
            self.flush()
        elif len(self._waiting) == 1:
            try:
                asyncio.get_running_loop().call_later(_MOMENT, self.flush)
            except RuntimeError:  # nobody serves
                self.flush()

    def flush(self) -> None:
        with self.lock or nullcontext():
            waiting, self._waiting = self._waiting, []
            if not waiting:
                return
            try:
                self.stream.write("".join([f"{self.format(record)}\n" for record in waiting]))
                super().flush()
            except Exception:  # noqa: BLE001 - no request fails because its line cannot be written
                self.handleError(waiting[-1])


def log_json_lines(level: str) -> None:
    """Send every log record to standard error, as one line of JSON."""
    handler = _Together(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers, logging.getLogger(name).propagate = [], name != "uvicorn.access"
