"""A headless browser for the tests of this room."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import chromium

from ddms_ops.private import redact_also


@pytest.fixture(autouse=True)
def of_no_system() -> None:
    """What the profile of another test's report calls private is not taken out here."""
    redact_also({})


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A real Chromium; closed after each file, for Playwright keeps an event loop running in this thread."""
    with chromium() as running:
        yield running


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
