"""The post-mortem notebook: run strictly over findings.json, exported, and people's words kept."""

from pathlib import Path

import nbformat
import pytest
from report_builders import HOSTILE, check, finding, pull, report_folder

from ddms_ops.errors import RunError
from ddms_ops.report.post_mortem import FOR_PEOPLE, write_post_mortem
from ddms_ops.settings import assets

CHECKS = (
    check("new", finding("new", "New error X", severity="critical")),
    check("who_is_hit", finding("who_is_hit", "26 of 40 tenants hit", rank=2, severity="info")),
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report folder with its post-mortem, over hostile records."""
    folder = tmp_path_factory.mktemp("report")
    hostile = [
        finding("risen", text, rank=place, subject={"tenant": text}, next_step=text)
        for place, text in enumerate(HOSTILE, 3)
    ]
    report_folder(
        folder, *CHECKS, check("risen", *hostile), coverage=(pull("logs"), pull("changes", "failed", HOSTILE[0]))
    )
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
        "How fast was the response?",
        "What was found?",
        "What could not be seen?",
        "What does the runbook say to do next?",
        "Root cause",
        "Contributing factors",
        "What went well",
        "What went wrong",
        "Where we got lucky",
        "Action items",
        "Which evidence is this based on?",
    ]
    assert opened.inner_text("h1") == "Post-mortem: Uploads fail"
    assert opened.locator(".box").count() == 0


def test_hostile_records_are_text_in_it(written: Path, visit):
    """All of them can be read, and none acts."""
    opened = visit(written / "post_mortem.html")
    text = opened.inner_text("main")
    assert [hostile for hostile in HOSTILE if hostile not in text] == []
    assert opened.locator("main img, script, iframe, main a").count() == 0


def test_no_generated_word_names_a_cause(written: Path):
    """Words coincide; causes are for people."""
    cells = nbformat.read(written / "post_mortem.ipynb", as_version=4).cells
    said = [output.data.get("text/plain", "") for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [text for text in said if "cause" in text.lower() or "because of" in text.lower()]


def test_what_people_wrote_is_kept(tmp_path: Path):
    """A second run replaces the facts and leaves their words."""
    report_folder(tmp_path, *CHECKS)
    template = nbformat.read(assets("notebooks") / "post_mortem.ipynb", as_version=4)
    people = [cell for cell in template.cells if FOR_PEOPLE in cell.metadata.get("tags", [])]
    people[0].source = "## Root cause\n\nThe pool had one connection."
    nbformat.write(template, tmp_path / "post_mortem.ipynb")
    write_post_mortem(tmp_path)
    assert "The pool had one connection." in (tmp_path / "post_mortem.html").read_text()
    assert len(people) == 6


def test_a_damaged_earlier_one_is_not_overwritten(tmp_path: Path):
    """Words in it might be lost."""
    report_folder(tmp_path, *CHECKS)
    (tmp_path / "post_mortem.ipynb").write_text("{ half")
    with pytest.raises(RunError, match="so that what people wrote is not lost"):
        write_post_mortem(tmp_path)
    assert (tmp_path / "post_mortem.ipynb").read_text() == "{ half"
