"""What an export's folders hold."""

from pathlib import Path


def log_group_of(path: Path) -> str:
    """The log group that a folder or file under logs/ is of."""
    name = path.name if path.is_dir() else path.name.split(".")[0]
    return name.replace("__", "/")


def is_export(path: Path) -> bool:
    """Whether it is a file that an export may hold; hidden files and CloudWatch's own test are not."""
    return path.is_file() and not path.name.startswith(".") and path.name != "aws-logs-write-test"


def listing(folder: Path) -> list[Path]:
    """What is in a folder, sorted; nothing where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def exports_below(folder: Path) -> list[Path]:
    """All export files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if is_export(path)) if folder.is_dir() else []


def has_files(folder: Path) -> bool:
    """Whether there is any export file below a folder."""
    return any(is_export(path) for path in folder.rglob("*")) if folder.is_dir() else False


def relative(path: Path, root: Path) -> str:
    """The path below the root, with forward slashes."""
    return path.relative_to(root).as_posix()
