"""The house plan: imports only point down, heavy libraries stay in their rooms."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "ddms_ops"
FLOORS = {
    0: ("errors", "files", "window", "schema", "tenant_schemas", "cost_schemas", "access_schemas", "tenant_ids",
        "coverage", "findings", "settings", "interrupts", "engine", "sampling"),
    1: ("deployment", "tenancy", "declaration", "profile", "incident", "normalize", "private", "redact", "progress",
        "insights", "postgres_log", "sql_text", "trail_sql", "operations", "spending", "cost_sql"),
    2: ("sources", "evidence", "verify", "analysis"),
    3: ("checks",),
    4: ("frames", "database_frames", "leak_frames", "cost_frames", "record_frames", "work_frames", "container_frames",
        "access_frames", "hops", "case", "report", "panels", "widgets", "runner", "kernel", "notebook", "replay",
        "doctor", "inventory", "folders", "commands", "lab", "drill", "cli", "__init__"),
}  # fmt: skip
APART = ("simulate", "sandbox")
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms} | dict.fromkeys(APART, 4)
ROOMS_OF = {
    "boto3": ("sources.aws",),
    "awswrangler": ("sources.aws",),
    "botocore": ("sources.aws", "sandbox"),
    "moto": ("sandbox",),
    "werkzeug": ("sandbox",),
    "msgspec": ("sources.aws",),
    "postgast": ("sql_text",),
    "sqlglot": ("trail_sql",),
    "psycopg": ("sources.postgres", "sandbox.postgres"),
    "adbc_driver_postgresql": ("sources.postgres",),
    "matplotlib": ("checks.figures", "panels"),
    "papermill": ("runner", "kernel", "notebook", "report"),
    "nbclient": ("runner", "kernel", "report"),
    "nbconvert": ("runner", "report"),
    "ipywidgets": ("widgets",),
}
FILES = sorted(ROOT.rglob("*.py"))


def module_of(path: Path) -> str:
    """Dotted name below the package."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") or "__init__"


@cache
def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module or ""} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def rooms_imported(path: Path) -> set[str]:
    """Rooms of this package that a file imports from, its own left out."""
    own = module_of(path).split(".")[0]
    names = {name.split(".")[1] for name in imports_of(path) if name.startswith("ddms_ops.")}
    return {name for name in names if name in FLOOR_OF} - {own}


def test_every_room_has_a_floor():
    """A new room is given its place."""
    assert {module_of(path).split(".")[0] for path in FILES} <= set(FLOOR_OF)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_point_down(path: Path):
    """A room imports from lower floors, or from its own floor within floors 0, 1, 2 and 4."""
    own = module_of(path).split(".")[0]
    for room in rooms_imported(path):
        assert FLOOR_OF[room] <= FLOOR_OF[own], f"{own} imports {room}, which is above it"


def test_sources_and_analysis_do_not_know_each_other():
    """Two sides of the seam."""
    for path in FILES:
        room = module_of(path).split(".")[0]
        if room in ("sources", "evidence"):
            assert "analysis" not in rooms_imported(path)
        if room == "analysis":
            assert not {"sources", "evidence"} & rooms_imported(path)


def test_only_the_commands_know_the_simulator():
    """Analysis cannot read what was planted."""
    users = {
        module_of(path).split(".")[0]
        for path in FILES
        if any(name.startswith("ddms_ops.simulate") for name in imports_of(path))
    }
    assert users - {"simulate"} == {"inventory", "drill"}


@pytest.mark.parametrize("library", sorted(ROOMS_OF))
def test_heavy_libraries_stay_in_their_rooms(library: str):
    """Each is imported only where the house plan says."""
    for path in FILES:
        if any(name.split(".")[0] == library for name in imports_of(path)):
            assert module_of(path).startswith(ROOMS_OF[library]), path


def test_rooms_have_no_cycles():
    """No room imports, by whatever way, itself."""
    edges = {}
    for path in FILES:
        edges.setdefault(module_of(path), set()).update(
            name
            for name in (module.removeprefix("ddms_ops.") for module in imports_of(path))
            if (ROOT / (name.replace(".", "/") + ".py")).exists()
        )

    def reaches(start: str, goal: str, seen: set[str]) -> bool:
        for following in edges.get(start, ()):
            if following == goal:
                return True
            if following not in seen:
                seen.add(following)
                if reaches(following, goal, seen):
                    return True
        return False

    assert [module for module in edges if reaches(module, module, set())] == []


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_files_and_functions_are_small(path: Path):
    """At most 300 lines a file, 40 a function, and nothing is named utils."""
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    assert path.stem != "utils"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno + 1 <= 40, f"{path}:{node.name}"


def test_one_place_catches_everything():
    """`except Exception` stands once, where a broken check becomes NOT_CHECKED."""
    found = [module_of(path) for path in FILES if "except Exception" in path.read_text()]
    assert found == ["checks.base"]
