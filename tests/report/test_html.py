"""The exported page, as text and in a real Chromium."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from report_builders import HOSTILE, PARAMETERS, notebook

from ddms_ops.checks.tables import html_table
from ddms_ops.report.html import export_html
from ddms_ops.report.sanitize import markdown_html, safe_html
from ddms_ops.runner import run_notebook

STYLE = Path(__file__).parents[2] / "ddms_ops" / "report" / "templates" / "ddms" / "style.css"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
BADGES = ("critical", "high", "medium", "low", "info", "good")


def shown(**content: str) -> nbformat.NotebookNode:
    """An output of the given kinds; `text_html` stands for text/html."""
    return new_output("display_data", {kind.replace("_", "/", 1): value for kind, value in content.items()})


def page(folder: Path, *cells: nbformat.NotebookNode, title: str = "Title") -> Path:
    """The exported page of a notebook of the given cells."""
    nbformat.write(new_notebook(cells=list(cells)), folder / "n.ipynb")
    export_html(folder / "n.ipynb", folder / "n.html", title=title, subtitle="dms · today", digest="ab" * 32)
    return folder / "n.html"


def code(*outputs: nbformat.NotebookNode, **metadata: object) -> nbformat.NotebookNode:
    """An executed code cell."""
    return new_code_cell("hidden_call()", outputs=list(outputs), metadata=metadata)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path, visit, text: str):
    """In whatever kind of output, title or error it stands: it is text, nothing acts, nothing leaves."""
    cells = [
        code(shown(text_html=html_table(("a",), [(text,)]).html)),
        code(shown(text_plain=text)),
        code(shown(text_markdown=text)),
        code(new_output("stream", name="stderr", text=text)),
        code(new_output("error", ename="ValueError", evalue=text, traceback=[text])),
        new_code_cell(f"a = {text!r}", metadata={"tags": ["parameters"]}),
    ]
    opened = visit(page(tmp_path, *cells, title=text))
    opened.click("summary")
    assert opened.title() == text
    assert opened.inner_text("h1") == text
    assert opened.inner_text("td >> nth=0") == text
    assert opened.inner_text("main").count(text) >= 4
    assert opened.locator("a:not([href^='#'])").count() == 0
    assert opened.locator("img, script, iframe").count() == 0


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src='http://127.0.0.1:1/x.png'>",
        "<img src='data:text/html,<script>alert(1)</script>'>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<a href='javascript:alert(1)'>x</a><a href='//127.0.0.1/'>x</a><a href='data:text/html,x'>x</a>",
        "<form action=http://127.0.0.1:1/><input name=x autofocus onfocus=alert(1)></form>",
        "<style>@import 'http://127.0.0.1:1/x.css';</style><link rel=stylesheet href=http://127.0.0.1:1/>",
        "<div style='background:url(http://127.0.0.1:1/)' id=report class='top box'>x</div>",
        "<meta http-equiv=refresh content='0;url=http://127.0.0.1:1/'><base href=http://127.0.0.1:1/>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    ],
)
def test_html_outputs_keep_nothing_that_acts(tmp_path: Path, visit, html: str):
    """Even where an output is hostile HTML itself."""
    opened = visit(page(tmp_path, code(shown(text_html=html))))
    kept = opened.inner_html(".output")
    assert not re.search(
        r"(?i)<(script|style|form|input|link|meta|base|svg|iframe|math)|\son\w+=|style=|127\.0\.0\.1|javascript:|id=",
        kept,
    )


def test_our_markup_is_kept():
    """Tables, badges, details and pictures that stand in the page."""
    table = '<table><tbody><tr><td class="num" colspan="2">1</td></tr></tbody></table>'
    badge = '<details><summary>x</summary><span class="ddms-badge ddms-high">high</span></details>'
    picture = f'<img src="data:image/png;base64,{PIXEL}" alt="x">'
    link = '<a href="error_triage.html#who-is-hit">x</a>'
    assert safe_html(table + badge + picture + link) == table + badge + picture + link


def test_markdown_shows_raw_html_as_text():
    """Our Markdown may quote a record; `$` has no meaning; a heading has an anchor."""
    assert markdown_html("a <b onclick=x>b</b> $x$") == "<p>a &lt;b onclick=x&gt;b&lt;/b&gt; $x$</p>\n"
    assert markdown_html("## Who is hit?") == '<h2 id="who-is-hit">Who is hit?</h2>\n'
    assert "<img" not in markdown_html("![x](http://127.0.0.1:1/x.png)").replace('<img alt="x">', "")


def test_page_says_what_it_is(tmp_path: Path):
    """Language, title, policy, tool and digest; no script and no address of anything."""
    text = page(tmp_path, new_markdown_cell("# Own title\n\nIntro"), title="Uploads fail").read_text()
    assert '<html lang="en">' in text
    assert "<title>Uploads fail</title>" in text
    assert "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"" in text
    assert "ab" * 32 in text
    assert "ddms-ops 0." in text
    assert "Own title" not in text
    assert not re.search(r"<script|https?://|url\(|@import", text)


def test_the_page_is_small(tmp_path: Path):
    """What we add to a report weighs less than 16 kB."""
    assert page(tmp_path, new_markdown_cell("## A")).stat().st_size < 16_000


def test_code_is_left_out_and_parameters_are_a_table(tmp_path: Path, visit):
    """A reader sees values, not source."""
    opened = visit(
        page(tmp_path, new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), code(shown(text_plain="ok")))
    )
    assert "hidden_call" not in opened.content()
    opened.click("summary")
    assert opened.locator("details td").all_inner_texts() == ["minutes", "60", "length", "system", "dms", "–"]


def test_a_failed_section_is_a_box_without_traceback(tmp_path: Path, visit):
    """Name and one line; the header counts it and links to it; a section not run says so."""
    made = notebook(
        tmp_path,
        "## Good",
        "1",
        "## Who is hit?",
        "hidden = 'record'\nraise KeyError(hidden)",
        "## After",
        "exit_now()",
        "2",
    )
    run = run_notebook(made, tmp_path / "n.ipynb", {})
    export_html(run.path, tmp_path / "n.html", title="T")
    opened = visit(tmp_path / "n.html")
    assert opened.locator(".box.failed").all_inner_texts() == [
        "This section failed: KeyError: 'record'",
        "This section failed: NameError: name 'exit_now' is not defined",
    ]
    assert "Traceback" not in opened.content()
    assert opened.inner_text(".top .ddms-critical") == "2 of 3 sections not complete"
    assert opened.get_attribute(".top a", "href") == "#who-is-hit"


def test_sections_that_were_not_run_say_so(tmp_path: Path, visit):
    """After a dead kernel."""
    made = notebook(tmp_path, "## A", "import os; os._exit(3)", "## B", "1")
    run = run_notebook(made, tmp_path / "n.ipynb", {})
    export_html(run.path, tmp_path / "n.html", title="T")
    opened = visit(tmp_path / "n.html")
    assert opened.locator(".box").all_inner_texts() == [
        "This section failed: KernelDied: the kernel ended by itself with status 3",
        "This section was not run.",
    ]


def test_pictures_have_words(tmp_path: Path, visit):
    """From the cell, or its plain text, or the heading."""
    cells = [
        new_markdown_cell("## Who is hit?"),
        code(shown(image_png=PIXEL, text_plain="<Figure size 1x1>")),
        code(shown(image_png=PIXEL, text_plain="Failing share")),
        code(shown(image_png=PIXEL), alt="Said by the cell"),
    ]
    opened = visit(page(tmp_path, *cells))
    assert [image.get_attribute("alt") for image in opened.locator("img").all()] == [
        "Who is hit?",
        "Failing share",
        "Said by the cell",
    ]
    assert opened.evaluate("[...document.images].every(image => image.naturalWidth === 1)")


def test_silent_streams_leave_nothing(tmp_path: Path):
    """Blank output is not a box."""
    assert (
        "<pre"
        not in page(tmp_path, code(new_output("stream", name="stderr", text=" \n"))).read_text().partition("<body>")[2]
    )


def test_a_wide_table_scrolls_in_its_own_box(tmp_path: Path, visit):
    """At 390 px the page itself does not move sideways."""
    table = html_table([f"column {n}" for n in range(12)], [["/aws/lambda/" + "x" * 300] * 12])
    opened = visit(page(tmp_path, code(shown(text_html=table.html))), viewport={"width": 390, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") == 390
    assert opened.evaluate("(box => box.scrollWidth > box.clientWidth)(document.querySelector('.output'))")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough(tmp_path: Path, visit, scheme: str):
    """Text on its ground reaches 4.5:1 (WCAG AA), in light and dark."""
    opened = visit(page(tmp_path), color_scheme=scheme)
    value = {
        name: opened.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()")
        for name in re.findall(r"--([\w-]+):", STYLE.read_text())
    }
    pairs = [(f"on-{name}", name) for name in BADGES] + [("box-ink", "box")]
    pairs += [(ink, ground) for ink in ("ink", "muted", "link") for ground in ("page", "card", "stripe")]
    assert {pair: ratio for pair in pairs if (ratio := contrast(value[pair[0]], value[pair[1]])) < 4.5} == {}


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours written #rgb or #rrggbb."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2 relative luminance."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_page_tells_how_much_was_taken_out(tmp_path: Path, visit):
    """By kind, of what is shown, in its foot; nothing where nothing was."""
    made = page(tmp_path, new_markdown_cell("## A\n\nanna@example.com and anna@example.com, password=hunter2"))
    foot = visit(made).inner_text("footer")
    assert "Taken out as private or secret: email 2, secret pair 1." in foot
    assert "Nothing was taken out" in visit(page(tmp_path, new_markdown_cell("## A"))).inner_text("footer")


def test_a_heading_of_people_is_none_of_the_page(tmp_path: Path, visit):
    """It is bold in its section: no second title, no entry of the menu, no address in an anchor."""
    words = "## Root cause\n\n# Told by anna@example.com\n\n```\n# a comment\n```"
    made = visit(page(tmp_path, new_markdown_cell(words, metadata={"tags": ["for-people"]})))
    assert made.locator("h1").count() == 1
    assert made.locator("nav li").all_inner_texts() == ["Root cause"]
    assert "anna" not in made.content()
    assert made.inner_text("main pre").strip() == "# a comment"
