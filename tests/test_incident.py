"""Incidents and profiles: every fault at once, with what would work."""

from pathlib import Path

import pandas as pd
import pytest
from builders import at

from ddms_ops.errors import IncidentError, ProfileError, UnknownSystem
from ddms_ops.incident import NAMES, read_incident, resolve
from ddms_ops.profile import known_systems, load_profile, read_profile

NOW = at("12:00")
GOOD = {"incident_id": "i1", "system": "dms", "start": "2026-03-04T10:00Z", "end": "2026-03-04T11:00Z"}


def faults(**given: object) -> str:
    """What is said of an incident with these parameters changed."""
    with pytest.raises(IncidentError) as caught:
        resolve({**GOOD, **given}, now=NOW, where="i1.yaml")
    return "\n".join(caught.value.faults)


def test_relative_times_become_absolute():
    """What is kept of -2h is the instant."""
    incident, _ = resolve({**GOOD, "start": "-2h", "end": "now"}, now=NOW)
    assert (incident.start, incident.end) == ("2026-03-04T10:00:00Z", "2026-03-04T12:00:00Z")


def test_environment_defaults_to_the_profiles_first():
    """An incident without an environment is about the first one declared."""
    assert resolve(GOOD, now=NOW)[0].environment == "prod"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"enviroment": "prod"}, "unknown parameter; did you mean 'environment'?"),
        ({"system": "dmz"}, "no profile named 'dmz'; did you mean 'dms'?"),
        ({"start": "2026-03-04T10:00"}, "has no time zone"),
        ({"end": "2026-03-04T09:00Z"}, "is not before end"),
        ({"incident_id": "../../etc"}, "cannot name a folder"),
        ({"environment": "prd"}, "did you mean 'prod'?"),
        ({"severity": "P9"}, "is not one of P1, P2, P3, P4"),
        ({"baseline": "lately"}, "'lately' is not known"),
        ({"title": ["a", "list"]}, "list is not text"),
        ({"end": ""}, "end: is missing"),
    ],
)
def test_each_wrong_parameter_is_named(given, words):
    """A wrong parameter is refused with the file, the name and what would work."""
    text = faults(**given)
    assert words in text
    assert text.startswith("i1.yaml: ")
    assert "\n" not in text


def test_all_faults_come_at_once():
    """Three faults are three lines."""
    text = faults(incident_id="a b", system="dmz", start="2026-03-04T10:00")
    assert len(text.splitlines()) == 3


def test_profile_with_three_faults_names_all_three(tmp_path: Path, root: Path):
    """A profile's faults are found together, whether of one key or between sections."""
    text = (root / "parameters/systems/dms.yaml").read_text()
    text = text.replace("system: dms", "system: broken").replace("unit: ratio", "unitt: ratio", 1)
    text = text.replace("min_events: 10", "min_events: -1").replace("metric: dlq_messages", "metric: dlq_mesages")
    (tmp_path / "broken.yaml").write_text(text)
    with pytest.raises(ProfileError) as caught:
        read_profile(tmp_path / "broken.yaml", "prod")
    said = "\n".join(caught.value.faults)
    assert "metrics.api_error_rate.unitt: unknown key; did you mean 'unit'?" in said
    assert "triage.min_events: input should be greater than 0; given -1" in said
    assert "alerts.dlq_messages_detected.metric: no metric 'dlq_mesages'; did you mean 'dlq_messages'?" in said


@pytest.mark.parametrize("system", known_systems())
def test_every_shipped_profile_is_valid(system):
    """Each profile loads for each of its environments."""
    for environment in load_profile(system).environments:
        assert load_profile(system, environment).system == system


def test_dms_declares_what_its_runbook_names():
    """Six key metrics with target and alert, five alerts, four severities, seven queries and the scenario's."""
    dms = load_profile("dms", "prod")
    keyed = [name for name, metric in dms.metrics.items() if metric.target and metric.alert]
    assert len(keyed) == 6
    assert [alert.severity for alert in dms.alerts.values()] == ["P1", "P1", "P2", "P3", "P3"]
    assert [level.response_min for level in dms.severities.values()] == [15, 60, 240, 1440]
    assert len(dms.queries) == 8
    assert "/aws/lambda/dms-api-handler-prod" in dms.logs.groups


def test_unknown_system_lists_the_known():
    """A system without a profile is refused with the known ones."""
    with pytest.raises(UnknownSystem, match="known: dms, generic"):
        load_profile("../etc/passwd")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("- a list", "holds list, not"),
        ("a: [", "not YAML"),
        ("a: 1\na: 2", "'a' is given twice"),
        ("a: !!python/object/apply:os.system [x]", "not YAML"),
    ],
)
def test_unreadable_incident_files_are_one_line(tmp_path: Path, content, words):
    """A file that is no YAML mapping is refused in one line, with its path."""
    path = tmp_path / "i.yaml"
    path.write_text(content)
    with pytest.raises(IncidentError, match=words) as caught:
        read_incident(path)
    assert str(caught.value).startswith(str(path))


def test_dates_stay_text(tmp_path: Path):
    """YAML dates are left for us to read, so that naive ones can be refused."""
    path = tmp_path / "i.yaml"
    path.write_text("start: 2026-03-04T10:00:00")
    assert read_incident(path) == {"start": "2026-03-04T10:00:00"}


def test_example_incidents_are_flat_literals(root: Path):
    """Every example has known names only, and plain values that papermill -f takes."""
    for path in sorted((root / "parameters/incidents").glob("*.yaml")):
        given = read_incident(path)
        assert set(given) <= set(NAMES), path
        assert all(isinstance(value, str) for value in given.values()), path
        assert isinstance(resolve(given, now=pd.Timestamp("2026-03-05T00:00Z"))[0].incident_id, str)
