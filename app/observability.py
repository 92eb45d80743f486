"""Request ids, one log line a request, and metrics by operation."""

import json
import logging
import os
import re
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
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


class Observed:
    """Gives each request an id, and tells of it when it is over."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        offered = Headers(scope=scope).get("x-request-id", "")
        scope["request_id"] = offered if _USABLE_ID.fullmatch(offered) else uuid.uuid4().hex
        started, status = time.perf_counter(), 500

        async def observed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = scope["request_id"]
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        method = scope["method"]
        try:
            await self.app(scope, receive, observed_send)
        finally:
            _tell(scope, method, status, time.perf_counter() - started)


def _tell(scope: Scope, method: str, status: int, seconds: float) -> None:
    # The route's name is the operation id; a path may hold anything and is no label.
    operation = getattr(scope.get("route"), "name", None) or "unmatched"
    _REQUESTS.labels(operation, method if method in _METHODS else "other", str(status)).inc()
    _SECONDS.labels(operation).observe(seconds)
    log.info(
        "request",
        extra={
            "request_id": scope["request_id"],
            "operation": operation,
            "method": method,
            "path": scope["path"],
            "query": scope["query_string"].decode("ascii", "replace"),
            "status": status,
            "ms": round(seconds * 1000, 2),
        },
    )


class _JsonLines(logging.Formatter):
    _USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "color_message"}

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
        }
        entry |= {key: value for key, value in vars(record).items() if key not in self._USUAL}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)  # ASCII: no character in it can end the line


def log_json_lines(level: str) -> None:
    """Send every log record to standard error, as one line of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers, logging.getLogger(name).propagate = [], name != "uvicorn.access"
