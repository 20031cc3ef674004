"""What is installed here."""

import importlib.metadata
import importlib.util
from collections.abc import Iterator

from ddms_ops.doctor.lines import LACKING, NOT_THERE, OK, Line
from ddms_ops.settings import assets

NEEDED = ("duckdb", "pyarrow", "pandas", "papermill", "nbconvert", "ipykernel", "matplotlib")
OPTIONAL = {"jupyterlab": "ddms-ops lab needs it: pip install 'ddms-ops[lab]'"}
LIVE = {
    "boto3": "nothing of AWS can be read",
    "msgspec": "nothing of AWS can be read",
    "awswrangler": "Athena cannot be asked",
    "adbc_driver_postgresql": "the database cannot be read",
    "psycopg": "the database cannot be read",
}
FIRST = ("boto3", "msgspec")  # without these there is no live source at all


def installation_lines() -> Iterator[Line]:
    """Packages and notebooks that every report needs, and those that something else does."""
    for name in NEEDED:
        yield (OK, _version(name)) if _is_there(name) else (LACKING, f"{name}: pip install {name}")
    for name, why in OPTIONAL.items():
        yield (OK, _version(name)) if _is_there(name) else (NOT_THERE, f"{name}: {why}")
    folder = assets("notebooks")
    yield OK if list(folder.glob("*.ipynb")) else LACKING, f"notebooks in {folder}"


def live_lines() -> Iterator[Line]:
    """Packages that `live` needs."""
    for name, lost in LIVE.items():
        lacks = f"{name}: {lost}; pip install 'ddms-ops[live]'"
        yield (OK, _version(name)) if _is_there(name) else (LACKING, lacks)


def live_is_installed() -> bool:
    """Whether the live source can be opened."""
    return all(map(_is_there, FIRST))


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _version(name: str) -> str:
    return f"{name} {importlib.metadata.version(name)}"
