"""Drills: nothing that lies there tells what was planted, the same seed is the same drill, and the answer compares."""

import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest

from ddms_ops.case import open_case
from ddms_ops.checks import CHECKS
from ddms_ops.cli import main
from ddms_ops.drill.answering import answer_lines, compared, hit_names, planted_words
from ddms_ops.drill.page import NOT_PLAYED, QUIET, Draw
from ddms_ops.drill.sheet import Sheet, read_sheet
from ddms_ops.drill.starting import FILES, written
from ddms_ops.drill.state import SHEET, Drill, read_drill
from ddms_ops.errors import BadInput
from ddms_ops.incident import read_incident
from ddms_ops.simulate import SYSTEMS
from ddms_ops.simulate.invoice.scenario import CostScenario as Bill

EVENTS = 1_000
SEEDS = range(300)
BILLS = ("month_end", "bedrock_prompt")


def seed_of(system: str, scenario: str) -> int:
    """The first seed that draws a scenario."""
    return next(seed for seed in SEEDS if Draw.of(system, seed).scenario == scenario)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to work in."""
    return tmp_path_factory.mktemp("drills")


@pytest.fixture(scope="module")
def place(folder: Path) -> Path:
    """A drill of lecture: one customer's tasks cannot pull their image."""
    return written("lecture", seed_of("lecture", "ecs_startup"), EVENTS, folder, FILES)[0]


@pytest.fixture(scope="module")
def drill(place: Path) -> Drill:
    """The same, as it is kept."""
    return read_drill(place)


