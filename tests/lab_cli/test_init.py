"""`ddms-ops init`: notebooks and parameters to edit, and nothing that is there is lost."""

from pathlib import Path

import pytest

from ddms_ops.cli import main
from ddms_ops.lab.folder import NEW, lab_folder
from ddms_ops.settings import PACKAGE, assets


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    """What lies in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_init_copies_what_is_shipped(capsys: pytest.CaptureFixture[str]):
    """Notebooks, incidents, profiles, and the SQL that people run themselves; each is named."""
    assert main(["init", "lab"]) == 0
    found = files(Path("lab"))
    said = capsys.readouterr().out
    for name in ("notebooks/error_triage.ipynb", "parameters/systems/dms.yaml", "docs/postgres-role.sql"):
        assert found[name] == (assets(name.split("/")[0]).parent / name).read_bytes()
        assert f"lab/{name}\n" in said
    assert {Path(name).suffix for name in found} == {".ipynb", ".yaml", ".sql"}


def test_init_twice_changes_nothing(capsys: pytest.CaptureFixture[str]):
    """And says so."""
    assert main(["init", "."]) == 0
    before = files(Path())
    capsys.readouterr()
    assert main(["init"]) == 0
    assert files(Path()) == before
    assert f"0 files copied into {Path.cwd()}, {len(before)} were there" in capsys.readouterr().out


def test_what_differs_is_named_and_nothing_is_written(capsys: pytest.CaptureFixture[str]):
    """A line for each file, exit 2."""
    for name in ("notebooks/error_triage.ipynb", "parameters/systems/dms.yaml"):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_text("mine")
    before = files(Path())
    assert main(["init", "."]) == 2
    assert {line.split(": ")[1] for line in capsys.readouterr().err.splitlines()} == set(before)
    assert files(Path()) == before


@pytest.mark.parametrize(
    ("folder", "words"), [("taken", "is a file"), (str(PACKAGE / "x"), "the package is installed")]
)
def test_a_place_that_cannot_be_is_refused(capsys: pytest.CaptureFixture[str], folder: str, words: str):
    """In one line."""
    Path("taken").write_text("")
    assert main(["init", folder]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert words in line


def test_the_lab_works_where_one_stands_if_there_are_notebooks():
    """As in a clone, or in a folder that was made by init; nothing is added to it."""
    main(["init", "."])
    Path("notebooks/capacity.ipynb").unlink()
    before = files(Path())
    assert lab_folder(None) == Path.cwd()
    assert files(Path()) == before


def test_the_lab_joins_profiles_of_ones_own():
    """A folder with profiles is where one works; it gets the notebooks, its profile stays."""
    Path("parameters/systems").mkdir(parents=True)
    Path("parameters/systems/dms.yaml").write_text("mine")
    assert lab_folder(None) == Path.cwd()
    assert Path("parameters/systems/dms.yaml").read_text() == "mine"
    assert Path("notebooks/error_triage.ipynb").is_file()


def test_elsewhere_the_lab_makes_a_folder_of_its_own(capsys: pytest.CaptureFixture[str]):
    """And names it; what lies around is left alone."""
    Path("notebooks").mkdir()
    Path("notebooks/thesis.ipynb").write_text("{}")
    assert lab_folder(None) == NEW.resolve()
    assert str(NEW.resolve()) in capsys.readouterr().out
    assert list(Path("notebooks").iterdir()) == [Path("notebooks/thesis.ipynb")]
