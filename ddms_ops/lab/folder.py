"""The folder to work in: notebooks and parameters to edit, copied from what the package ships."""

import filecmp
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ddms_ops.errors import BadInput
from ddms_ops.settings import PACKAGE, assets

SHIPPED = {"notebooks": "*.ipynb", "parameters": "**/*.yaml", "docs": "*.sql"}
"""What is copied, a pattern for each folder."""
NEW = Path("ddms-ops-lab")


def init_folder(folder: Path) -> int:
    """Copy what is shipped into a folder, and print what was copied; 0.

    Raises:
        BadInput: a file there differs from the shipped one, one line for each; nothing was copied. Or the folder cannot
            be written to.
    """
    _check_place(folder)
    pairs = list(_shipped(folder))
    differing = [target for source, target in pairs if _differs(source, target)]
    if differing:
        raise BadInput(*(f"{path}: is there and differs; move it away, or give another folder" for path in differing))
    copied = add_missing(folder)
    for target in copied:
        print(target)
    print(f"{len(copied)} files copied into {folder.resolve()}, {len(pairs) - len(copied)} were there; "
          f"open them: {_how_to_open(folder)}")  # fmt: skip
    return 0


def add_missing(folder: Path, names: tuple[str, ...] | None = None) -> list[Path]:
    """Copy the shipped files that are not there yet, of some of their folders or of all; what is there stays as it is.

    Raises:
        BadInput: the folder cannot be written to.
    """
    _check_place(folder)
    copied = []
    try:
        for source, target in _shipped(folder):
            if names is not None and target.relative_to(folder).parts[0] not in names:
                continue
            if not os.path.lexists(target):  # nothing is written through a link
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                copied.append(target)
    except OSError as fault:
        raise BadInput(f"{folder}: cannot write there: {fault.strerror}") from None
    return copied


def lab_folder(given: Path | None) -> Path:
    """The folder that the lab opens: the one given, else where one stands if work is done there, else a new one below.

    A folder without our notebooks is given them, and the rest of what is shipped unless it has profiles of its own.

    Raises:
        BadInput: it cannot be written to.
    """
    here = Path()
    is_ours = has_notebooks(here) or (here / "parameters" / "systems").is_dir()
    folder = given or (here if is_ours else NEW)
    own = ("notebooks",) if (folder / "parameters" / "systems").is_dir() else None
    if not has_notebooks(folder) and (copied := add_missing(folder, own)):
        print(f"{len(copied)} files copied into {folder.resolve()}, to work in")
    return folder.resolve()


def has_notebooks(folder: Path) -> bool:
    """Whether a folder has one of the shipped notebooks, edited or not."""
    return any((folder / "notebooks" / path.name).is_file() for path in assets("notebooks").glob("*.ipynb"))


def _shipped(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Each shipped file, and where it belongs in a folder."""
    for name, pattern in SHIPPED.items():
        for source in sorted(assets(name).glob(pattern)):
            yield source, folder / name / source.relative_to(assets(name))


def _differs(source: Path, target: Path) -> bool:
    return os.path.lexists(target) and not (target.is_file() and filecmp.cmp(source, target, shallow=False))


def _check_place(folder: Path) -> None:
    """Nothing is written into the installed package, or beside it."""
    kept = PACKAGE.parent if (PACKAGE / "_assets").is_dir() else PACKAGE
    if folder.resolve().is_relative_to(kept):
        raise BadInput(f"{folder}: is where the package is installed; give another folder")
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder}: is a file; give a folder")


def _how_to_open(folder: Path) -> str:
    return "ddms-ops lab" if folder.resolve() == Path.cwd() else f"ddms-ops lab --dir {folder}"
