"""The dashboard in a real browser, as a person meets it; `make test-web` runs it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, expect

from app import pages
from tests.browser import CHROMIUM, chromium, seeded_server

ARTIFACTS = Path(__file__).parent.parent / "artifacts"
MEETING = "niger-2024.campbell-lamine-zein-meeting"
WIDE, PHONE = (1440, 900), (390, 844)

pytestmark = [
    pytest.mark.web,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="NO CHROMIUM HERE: the dashboard is not tested"),
]


@dataclass
class Visit:
    """A page in a browser of its own, and what it did that a test may not have wanted."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def requested(self, request: Request) -> None:
        self.asked.append(request.url)

    def go(self, path: str = "/") -> Page:
        self.page.goto(self.base + path)
        expect(self.page.locator("#list")).to_have_attribute("aria-busy", "false")
        expect(self.page.locator("#by-type .bar, #by-type .note").first).to_be_attached()
        return self.page

    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def shoot(self, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.wait_for_timeout(400)  # what is drawn on canvas tells nobody when it is
        self.page.screenshot(path=ARTIFACTS / f"{name}.png")


Open = Callable[..., Visit]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with seeded_server(tmp_path_factory.mktemp("web")) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, base: str) -> Iterator[Open]:
    """Opens pages; at the end none may have complained or asked anyone but our server."""
    visits = []

    def open_page(size: tuple[int, int] = WIDE, theme: str = "light", locale: str = "en-GB") -> Visit:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,  # type: ignore[arg-type]
            locale=locale,
            permissions=["clipboard-read", "clipboard-write"],
        )
        made = Visit(context.new_page(), base)
        made.page.on("console", made.heard)
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("request", made.requested)
        visits.append(made)
        return made

    yield open_page
    for made in visits:
        made.page.context.close()
        assert made.complaints == []
        assert {urlsplit(url).netloc for url in made.asked if not url.startswith("data:")} == {
            urlsplit(base).netloc
        }


def test_leaflet_is_the_file_that_was_reviewed() -> None:
    folder = files("js_lib_leaflet") / "static" / "js_lib_leaflet"
    for name, expected in pages.LEAFLET.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected


def test_it_shows_what_is_loaded(visit: Open) -> None:
    page = (view := visit()).go()
    expect(page.locator("#total")).to_have_text("33 events")
    expect(page.locator(".item")).to_have_count(25)
    expect(page.locator("#by-country .bar").first).to_contain_text("Niger")
    expect(page.locator("#credits")).to_contain_text("CC-BY-4.0")
    expect(page.locator("#timeline rect.certain").first).to_be_attached()
    view.shoot("wide-light")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator(".item")).to_have_count(8)
    expect(page.locator("#results")).to_be_focused()
    page.go_back()
    expect(page.locator(".item")).to_have_count(25)


def test_only_pages_and_aggregates_are_asked_for(visit: Open) -> None:
    (view := visit()).go()
    view.page.wait_for_timeout(500)
    lists = [parse_qs(urlsplit(url).query) for url in view.asked if urlsplit(url).path == "/v1/events"]
    assert lists and all(int(query["limit"][0]) <= 300 for query in lists)


def test_a_country_filters_and_back_and_forward_work(visit: Open) -> None:
    page = (view := visit()).go()
    page.get_by_role("button", name="France").press("Enter")
    expect(page.locator("#total")).to_have_text("3 events")
    assert view.query() == {"country": "FR"}
    expect(page.locator("#by-country")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("button", name="France")).to_be_focused()
    page.get_by_label("Type", exact=True).select_option("REJECT")
    expect(page.get_by_role("link", name="Remove Type: Reject")).to_be_visible()
    assert view.query() == {"country": "FR", "type": "REJECT"}
    page.go_back()
    expect(page.locator("#total")).to_have_text("3 events")
    page.go_back()
    expect(page.locator("#total")).to_have_text("33 events")
    page.go_forward()
    expect(page.locator("#total")).to_have_text("3 events")
    page.get_by_role("link", name="Remove Country: France").click()
    expect(page.locator("#total")).to_have_text("33 events")


def test_what_names_no_country_filters_nothing(visit: Open) -> None:
    page = (view := visit()).go()
    page.get_by_label("Country", exact=True).fill("Atlantis")
    page.keyboard.press("Tab")
    expect(page.locator("#country:invalid")).to_be_visible()
    assert view.query() == {}


