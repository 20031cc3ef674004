"""The post-mortem notebook: run strictly over findings.json, exported, and people's words kept."""

import re
from pathlib import Path

import mistune
import nbformat
import pytest
from report_builders import HOSTILE, check, finding, pull, report_folder

from ddms_ops.report.post_mortem import FOR_PEOPLE, write_post_mortem
from ddms_ops.settings import assets

CHECKS = (
    check("new", finding("new", "New error X", severity="critical")),
    check("who_is_hit", finding("who_is_hit", "26 of 40 tenants hit", rank=2, severity="info")),
)


def write_earlier(folder: Path) -> None:
    """A post-mortem that people wrote into."""
    template = nbformat.read(assets("notebooks") / "post_mortem.ipynb", as_version=4)
    people = [cell for cell in template.cells if FOR_PEOPLE in cell.metadata.get("tags", [])]
    people[0].source = "## Runbook steps done\n\n- [x] Rolled back"
    people[1].source = "## Root cause\n\nThe pool had one connection."
    nbformat.write(template, folder / "post_mortem.ipynb")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report folder with its post-mortem, over hostile records."""
    folder = tmp_path_factory.mktemp("report")
    hostile = [
        finding("risen", text, rank=place, subject={"tenant": text}, next_step=text)
        for place, text in enumerate(HOSTILE, 3)
    ]
    report_folder(
        folder, *CHECKS, check("risen", *hostile), coverage=(pull("logs/api"), pull("changes", "failed", HOSTILE[0]))
    )
    write_earlier(folder)
    assert write_post_mortem(folder).status == "ok"
    return folder


def test_every_section_is_there(written: Path, visit):
    """Facts, then what only people can write, blank."""
    opened = visit(written / "post_mortem.html")
    assert opened.locator("h2").all_inner_texts() == [
        "What happened?",
        "What was read?",
        "What was the impact?",
        "What happened in which order?",
        "What did people pin?",
        "How fast was the response?",
        "What was found?",
        "What could not be seen?",
        "What does the runbook say to do next?",
        "Runbook steps done",
        "What can be told to people?",
        "Root cause",
        "Contributing factors",
        "What went well",
        "What went wrong",
        "Where we got lucky",
        "Action items",
        "Which evidence is this based on?",
        "What do the words mean?",
    ]
    assert opened.inner_text("h1") == "Post-mortem: Uploads fail"
    assert opened.locator(".box").count() == 0


def test_hostile_records_are_text_in_it(written: Path, visit):
    """All of them can be read, and none acts."""
    opened = visit(written / "post_mortem.html")
    text = opened.inner_text("main")
    assert [hostile for hostile in HOSTILE if hostile not in text] == []
    assert opened.locator("main img, script, iframe, main a:not([href^='#'])").count() == 0


def test_no_generated_word_names_a_cause(written: Path):
    """Words coincide; causes are for people."""
    cells = nbformat.read(written / "post_mortem.ipynb", as_version=4).cells
    said = [output.data.get("text/plain", "") for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [text for text in said if "caused" in text.lower() or "because of" in text.lower()]


def test_what_people_wrote_is_kept(written: Path):
    """A second run replaces the facts and leaves their words, also ticked boxes, in the page and in the Markdown."""
    for name in ("post_mortem.html", "post_mortem.md"):
        assert "The pool had one connection." in (written / name).read_text()
        assert "[x] Rolled back" in (written / name).read_text()


def test_hostile_records_are_text_in_the_markdown(written: Path):
    """No link, picture or tag comes of a statement, a place or a reason."""
    text = (written / "post_mortem.md").read_text()
    html = mistune.create_markdown(escape=False, plugins=["url", "strikethrough", "table", "footnotes"])(text)
    assert not re.search(r"<(?:script|img|iframe)|<[a-z]+[^>]*(?:\bsrc=|href=\"(?!#))", html)
