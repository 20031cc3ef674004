"""Hostile log lines, from an export file to the pages of a report in a real browser."""

from pathlib import Path

import pytest
from builders import failure, minutes, request, write_logs

from ddms_ops.cli import main

HOSTILE = "<script>alert('x')</script> ![x](http://127.0.0.1:9/a.png) <img src=x onerror=alert('y')>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report over an export whose messages, tenants and paths are hostile."""
    root = tmp_path_factory.mktemp("hostile")
    healthy = [request(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)]
    bad = [failure(clock, HOSTILE, tenant=HOSTILE, path="/" + HOSTILE) for clock in minutes(20, 40)]
    write_logs(root / "export", "/aws/lambda/dms-api-handler-prod", *healthy, *bad)
    (root / "i.yaml").write_text(
        'incident_id: hostile\nsystem: generic\nstart: "2026-03-04T10:00Z"\nend: "2026-03-04T11:00Z"\n'
        f'title: "{HOSTILE}"\nsource: files:{root / "export"}\n'
    )
    asked = ["run", str(root / "i.yaml"), "--notebook", "error_triage", "--out", str(root / "reports")]
    assert main(asked) == 0
    return root / "reports/hostile"


@pytest.mark.parametrize("name", ["post_mortem.html", "error_triage.html"])
def test_hostile_lines_are_shown_and_do_nothing(folder: Path, visit, name: str):
    """They stand in the page as text; no dialog, no request, no element of theirs."""
    page = visit(folder / name)
    assert "<script>alert('x')</script>" in page.inner_text("main")
    assert page.locator("script, iframe, img:not([src^='data:'])").count() == 0


@pytest.mark.parametrize("name", ["post_mortem.html", "error_triage.html"])
def test_hostile_text_stays_text_in_the_reports(folder: Path, name: str):
    """A script, an image and a link in messages, tenants and paths are shown as they are, also without a browser."""
    page = (folder / name).read_text()
    assert "&lt;script&gt;alert(" in page
    assert "<script" not in page
    assert "<img src=x" not in page
    assert 'src="http' not in page
