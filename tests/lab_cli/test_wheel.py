"""The wheel, installed into an environment elsewhere: everything that the commands need is in it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from lab_process import running_lab

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
    run([sys.executable, "-m", "venv", str(place)], place)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--no-index"]
    run([*pip, str(wheel)], place)
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


def test_an_incident_is_simulated_and_investigated(installed: Path, folder: Path):
    """Simulator, profiles, notebooks and pages are in the wheel; the reader's page is written."""
    run([str(installed), "drill", "lecture", "--files", "--no-lab", "--events", "1000", "--seed", "1"], folder)
    incident = "drills/drill-lecture-1/incident.yaml"
    run([str(installed), "run", incident, "--notebook", "capacity"], folder)
    report = folder / "reports" / "drill-lecture-1"
    assert {"post_mortem.html", "capacity.html", "summary.md"} <= {path.name for path in report.iterdir()}


def test_the_lab_starts_with_the_wheels_kernel(installed: Path, folder: Path, tmp_path: Path):
    """And the package that a notebook imports is the installed one."""
    with running_lab("lab", folder=folder, home=tmp_path, command=(str(installed),), environment=WITH_SHARED) as lab:
        said = lab.run(lab.open("notebooks/capacity.ipynb", "python3"), "import ddms_ops; print(ddms_ops.__file__)")
    assert Path(said).is_relative_to(installed.parents[1])
