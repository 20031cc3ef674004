"""Writing a case: same arguments, same bytes; bad arguments, one line."""

import json
from pathlib import Path

import pytest
import yaml
from reading import tree

from ddms_ops.errors import BadInput
from ddms_ops.simulate import SCENARIOS, SYSTEMS, write_case


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_arguments_write_the_same_bytes(scenario: str, tmp_path: Path):
    """Two folders of one seed are identical, but for the folder's own name in the incident file."""
    one, two = (write_case("dms", scenario, tmp_path / name, seed=5, events=2_000) for name in ("one", "two"))
    assert tree(one.export) == tree(two.export)
    assert one.truth.read_bytes() == two.truth.read_bytes()
    assert one.incident.read_text().replace("/one/", "/two/") == two.incident.read_text()


def test_another_seed_writes_another_case(tmp_path: Path):
    """No log file of one seed is found in another."""
    one, two = (write_case("dms", "bad_deploy", tmp_path / str(s), seed=s, events=2_000) for s in (1, 2))
    ones, twos = tree(one.export / "logs"), tree(two.export / "logs")
    assert ones.keys() == twos.keys()
    assert not [name for name in ones if ones[name] == twos[name]]


def test_the_truth_is_beside_the_export(played):
    """Nothing inside the export says what was planted."""
    names = [path.name for path in played.export.rglob("*")]
    assert played.case.truth.parent == played.export.parent
    assert "truth.json" not in names
    assert sorted(path.name for path in played.export.iterdir()) == [
        "alarms", "apis", "audit", "containers", "database", "databases", "functions", "logs", "metrics", "queues",
        "trail", "workflows",
    ]  # fmt: skip


def test_the_incident_asks_about_the_export(played):
    """The incident file is flat text, names its source, and does not tell the error."""
    incident = yaml.safe_load(played.case.incident.read_text())
    assert incident["source"] == f"files:{played.export}"
    assert incident["incident_id"] == f"demo-dms-{played.name.replace('_', '-')}"
    assert all(type(value) is str for value in incident.values())
    for told in (played.truth["error"], played.truth["version"]):
        assert told is None or told not in played.case.incident.read_text()


def test_scenarios_are_listed_in_order():
    """The quiet day comes first, and each has one line to say what it is."""
    assert list(SCENARIOS) == [
        "quiet_day", "bad_deploy", "db_connections", "kms_denied", "traffic_drop", "worker_failing", "slow_burn",
        "two_causes", "one_zone", "retries_hide", "swallowed", "log_level", "clock_skew", "noisy_quiet_day",
        "slow_query", "tenant_leak", "slow_processing", "queue_backlog", "stuck_executions", "search_empty",
    ]  # fmt: skip
    assert all(scenario.title and "\n" not in scenario.title for scenario in SCENARIOS.values())


def test_an_unknown_scenario_is_refused_with_the_nearest_name(tmp_path: Path):
    """One line with the known names; nothing is written."""
    with pytest.raises(BadInput) as refused:
        write_case("dms", "bad_deplyo", tmp_path / "out")
    assert str(refused.value) == (
        f"no scenario named 'bad_deplyo' for dms; known: {', '.join(SCENARIOS)}; did you mean 'bad_deploy'?"
    )
    assert not (tmp_path / "out").exists()


def test_an_unknown_system_is_refused(tmp_path: Path):
    """One line with the known systems."""
    with pytest.raises(BadInput) as refused:
        write_case("dmss", "bad_deploy", tmp_path)
    known = ", ".join(SYSTEMS)
    assert str(refused.value) == f"no simulated system named 'dmss'; known: {known}; did you mean 'dms'?"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed: -1 is negative; give 0 or greater"),
        ({"events": 10}, "events: 10 is too few for an incident to show; give 1000 or more"),
    ],
)
def test_bad_numbers_are_refused(arguments: dict, message: str, tmp_path: Path):
    """A negative seed or too few events write nothing."""
    with pytest.raises(BadInput) as refused:
        write_case("dms", "quiet_day", tmp_path, **arguments)
    assert str(refused.value) == message
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_never_written_over(tmp_path: Path):
    """A second case in one folder would mix two incidents: refused."""
    write_case("dms", "quiet_day", tmp_path, events=1_000)
    with pytest.raises(BadInput, match="is not empty; give a new folder"):
        write_case("dms", "bad_deploy", tmp_path, events=1_000)
    assert json.loads((tmp_path / "truth.json").read_text())["scenario"] == "quiet_day"
