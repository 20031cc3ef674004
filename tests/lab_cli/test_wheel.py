"""The wheel, installed into an environment elsewhere: everything that the commands need is in it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from lab_server import running_lab

from ddms_ops.cli import main

ROOT = Path(__file__).parents[2]
BUILT_FROM = ("ddms_ops", "notebooks", "parameters", "docs", "README.md", "LICENSE", "pyproject.toml")
SHARED = Path(sys.prefix) / "share" / "jupyter"
WITH_SHARED = {"JUPYTER_PATH": str(SHARED), "JUPYTERLAB_DIR": str(SHARED / "lab")}
"""JupyterLab's own pages and nbconvert's templates, which pip puts below the prefix, are this environment's."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy without a network."""
    copy = tmp_path_factory.mktemp("source")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
            )
        else:
            shutil.copyfile(ROOT / name, copy / name)
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], copy)
    [found] = (copy / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, which finds all other packages in this one; its `ddms-ops`."""
    place = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", "--without-pip", str(place)], place)
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install", "--quiet"]
    run([*pip, "--no-compile", "--no-deps", "--no-index", str(wheel)], place)
    [packages] = place.glob("lib/python*/site-packages")
    packages.joinpath("others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin" / "ddms-ops"


@pytest.fixture(scope="module")
def folder(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, made ready by `ddms-ops init`."""
    folder = tmp_path_factory.mktemp("empty")
    run([str(installed), "init", "."], folder)
    return folder


def run(command: list[str], folder: Path) -> str:
    """What a command says; it has to succeed."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))}
    done = subprocess.run(command, cwd=folder, env=known | WITH_SHARED, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def files(folder: Path) -> dict[Path, bytes]:
    """What lies in a folder."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_wheel_brings_what_a_clone_has(folder: Path, tmp_path: Path):
    """`init` from the wheel writes the same files as from a clone."""
    assert main(["init", str(tmp_path)]) == 0
    assert files(folder) == files(tmp_path)


def test_a_drill_opens_in_the_lab_with_the_wheels_kernel(installed: Path, folder: Path, tmp_path: Path):
    """In a folder that is not there yet; simulator and profiles are in the wheel, a notebook imports the wheel."""
    drill = ("drill", "lecture", "--events", "1000", "--seed", "1", "--dir", "work")
    with running_lab(*drill, folder=folder, home=tmp_path, command=(str(installed),), environment=WITH_SHARED) as lab:
        assert lab.folder == folder / "work"
        [path] = lab.folder.glob("cases/drill-lecture-1/capacity.ipynb")
        opened = lab.open(str(path.relative_to(lab.folder)), "python3")
        said = lab.run(opened, "import ddms_ops; print(ddms_ops.__file__)")
    assert Path(said).is_relative_to(installed.parents[1])


def test_an_incident_is_investigated(installed: Path, folder: Path):
    """Notebooks and pages are in the wheel; the reader's page is written."""
    run([str(installed), "run", "work/drills/drill-lecture-1/incident.yaml", "--notebook", "capacity"], folder)
    report = folder / "reports" / "drill-lecture-1"
    assert {"post_mortem.html", "capacity.html", "summary.md"} <= {path.name for path in report.iterdir()}
