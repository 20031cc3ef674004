"""The page of a whole post-mortem: every number has its reference, nothing private or hostile comes through."""

import csv
import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from report_builders import HOSTILE, UNLABELLED, check, finding, pull, report_folder

from ddms_ops.errors import RunError
from ddms_ops.profile import profile_path
from ddms_ops.report.pdf import write_pdf
from ddms_ops.report.post_mortem import write_post_mortem

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MARKUP = (
    "<svg/onload=alert(1)>", "<math href=javascript:alert(1)>x", "<details open ontoggle=alert(1)>",
    "<style>*{background:url(http://127.0.0.1:1/)}</style>", "<base href=http://127.0.0.1:1/>",
    "<meta http-equiv=refresh content=0>", "<form action=http://127.0.0.1:1/><input>", "]]><script>alert(1)</script>",
    "' onmouseover='alert(1)", '" autofocus onfocus="alert(1)', "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>", "<!--<script>alert(1)//-->", "<object data=http://127.0.0.1:1/>",
    "<embed src=http://127.0.0.1:1/>", "<video src=http://127.0.0.1:1/ onerror=alert(1)>", "<a href=//127.0.0.1/>x</a>",
    "![x](//127.0.0.1:1/x.png)", "[x]: http://127.0.0.1:1/", "| a | b |", "# not a heading", "- [x] not a box",
    "```\nleft the fence\n```", "{{ 7 * 7 }}", "{% raw %}", "${7*7}", "=HYPERLINK(1)", "+cmd|' /C calc'!A0", "@SUM(1)",
    "-2+3", "\u202etxt.exe", "\x1b[31mred", "a\x00b",
)  # fmt: skip
KINDS = (
    "password=hunter{n}secret", "token: tok{n}abcdefgh", "Authorization: Bearer abc{n}.def.ghi1234",
    "AKIAABCDEFGH{n:06d}XY", "postgres://app:pw{n}word@db/x", "ghp_{n}abcdefghijklmnop", "anna.{n}@example.com",
    "?X-Amz-Signature=sig{n}abcdef",
)  # fmt: skip
SECRETS = [kind.format(n=10 + n) for n in range(5) for kind in KINDS]
BARE = re.compile(r"(?:hunter|tok|sig|pw)\d+\w+|abc\d+\.def|AKIAABC\w+|ghp_\w+|anna\.\d+@")


def test_forty_of_each_are_planted():
    """Strings that would act, and secrets."""
    assert len({*HOSTILE, *MARKUP}) == 40
    assert len({*SECRETS}) == 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of dms over records that hold all of them, in every place that a record's words can come to."""
    root = tmp_path_factory.mktemp("page")
    texts = [f"{text} {secret}" for text, secret in zip([*HOSTILE, *MARKUP], SECRETS, strict=True)]
    found = [
        finding(
            "risen", text, rank=place, id=f"risen-{place}", subject={"tenant": text, "explains": text}, next_step=text
        )
        for place, text in enumerate(texts, start=1)
    ]
    words = "9 of 40 requests hit; 3 of 7 tenants hit (43%); 4 tenants had traffic and no such failure"
    checks = [
        check("risen", *found),
        check("who_is_hit", finding("who_is_hit", words, rank=50, severity="info")),
        check("changes_before", finding("changes_before", f"Deploy 3 min before {texts[0]}", rank=51, severity="low")),
        check("latency", status="not_checked", reason=texts[1]),
        check("throttling", finding("throttling", "12 throttles", severity="high"), notebook="capacity"),
    ]
    incident = {"incident_id": "inc-7", "system": "dms", "environment": "prod", "title": texts[0], "severity": "P1",
                "detected": "2026-03-04T10:42:00Z", "notes": f"2026-03-04T10:50Z {texts[2]!r}"}  # fmt: skip
    coverage = (pull("logs/api"), pull("changes", "failed", texts[3]), pull("logs.baseline/api", "empty"))
    report_folder(root, *checks, coverage=coverage, incident=incident, skipped={"cost_spike": texts[4]})
    with (root / "timeline.csv").open("w", newline="") as stream:
        lines = [("2026-03-04T10:51Z", "people", text, text) for text in texts]
        csv.writer(stream).writerows([("time", "source", "event", "detail"), *lines])
    (root / "evidence" / "profiles").mkdir()
    (root / "evidence" / "profiles" / "dms.yaml").write_bytes(profile_path("dms").read_bytes())
    assert write_post_mortem(root).status == "ok"
    return root


