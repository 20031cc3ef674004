"""What the isolation of tenants rests on: docs/database-posture.sql as it was run on the schema of the scenarios."""

from pathlib import Path

CANNED = Path(__file__).parent / "posture.csv"  # psql, as ddms_ops_ro, after PostgresServer.load_scenario


def write_posture(folder: Path) -> int:
    """Write posture.csv, the same in every case; returns the number of its records."""
    content = CANNED.read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CANNED.name).write_bytes(content)
    return content.count(b"\n") - 1
