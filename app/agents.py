"""`/mcp`: the tools by the Model Context Protocol, served when the extra `mcp` is installed."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__
from app.tool_schemas import NOTICE
from app.tools import Refused, all_tools

_INSTRUCTIONS = (
    "Geopolitical events, each with the evidence for it. Begin with `coverage`; `resolve` names to codes and ids;"
    " then `search_events` or `timeline`, and `get_event` for quotes to cite. " + NOTICE
)


class InProcess:
    """The public API of `app`, asked without a network; what is asked is logged under `request_id`."""

    def __init__(self, app: FastAPI, request_id: str) -> None:
        self.app, self._request_id = app, request_id

    @property
    def document(self) -> dict[str, Any]:
        return self.app.openapi()

    async def get(self, path: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        query = urlencode({name: _as_text(value) for name, value in parameters.items()})
        status, body = await _get(self.app, path, query, self._request_id)
        answer: dict[str, Any] = json.loads(body)
        if status != 200:
            raise Refused(answer)
        return answer


def _as_text(value: Any) -> str:
    """A JSON value as the API's queries write it."""
    if isinstance(value, list):
        return ",".join(map(_as_text, value))
    return value if isinstance(value, str) else json.dumps(value)


async def _get(app: ASGIApp, path: str, query: str, request_id: str) -> tuple[int, bytes]:
    status, parts = 500, []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "root_path": "",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), (b"x-request-id", request_id.encode())],
        "client": None,
        "server": None,
    }
    await app(scope, receive, send)
    return status, b"".join(parts)


class Endpoint:
    """The place at `/mcp`; what answers there exists while the application runs."""

    def __init__(self) -> None:
        self.manager: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.manager.handle_request(scope, receive, send)


def mount(app: FastAPI) -> None:
    """Serve `/mcp`, if there is what it takes. A call is a POST of its own: there are no sessions."""
    if find_spec("mcp") is not None:
        app.state.agents = Endpoint()
        app.router.routes.append(Route("/mcp", app.state.agents, methods=["POST"], name="mcp"))


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """While this lasts, `/mcp` answers, if it is served."""
    endpoint: Endpoint | None = getattr(app.state, "agents", None)
    if endpoint is None:
        yield
        return
    endpoint.manager = _manager(app)
    async with endpoint.manager.run():
        yield


def _manager(app: FastAPI) -> Any:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    # A guard on Host and Origin would keep from a page what `/v1` gives to any page: there is nothing to guard.
    public = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    return StreamableHTTPSessionManager(
        _server(app),
        json_response=True,
        stateless=True,
        security_settings=public,
        max_request_body_size=app.state.settings.max_body_bytes,
    )


def _server(app: FastAPI) -> Any:
    from mcp import types
    from mcp.server.lowlevel import Server

    tools = {tool.name: tool for tool in all_tools(app.openapi())}
    reading = types.ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )

    async def list_tools(context: Any, page: Any) -> types.ListToolsResult:
        del context, page
        shown = [
            types.Tool(
                name=tool.name,
                title=tool.title,
                description=tool.description,
                input_schema=tool.takes,
                output_schema=tool.gives,
                annotations=reading,
            )
            for tool in tools.values()
        ]
        return types.ListToolsResult(tools=shown)

    async def call_tool(context: Any, call: types.CallToolRequestParams) -> types.CallToolResult:
        if call.name not in tools:
            return _result({"detail": f"There is no tool {call.name}", "allowed": list(tools)}, failed=True)
        api = InProcess(app, context.request.scope["request_id"])
        try:
            return _result(await tools[call.name](api, call.arguments or {}), failed=False)
        except Refused as refusal:
            return _result(refusal.problem, failed=True)

    def _result(answer: Mapping[str, Any], *, failed: bool) -> types.CallToolResult:
        text = types.TextContent(type="text", text=json.dumps(answer, ensure_ascii=False))
        return types.CallToolResult(
            content=[text], structured_content=None if failed else dict(answer), is_error=failed
        )

    return Server(
        "dateline",
        version=__version__,
        title="Dateline",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
