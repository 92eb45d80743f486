"""Write docs/dashboard.png: the dashboard over the seed, with which the README opens."""

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import expect

from tests.browser import chromium, seeded_server

TARGET = Path(__file__).parent.parent / "docs" / "dashboard.png"
VIEW = "/?country=NE&event=niger-2024.campbell-lamine-zein-meeting&map=17.000,8.000,4.5"


def main() -> None:
    with TemporaryDirectory() as folder, seeded_server(Path(folder)) as base, chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB", color_scheme="light")
        page.goto(base + VIEW)
        expect(page.locator("#event .passage").first).to_be_attached()
        page.wait_for_timeout(1000)  # what is drawn on canvas tells nobody when it is
        page.screenshot(path=TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
