"""The same events give the same findings: in any order, in any files, in any zone, once and again."""

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from ddms_ops.case import open_case
from ddms_ops.checks import CHECKS
from ddms_ops.incident import read_incident
from ddms_ops.report.findings_file import as_text
from ddms_ops.simulate import SimulatedCase, write_case

EVENTS = 5_000
CLOCK = pd.Timestamp("2026-12-01T00:00Z")
LAMBDAS = ("__aws__lambda__dms-api-handler-prod", "__aws__lambda__dms-processing-worker-prod")


def played(scenario: str, folder: Path) -> SimulatedCase:
    """An incident, written."""
    return write_case("dms", scenario, folder / "case", seed=3, events=EVENTS)


def findings(simulated: SimulatedCase, folder: Path, notebook: str = "") -> str:
    """What every check says, or those of a notebook, as findings.json prints it."""
    case = open_case(**read_incident(simulated.incident), out=folder, clock=lambda: CLOCK)
    for check in CHECKS:
        if notebook in ("", check.notebook):
            case.result(check.id)
    return as_text({name: case.document[name] for name in ("incident", "coverage", "checks")})


def events_of(folder: Path) -> list[dict]:
    """Events of a log group's files, which hold one document or one event a line; the files are removed."""
    events: list[dict] = []
    for path in sorted(folder.iterdir()):
        text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
        documents = [json.loads(text)] if ".json" in path.suffixes else [json.loads(line) for line in text.splitlines()]
        events += [event for document in documents for event in document.get("events", [document])]
        path.unlink()
    return events


@pytest.mark.parametrize(
    ("scenario", "notebook"), [("bad_deploy", ""), ("two_causes", "error_triage"), ("slow_burn", "error_triage")]
)
def test_order_and_files_do_not_matter(scenario: str, notebook: str, tmp_path: Path):
    """Events shuffled, over other files of another form, give the same findings and coverage."""
    simulated = played(scenario, tmp_path)
    before = findings(simulated, tmp_path / "before", notebook)
    logs = Path(read_incident(simulated.incident)["source"].removeprefix("files:")) / "logs"
    chance = random.Random(5)
    for folder in (logs / name for name in LAMBDAS):
        events = events_of(folder)
        chance.shuffle(events)
        cuts = [0, *sorted(chance.sample(range(1, len(events)), 4)), len(events)]
        for number, (start, end) in enumerate(zip(cuts, cuts[1:], strict=False)):
            lines = "".join(json.dumps(event) + "\n" for event in events[start:end])
            (folder / f"part-{9 - number}.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    assert findings(simulated, tmp_path / "after", notebook) == before


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
IN_ZONE = """
import sys
from pathlib import Path
import pandas as pd
from ddms_ops.case import open_case
from ddms_ops.checks import CHECKS
from ddms_ops.incident import read_incident
from ddms_ops.report.findings_file import as_text
case = open_case(**read_incident(Path(sys.argv[1])), out=sys.argv[2], clock=lambda: pd.Timestamp("2026-03-05T00:00Z"))
for check in CHECKS:
    case.result(check.id)
sys.stdout.write(as_text(case.document))
"""


def test_the_zone_of_the_machine_does_not_matter(tmp_path: Path):
    """Four time zones, one findings.json."""
    simulated = played("bad_deploy", tmp_path)
    said = set()
    for zone in ZONES:
        command = [sys.executable, "-c", IN_ZONE, str(simulated.incident), str(tmp_path / zone.replace("/", "-"))]
        done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "TZ": zone})
        said.add(done.stdout)
    assert len(said) == 1