def test_every_number_has_its_reference(folder: Path, visit):
    """A claim with a link to its pull, a count that leads to its table, people's words, or what is declared."""
    page = visit(folder / "post_mortem.html")
    assert page.evaluate(UNLABELLED) == []
    assert page.locator(".claim a[href^='#pull-']").count() > 100


def test_an_unlabelled_number_is_found(folder: Path, visit):
    """The test above can fail: a number without a reference, and a claim whose link is gone."""
    page = visit(folder / "post_mortem.html")
    page.evaluate("document.querySelector('.shown').insertAdjacentHTML('beforeend', '<p>7 tenants</p>')")
    page.evaluate("document.querySelector('.lead.claim a').remove()")
    assert "7 tenants" in page.evaluate(UNLABELLED)
    assert len(page.evaluate(UNLABELLED)) >= 2


def test_every_reference_leads_somewhere(folder: Path, visit):
    """To a row of the ledger or to a section."""
    targets = "[...document.querySelectorAll('a')].map(a => a.hash.slice(1))"
    assert visit(folder / "post_mortem.html").evaluate(f"{targets}.filter(id => !document.getElementById(id))") == []


def test_facts_what_coincides_and_peoples_words_have_their_word(folder: Path, visit):
    """Not a colour alone."""
    kinds = visit(folder / "post_mortem.html").locator(".kind").all_inner_texts()
    assert {"fact", "coincides", "written by people", "declared", "counted"} <= {kind.strip() for kind in kinds}


@pytest.mark.parametrize("name", ["post_mortem.html", "post_mortem.md", "timeline.csv", "post_mortem.ipynb"])
def test_no_secret_is_in_any_file(folder: Path, name: str):
    """None of forty, whole or in part, also where a word is broken into lines."""
    text = (folder / name).read_text()
    assert set(BARE.findall(unescape(text.replace("<wbr>", "").replace("\\", "")))) == set()


def test_hostile_text_does_nothing_in_the_page(folder: Path, visit):
    """No dialog, no request, no element or attribute of theirs, at any width."""
    page = visit(folder / "post_mortem.html", viewport={"width": 390, "height": 800})
    assert page.locator("script, iframe, img, svg, object, embed, form, input, video, base, math").count() == 0
    names = page.evaluate("[...document.querySelectorAll('*')].flatMap(element => element.getAttributeNames())")
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_timeline_holds_no_formula(folder: Path):
    """Nothing that a spreadsheet would run."""
    with (folder / "timeline.csv").open(newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in ("=", "+", "-", "@")]
    assert len(cells) > 40 * 7


def test_the_page_is_one_small_file(folder: Path):
    """Below 5 MB, without a script, and as Markdown too."""
    page = (folder / "post_mortem.html").read_text()
    assert len(page) < 5_000_000
    assert not re.search(r"<script|(?:src|href)=\"https?:", page)
    assert json.loads((folder / "post_mortem.ipynb").read_text())["nbformat"] == 4


def test_on_paper_all_is_open_and_no_menu_stands_beside_it(folder: Path, visit):
    """What is folded on the screen is printed."""
    page = visit(folder / "post_mortem.html")
    shown = "[...document.querySelectorAll('main details table')].map(table => table.checkVisibility())"
    assert set(page.evaluate(shown)) == {True, False}
    page.emulate_media(media="print")
    assert set(page.evaluate(shown)) == {True}
    assert not page.locator("nav").is_visible()


def test_a_page_can_be_printed(tmp_path: Path, browser):  # noqa: ARG001
    """As PDF beside it; a browser or a page that is not there is said in one line."""
    page = tmp_path / "post_mortem.html"
    page.write_text("<h1>Uploads fail</h1>")
    found = next(path for name in NAMES if (path := shutil.which(name)))
    assert write_pdf(page, found) == tmp_path / "post_mortem.pdf"
    assert (tmp_path / "post_mortem.pdf").read_bytes()[:5] == b"%PDF-"
    with pytest.raises(RunError, match="no browser 'no-such-browser' on this machine; install chromium"):
        write_pdf(page, "no-such-browser")
    with pytest.raises(RunError, match="no such page; give a post_mortem.html"):
        write_pdf(tmp_path / "none.html", found)