@pytest.mark.parametrize("system", ["dms", "opendata-pulse", "lecture"])
def test_nothing_that_lies_there_names_the_scenario(tmp_path: Path, system: str):
    """Neither a path, nor the incident, the sheet or the state; and there is no truth.json."""
    seed = 3
    place, _ = written(system, seed, EVENTS, tmp_path, FILES)
    draw = Draw.of(system, seed)
    said = "".join(path.read_text() for path in place.iterdir() if path.is_file())
    paths = "".join(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    for word in (draw.scenario, draw.scenario.replace("_", "-"), SYSTEMS[system].scenarios[draw.scenario].title):
        assert word not in said + paths
    assert sorted(path.name for path in place.iterdir()) == ["answer.yaml", "drill.json", "export", "incident.yaml"]
    assert [path.name for path in place.parent.iterdir()] == [f"drill-{system}-1"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_scenario_is_drawn_and_quiet_days_sometimes(system: str):
    """A sandbox plays those that it can, and not always: from files does not mean one of the others."""
    known = set(SYSTEMS[system].scenarios)
    draws = [Draw.of(system, seed) for seed in SEEDS]
    assert {draw.scenario for draw in draws} == known
    assert {draw.scenario for draw in draws if draw.is_live} == known - set(NOT_PLAYED.get(system, ()))
    assert len({draw.scenario for draw in draws if not draw.is_live}) > len(known) / 2


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_date_of_a_drill_tells_nothing(system: str):
    """Another seed of the same incident, another week; only a bill stays in its month."""
    declared = SYSTEMS[system].scenarios
    draws = [draw for seed in range(60) if not isinstance(declared[(draw := Draw.of(system, seed)).scenario], Bill)]
    assert all(draw.planted().start < declared[draw.scenario].start for draw in draws)
    assert len({draw.planted().start[:10] for draw in draws}) > len(draws) / 3


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_quiet_day_reads_like_another(system: str):
    """Its page says what is said of a day on which something happened."""
    said = {each.incident_title for name, each in SYSTEMS[system].scenarios.items() if QUIET not in name}
    quiet = [draw for seed in SEEDS if QUIET in (draw := Draw.of(system, seed)).scenario]
    assert quiet
    assert {draw.noticed for draw in quiet} <= said


def test_the_same_seed_is_the_same_drill(tmp_path: Path):
    """To the byte, but for its name and place."""
    first, second = (written("opendata-pulse", 5, EVENTS, tmp_path, FILES)[0] for _ in range(2))
    assert (first.name, second.name) == ("drill-opendata-pulse-1", "drill-opendata-pulse-2")
    assert second.joinpath("incident.yaml").read_text() == first.joinpath("incident.yaml").read_text().replace(
        first.name, second.name
    )
    for path in first.joinpath("export").rglob("*.json"):
        assert path.read_bytes() == second.joinpath(path.relative_to(first)).read_bytes()
    assert read_drill(first).truth == read_drill(second).truth


def test_a_blank_sheet_still_gets_the_answer(drill: Drill, folder: Path):
    """And is told to be blank."""
    said = "\n".join(answer_lines(drill, Sheet(), 12, folder))
    assert "What was planted: One customer's new tasks cannot pull their image" in said
    assert "Your answer: nothing was filled in" in said
    assert f"nothing yet: no findings in {folder / drill.drill_id}" in said
    assert f"ddms-ops drill lecture --seed {drill.seed} --events 1000 --files" in said


def test_the_sheet_is_compared_with_what_was_planted(drill: Drill, place: Path):
    """Minutes off, the change, and words side by side."""
    onset = pd.Timestamp(drill.truth["onset"])
    sheet = place.with_name("filled.yaml")
    sheet.write_text(
        f"since: {onset + pd.Timedelta(minutes=7):%Y-%m-%dT%H:%MZ}\nfailed: backend\nhit: [dhbw]\n"
        "change: UpdateService of lecture-backend-service\n"
    )
    said = compared(read_sheet(sheet), drill.truth)
    assert said["since"] == "7 min too late"
    assert said["change"] == "the same"
    assert (
        said["failed"]
        == "backend (planted: One customer's new tasks cannot pull their image (dhbw, lecture-backend, cannotpull))"
    )
    assert said["cause"].startswith("not filled in (planted: One customer's new tasks")


def test_names_of_those_hit_are_counted():
    """How many were named, and how many that were not hit."""
    truth = {"is_quiet": False, "tenants": ["a", "b", "c"], "tenants_seen": 9, "change": None, "onset": None,
             "kind": "traffic", "title": "x", "leak": {"actors": [], "owners": []}}  # fmt: skip
    assert compared(Sheet(hit="A, b, z"), truth)["hit"] == "2 of 3 named, and 1 that were not hit"
    assert compared(Sheet(hit="all"), truth)["hit"] == "3 of 9 were"
    assert compared(Sheet(hit="nobody"), truth)["hit"] == "wrong: 3 were"


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("UpdateFunctionConfiguration of dms-processing-worker-prod", "the same"),
        ("the dms-processing-worker got a layer", "the same"),
        ("UpdateFunctionConfiguration", "the same"),
        ("UpdateFunctionConfiguration of dms-api-handler-prod at 09:57", "not the same: "),
        ("TagResource", "not the same: "),
    ],
)
def test_the_change_is_the_same_by_what_was_changed(said: str, verdict: str):
    """The same call on something else, which explains nothing, is another change."""
    [planted, innocent] = [
        {"name": "UpdateFunctionConfiguration", "resource": resource, "time": "2026-04-01T09:41:48Z"}
        for resource in ("dms-processing-worker-prod", "dms-api-handler-prod")
    ]
    truth = {"is_quiet": False, "tenants": [], "change": planted, "innocent_changes": [innocent], "onset": None,
             "kind": "error", "title": "x"}  # fmt: skip
    assert compared(Sheet(change=said), truth)["change"].startswith(verdict)


def test_nothing_is_the_right_answer_on_a_quiet_day():
    """And only there."""
    quiet = {"is_quiet": True, "onset": None, "change": None, "tenants": [], "kind": None, "title": "Nothing planted"}
    said = compared(Sheet(since="none", hit="nobody", change="none"), quiet)
    assert (said["since"], said["hit"], said["change"]) == (
        "right, nothing began", "right, nobody", "right, there was none"
    )  # fmt: skip
    assert compared(Sheet(since="2026-03-04T10:00Z"), quiet)["since"] == "wrong: nothing began"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sinse: 2026-03-04T10:00Z", "did you mean 'since'?"),
        ("since: 10:40", "write the day too"),
        ("hit: {a: b}", "hit: write text"),
        ("- since", "not `key: value` lines"),
    ],
)
def test_a_sheet_with_a_fault_is_refused_in_one_line(tmp_path: Path, text: str, words: str):
    """It says what would work."""
    path = tmp_path / SHEET
    path.write_text(text)
    with pytest.raises(BadInput, match=re.escape(words)):
        read_sheet(path)


