"""Every failure that a client can see, as problem+json (RFC 9457)."""

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.codes import nearest

PROBLEM = "application/problem+json"


class ApiError(Exception):
    """A failure with a status of its own; `errors` names the parameters that are at fault."""

    status: ClassVar[int] = 500
    retry_after: ClassVar[int | None] = None

    def __init__(self, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(detail)
        self.detail, self.errors = detail, list(errors)


class BadRequest(ApiError):
    """Something in the path or the query is not understood."""

    status = 400

    def __init__(self, *errors: Mapping[str, Any]) -> None:
        super().__init__("; ".join(f"{e['parameter']}: {e['detail']}" for e in errors), errors)


class NotFound(ApiError):
    """Nothing has this path."""

    status = 404


class NotAcceptable(ApiError):
    """What is here is made in no form that the client takes."""

    status = 406


class Gone(ApiError):
    """Something had this path and was withdrawn."""

    status = 410

    def __init__(self, reason: str, successor: str | None) -> None:
        super().__init__(f"Withdrawn: {reason}")
        self.reason, self.successor = reason, successor


class NotBuilt(ApiError):
    """This server was installed without something that the path needs."""

    status = 501


class Unavailable(ApiError):
    """The database is away, not migrated, or too busy to answer in time."""

    status = 503
    retry_after = 2


def fault(
    parameter: str, detail: str, allowed: Sequence[str] | None = None, did_you_mean: str | None = None
) -> dict[str, Any]:
    """One entry of `errors`; what is not known is left out."""
    entry = {"parameter": parameter, "detail": detail, "allowed": allowed, "did_you_mean": did_you_mean}
    return {name: value for name, value in entry.items() if value is not None}


def unknown(parameter: str, allowed: Sequence[str]) -> dict[str, Any]:
    """The entry for a parameter that the path does not have."""
    return fault(parameter, "unknown parameter", sorted(allowed), nearest(parameter, tuple(allowed)))


def problem(
    request: Request,
    status: int,
    detail: str,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Response:
    """The one shape of every error."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "errors": list(errors),
        "request_id": request.scope.get("request_id"),
        **extra,
    }
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, {"Cache-Control": "no-store", **(headers or {})}, PROBLEM)


def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    extra = {"reason": error.reason, "successor": error.successor} if isinstance(error, Gone) else {}
    return problem(request, error.status, error.detail, error.errors, headers, **extra)


def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == 404:
        detail = f"Nothing is served at {request.url.path}; see /docs for what is"
    elif error.status_code == 405:
        detail = f"{request.method} is not possible here"
    return problem(request, error.status_code, detail, headers=error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [_explain(entry) for entry in error.errors()]
    in_body = any(entry["loc"][0] == "body" for entry in error.errors())
    refusal = BadRequest(*errors) if not in_body else None
    detail = refusal.detail if refusal else "The body is not valid"
    return problem(request, 422 if in_body else 400, detail, errors)


def _explain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One finding of Pydantic as an entry of `errors`; our own validators say more in its context."""
    context = entry.get("ctx") or {}
    place = [str(part) for part in entry["loc"][1:]]
    if entry["loc"][0] == "body":
        return {"pointer": "/" + "/".join(place), "detail": entry["msg"]}
    name = context.get("parameter") or (place[0] if place else "query")
    if entry["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        return fault(
            name, "is not one of the allowed values", allowed, nearest(str(entry["input"]), tuple(allowed))
        )
    return fault(name, entry["msg"], context.get("allowed"), context.get("did_you_mean"))


def refusal(error: ValidationError) -> BadRequest:
    """What is wrong with a query that did not come by HTTP."""
    return BadRequest(*(_explain({**entry, "loc": ("query", *entry["loc"])}) for entry in error.errors()))


_ANSWERS = {ApiError: _api_error, HTTPException: _http_exception, RequestValidationError: _invalid}


def answered(request: Request, error: Exception) -> Response | None:
    """The problem that a failure is answered with; None for one that nobody foresaw."""
    for kind, answer in _ANSWERS.items():
        if isinstance(error, kind):
            return answer(request, error)
    return None


def install(app: FastAPI) -> None:
    """Make `app` answer every failure as a problem."""
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)
