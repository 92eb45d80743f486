"""Events as a feed that people subscribe to: Atom (RFC 4287) and JSON Feed 1.1."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

ATOM = "application/atom+xml"
JSON_FEED = "application/feed+json"

_NAMESPACE = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = "1970-01-01T00:00:00Z"  # a feed has a time, also when nothing is in it

# How the two are published.
PUBLISHED_ATOM: dict[str, Any] = {ATOM: {"schema": {"type": "string", "description": "An Atom feed"}}}
PUBLISHED_JSON: dict[str, Any] = {JSON_FEED: {"schema": {"$ref": "#/components/schemas/JsonFeed"}}}


@dataclass(frozen=True, slots=True)
class Feed:
    """Events, those that changed last first; `root` is the server's address, `path` what was asked for there."""

    root: str
    path: str
    documents: Sequence[bytes]

    @property
    def address(self) -> str:
        return self.root + self.path

    @property
    def title(self) -> str:
        asked = unquote_plus(self.path.partition("?")[2])
        return f"Dateline: {asked}" if asked else "Dateline"

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(document) for document in self.documents]


def json_feed(feed: Feed) -> bytes:
    """The feed as JSON Feed."""
    items = [
        {
            "id": _id(event),
            "url": _address(feed, event),
            "title": event["title"],
            "content_text": _words(event),
            "date_modified": event["updated"],
            "tags": [term for term, _ in _categories(event)],
        }
        for event in feed.events()
    ]
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.root,
        "feed_url": feed.address,
    }
    return json.dumps(head | {"items": items}, ensure_ascii=False, separators=(",", ":")).encode()


def atom(feed: Feed) -> bytes:
    """The feed as Atom."""
    root = ET.Element("feed", xmlns=_NAMESPACE)
    events = feed.events()
    _add(root, "id", feed.address)
    _add(root, "title", feed.title)
    _add(root, "updated", events[0]["updated"] if events else _NEVER)
    _add(_add(root, "author"), "name", "Dateline")
    _add(root, "link", rel="self", type=ATOM, href=feed.address)
    for event in events:
        entry = _add(root, "entry")
        _add(entry, "id", _id(event))
        _add(entry, "title", event["title"])
        _add(entry, "updated", event["updated"])
        # Readers open only a link without a type, or of HTML.
        _add(entry, "link", rel="alternate", href=_address(feed, event))
        _add(entry, "summary", _words(event))
        for term, label in _categories(event):
            _add(entry, "category", term=term, label=label)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    safe = {key: _NOT_XML.sub("\ufffd", value) for key, value in attributes.items()}
    child = ET.SubElement(parent, name, safe)
    child.text = None if text is None else _NOT_XML.sub("\ufffd", text)
    return child


def _id(event: dict[str, Any]) -> str:
    """The same on every server: an event's id is of its dataset. The name is one that nobody can own."""
    return f"tag:dateline.invalid,2026:event/{event['id']}"


def _address(feed: Feed, event: dict[str, Any]) -> str:
    return f"{feed.root}/v1/events/{event['id']}"


def _words(event: dict[str, Any]) -> str:
    """When, where and what, as text."""
    place = event["place"] or {"name": None}
    told = f"{event['date']['edtf'] or 'date unknown'}"
    told += f", {place['name']}" if place["name"] else ""
    return f"{told}: {event['summary'] or event['title']}"


def _categories(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Type, contexts and countries, each once, with what they are called."""
    found = {term: term for term in (event["type"], *event["contexts"])}
    return [*found.items(), *{country["code"]: country["name"] for country in event["countries"]}.items()]