def test_the_tool_is_compared_too(place: Path, drill: Drill, folder: Path):
    """Which finding tells what was planted, in which place, and how far off its start is."""
    case = open_case(**read_incident(place / "incident.yaml"), out=str(folder / "reports"))
    for check in CHECKS:
        if check.notebook == "capacity":
            case.result(check.id)
    said = answer_lines(drill, Sheet(), 12, folder / "reports")
    assert re.search(r"rank 1 of \d+ in capacity: .*CannotPull", "\n".join(said))
    assert said[-1] == "  its start: right, to the minute"


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_truth_can_be_put_in_words(tmp_path: Path, system: str):
    """Whatever kind of scenario: nothing is left empty, and a filled sheet can be compared with it."""
    for scenario in BILLS if system == "smart-invoice" else list(SYSTEMS[system].scenarios)[::6]:  # of each kind one
        place, _ = written(system, seed_of(system, scenario), EVENTS, tmp_path, FILES)
        truth = read_drill(place).truth
        words = planted_words(truth)
        assert all(words.values()), scenario
        assert "None" not in words["failed"]
        if truth["kind"] != "leak" and truth.get("tenants"):
            assert hit_names(truth) == set(truth["tenants"])
        assert all(compared(Sheet("2026-03-04T10:00Z", "x", "y", "z", "w"), truth).values()), scenario
        shutil.rmtree(place)


def test_the_last_drill_is_answered_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Without a lab it is said how to go on; the answer needs no name."""
    monkeypatch.chdir(tmp_path)
    asked = ["opendata-pulse", "--files", "--no-lab", "--events", "1000", "--seed", "5", "--dir", "."]
    assert main(["drill", *asked]) == 0
    said = capsys.readouterr().out
    command = f"ddms-ops run {tmp_path}/drills/drill-opendata-pulse-1/incident.yaml --out {tmp_path}/reports"
    assert command in said.splitlines()
    assert main(["drill", "drills/drill-opendata-pulse-1", "--no-lab"]) == 0  # the same one, again
    assert command in capsys.readouterr().out.splitlines()
    assert [path.name for path in Path("drills").iterdir()] == ["drill-opendata-pulse-1"]
    monkeypatch.chdir(tmp_path / "drills" / "drill-opendata-pulse-1")
    assert main(["drill", "--answer", "."]) == 0
    assert f"no findings in {tmp_path}/reports/drill-opendata-pulse-1;" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    assert main(["drill", "--answer"]) == 0
    assert "drill-opendata-pulse-1, again with: ddms-ops drill opendata-pulse --seed 5" in capsys.readouterr().out
    assert main(["drill", "--answer", "drill-opendata-pulse-9"]) == 2
    assert main(["drill", "opendata-puls"]) == 2
    assert "did you mean 'opendata-pulse'?" in capsys.readouterr().err


def played(folder: Path, *arguments: str) -> str:
    """What a live drill prints; AWS is played on this machine at the address that it prints, and gone after Ctrl-C."""
    command = [sys.executable, "-m", "ddms_ops.cli", "drill", *arguments, "--no-lab"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        try:
            while not lines or not lines[-1].startswith("ddms-ops run "):
                lines.append(process.stdout.readline())
                assert lines[-1], process.communicate()[1]
            [found] = re.findall(r"export AWS_ENDPOINT_URL=(\S+)", "".join(lines))
            address = urlsplit(found)
            socket.create_connection((address.hostname, address.port), 5).close()
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
    assert process.returncode == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port), 5)
    return "".join(lines)


def test_a_live_drill_serves_until_ctrl_c(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Afterwards nothing reaches for an account of one's own: it is refused until the drill is served again."""
    seed = next(seed for seed in SEEDS if Draw.of("opendata-pulse", seed).is_live)
    said = played(tmp_path, "opendata-pulse", "--events", "1000", "--seed", str(seed), "--dir", ".")
    place = tmp_path / "drills" / "drill-opendata-pulse-1"
    assert "source: live" in said
    assert "export DDMS_OPS_DRILL=drill-opendata-pulse-1" in said
    assert main(["run", str(place / "incident.yaml"), "--out", str(tmp_path / "reports")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "ddms-ops drill drills/drill-opendata-pulse-1 serves it again" in line