def test_words_actors_and_countries_can_be_typed(visit: Open) -> None:
    page = (view := visit()).go()
    page.get_by_label("Country", exact=True).fill("burkina faso")
    page.keyboard.press("Tab")
    expect(page.locator("#total")).to_have_text("1 event")
    page.get_by_role("link", name="Remove Country: Burkina Faso").click()
    page.get_by_label("Actor", exact=True).fill("Kurt Campbell")
    expect(page.get_by_role("link", name="Remove Actor: Kurt Campbell")).to_be_visible()
    assert view.query() == {"actor": "kurt-campbell"}
    page.get_by_label("Words").fill("quân đội")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=qu%C3%A2n*")


def test_dates_are_brushed_by_mouse_and_by_keyboard(visit: Open) -> None:
    page = (view := visit()).go()
    box = page.locator("#timeline svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 20, steps=4)
    page.mouse.up()
    page.wait_for_url("**date_from=*date_to=*")
    brushed = view.query()
    assert brushed["date_from"].endswith("-01") and brushed["date_from"] < brushed["date_to"]
    expect(page.get_by_label("From", exact=True)).to_have_value(brushed["date_from"])
    start = page.get_by_role("slider", name="Start of the range")
    start.press("ArrowRight")
    page.wait_for_function(f"!location.search.includes('{brushed['date_from']}')")
    assert view.query()["date_from"] > brushed["date_from"]
    expect(page.get_by_role("slider", name="Start of the range")).to_be_focused()
    # A few events are drawn below the bars when they come, and move what is below them away from the mouse.
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.get_by_role("button", name="All dates").click()
    expect(page.locator("#total")).to_have_text("33 events")
    page.get_by_label("From", exact=True).fill("2024-04-19")
    page.get_by_label("Dates that").select_option("certain")
    page.wait_for_url("**date_match=certain*")


def test_few_events_are_drawn_as_spans(visit: Open) -> None:
    page = visit().go("/?country=NE&type=CONSULT")
    expect(page.locator("[data-span]")).to_have_count(4)
    expect(page.locator(".span.open").first).to_be_attached()


def test_an_event_tells_its_evidence(visit: Open) -> None:
    page = (view := visit()).go("/?q=campbell")
    page.get_by_role("link", name="Kurt Campbell and Prime Minister").click()
    event = page.locator("#event")
    expect(event.get_by_role("heading", level=1)).to_contain_text("meet on US forces in Niger")
    assert view.query() == {"q": "campbell", "event": MEETING}
    corrected = event.locator(".passage.corrected")
    expect(corrected).to_contain_text("Corrected")
    expect(corrected).to_contain_text("Nigeria")
    expect(corrected).to_contain_text("paragraph 5, characters")
    expect(event).to_contain_text("Lineage: Derived")
    expect(event).to_contain_text("One independent origin")
    expect(event).to_be_focused()
    view.shoot("event-light")
    page.get_by_role("link", name="Back to the list").click()
    expect(event).to_be_hidden()
    expect(page.get_by_role("link", name="Kurt Campbell and Prime Minister")).to_be_focused()


def test_language_is_switched_shared_and_remembered(visit: Open) -> None:
    page = (view := visit()).go(f"/?event={MEETING}")
    page.get_by_role("button", name="Tiếng Việt").click()
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    expect(page.locator("#event h1")).to_contain_text("Kurt Campbell gặp")
    expect(page.locator("#event")).to_contain_text("Đã hiệu chỉnh")
    assert view.query()["lang"] == "vi"
    view.shoot("event-vi")
    view.go()
    expect(page.locator("#total")).to_have_text("33 sự kiện")
    shared = visit()
    expect(shared.go("/?lang=vi").locator("#results-title")).to_have_text("Sự kiện")


def test_an_address_is_the_whole_view(visit: Open) -> None:
    first = visit()
    page = first.go("/?country=NE&date_from=2024-04&map=17.600,8.080,5")
    page.get_by_label("Status", exact=True).select_option("planned")
    expect(page.get_by_role("link", name="Remove Status: Planned")).to_be_visible()
    expect(first.page.locator("#total")).to_have_text("4 events")
    second = visit()
    again = second.go(urlsplit(page.url)._replace(scheme="", netloc="").geturl())
    for name in ("#total", "#chips", ".items", "#by-type", "#by-country"):
        assert again.locator(name).inner_text() == page.locator(name).inner_text()
    assert again.locator("#date_from").input_value() == "2024-04-01"
    page.get_by_role("button", name="Copy as API call").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert urlsplit(copied).path == "/v1/events"
    assert parse_qs(urlsplit(copied).query) == {
        "country": ["NE"], "date_from": ["2024-04"], "status": ["planned"]
    }  # fmt: skip
    for name in ("csv", "geojson"):
        link = page.locator(f"#take a[href*='format={name}']")
        assert "status=planned" in str(link.get_attribute("href"))


def test_nothing_found_says_what_to_loosen(visit: Open) -> None:
    page = (view := visit()).go("/?country=IR&type=CONSULT")
    ways = page.locator(".empty a")
    expect(ways).to_have_text(["Without Country: Iran: 4 events", "Without Type: Consult: 1 event"])
    view.shoot("empty")
    ways.last.click()
    expect(page.locator("#total")).to_have_text("1 event")


def test_a_failure_shows_itself_and_can_be_tried_again(visit: Open) -> None:
    page = (view := visit()).go()
    down = "**/v1/events?*"

    def fail(route: Route) -> None:
        route.abort()

    page.route(down, fail)
    page.get_by_role("button", name="France").click()
    problem = page.locator("#list .problem")
    expect(problem).to_contain_text("The server does not answer")
    view.shoot("api-down")
    page.unroute(down, fail)
    problem.get_by_role("button", name="Try again").click()
    expect(page.locator("#total")).to_have_text("3 events")
    assert all("ERR_FAILED" in said for said in view.complaints)
    view.complaints.clear()


def test_what_the_api_refuses_is_told_in_its_words(visit: Open) -> None:
    page = (view := visit()).go("/?type=CONSULTT")
    expect(page.locator("#list .problem")).to_contain_text("CONSULT?")
    assert all("400" in said for said in view.complaints)
    view.complaints.clear()


def test_a_phone_shows_all_of_it_without_scrolling_sideways(visit: Open) -> None:
    page = (view := visit(PHONE)).go()
    page.get_by_role("button", name="More filters").click()
    expect(page.get_by_label("Actor", exact=True)).to_be_visible()
    for path in ("/", "/?lang=vi", f"/?event={MEETING}&lang=vi"):
        view.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        view.shoot("phone" + ("-event" if "event" in path else "-vi" if "vi" in path else ""))


def test_the_keyboard_reaches_the_list_first(visit: Open) -> None:
    page = visit().go()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the events")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".item a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#event h1")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", f"/?event={MEETING}&lang=vi", "/?country=IR&type=CONSULT"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_serious(visit: Open, theme: str, path: str, size: tuple[int, int]) -> None:
    page = (view := visit(size, theme)).go(path)
    page.wait_for_timeout(300)
    if theme == "dark":
        view.shoot(f"dark-{size[0]}-{'event' if 'event' in path else 'empty' if 'type' in path else 'start'}")
    found = Axe().run(page).response["violations"]
    grave = [
        (one["id"], [node["html"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert grave == []


def test_the_theme_is_switched_and_remembered(visit: Open) -> None:
    page = (view := visit()).go()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    view.go()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_list_waits_for_no_other_panel(visit: Open) -> None:
    """How soon that is, `make bench-page` says."""
    needed = {"/v1/codes", "/v1/countries", "/v1/datasets", "/v1/events"}
    held: list[Route] = []

    def hold(route: Route) -> None:
        if urlsplit(route.request.url).path in needed:
            route.continue_()
        else:
            held.append(route)

    view = visit()
    view.page.route("**/v1/**", hold)
    view.page.goto(view.base)
    expect(view.page.locator(".item")).to_have_count(25)
    expect(view.page.locator("#by-type")).to_have_attribute("aria-busy", "true")
    waiting = {urlsplit(route.request.url).path for route in held}
    assert waiting == {"/v1/countries.geojson", "/v1/stats/events"}
    needed |= waiting
    for route in held:
        route.continue_()
    expect(view.page.locator("[aria-busy=true]")).to_have_count(0)
