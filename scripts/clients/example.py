"""Every event of a country, page by page, and the evidence of one: through a client made from docs/openapi.json.

Type-checked strictly and run by `make test-clients`.
"""

import sys
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from dateline_client import Client
from dateline_client.api.events import get_event, list_events
from dateline_client.models import Event, EventPage, EventWithEvidence, Problem
from dateline_client.types import UNSET, Unset


def events_of(api: Client, country: str) -> Iterator[Event]:
    """The events of a country, following `next` until there is none."""
    cursor: str | Unset = UNSET
    while True:
        page = list_events.sync(client=api, country=[country], limit=5, cursor=cursor)
        if not isinstance(page, EventPage):
            raise TypeError(page)
        yield from page.items
        if page.next_ is None:
            return
        cursor = parse_qs(urlsplit(page.next_).query)["cursor"][0]


with Client(base_url=sys.argv[1]) as api:
    events = list(events_of(api, "NE"))
    assert len({event.id for event in events}) == len(events), "an event came twice"
    first = events[0]
    print(f"{len(events)} events of Niger; the latest: {first.date.edtf}, {first.title}")

    whole = get_event.sync(first.id, client=api)
    assert isinstance(whole, EventWithEvidence)
    evidence = whole.evidence[0]
    print(f"The first evidence for it is from {evidence.source}, and {evidence.stance} it")

    mistake = list_events.sync(client=api, country=["Nigr"])
    assert isinstance(mistake, Problem) and mistake.errors[0].parameter == "country"
    print(f"A mistake is explained: {mistake.detail}")
