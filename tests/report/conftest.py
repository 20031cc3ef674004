"""A headless browser for the tests of this room."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ddms_ops.redact import redact_also

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(autouse=True)
def of_no_system() -> None:
    """What the profile of another test's report calls private is not taken out here."""
    redact_also({})


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A real Chromium; closed after each file, for Playwright keeps an event loop running in this thread."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no Chromium on this machine; looked for {', '.join(NAMES)}")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser) -> Iterator[Callable[..., object]]:
    """Opens a file in a page; afterwards no dialog was shown and nothing was asked of any network."""
    events: list[str] = []
    pages = []

    def open_page(path: Path, **options: object) -> object:
        page = browser.new_page(**options)
        pages.append(page)
        page.on("dialog", lambda dialog: (events.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:")) or events.append(f"request {request.url}"),
        )
        page.on("pageerror", lambda error: events.append(f"error {error}"))
        page.goto(path.as_uri())
        return page

    yield open_page
    for page in pages:
        page.wait_for_timeout(50)
        page.close()
    assert events == []
