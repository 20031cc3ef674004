"""What controls offer: bounded, redacted, worst first."""

from pathlib import Path

import pandas as pd
import pytest

from ddms_ops import Case
from ddms_ops.widgets.choices import (
    MOST,
    check_choices,
    chosen,
    components,
    group_choices,
    incident_files,
    labelled,
    log_groups,
    statement_choices,
    tenant_choices,
)


def test_forty_thousand_tenants_are_two_hundred_suggestions():
    """What is sent to the browser does not grow with the case."""
    choices = labelled((f"tenant-{n} {'x' * 500}", f"tenant-{n}") for n in range(40_000))
    assert len(choices) == MOST == 200
    assert sum(len(label) for label in choices) < 30_000
    assert list(choices.values())[:2] == ["tenant-0", "tenant-1"]


def test_a_label_is_redacted_and_on_one_line():
    """A label may be shown; its key is what it stands for, as it is."""
    [(label, key)] = labelled([("key AKIAIOSFODNN7EXAMPLE\nof kim@example.com \x1b[31m", "as it is")]).items()
    assert key == "as it is"
    assert "AKIA" not in label
    assert "kim@" not in label
    assert label.isprintable()


def test_labels_that_look_the_same_stay_apart():
    """Two keys with one label are two choices."""
    assert labelled([("a", "1"), ("a", "2"), ("a", "3")]) == {"a": "1", "a (2)": "2", "a (3)": "3"}


def test_what_is_typed_is_a_label_a_key_or_a_part_of_labels():
    """An id that is not among the suggestions can be given; of a part, only what is the only one is taken for sure."""
    choices = {"a1 · disk full": "a1", "a10 · no space": "a10"}
    assert list(chosen(choices, "a1 · disk full").values()) == list(chosen(choices, " a1 ").values()) == ["a1"]
    assert list(chosen(choices, "DISK").values()) == ["a1"]
    assert chosen(choices, "a") == choices
    assert chosen(choices, "  other ") == {"other": "other"}
    assert chosen(choices, " ") == {}


def test_of_more_than_is_offered_a_part_is_an_id():
    """What is not offered may be meant."""
    offered = {f"tenant-{n}0 · 1 failed": f"tenant-{n}0" for n in range(1, MOST + 1)}
    assert chosen(offered, "tenant-20") == {"tenant-20": "tenant-20"}
    assert chosen(offered, "tenant-200") == {"tenant-200": "tenant-200"}
    assert chosen(offered, "nant-1990") == {"nant-1990": "nant-1990"}


def test_groups_begin_with_errors(case: Case):
    """Errors, and warnings that are new or rise, come before other events, however many those are."""
    offered = list(group_choices(case).values())
    groups = case.groups.set_index("group").loc[offered]
    is_bad = groups["is_error"] | ((groups["level"] == "WARN") & groups["trend"].isin(["new", "rising"]))
    assert set(offered) == set(case.groups["group"])
    assert list(is_bad) == sorted(is_bad, reverse=True)
    assert groups[is_bad]["events"].is_monotonic_decreasing
    assert groups[~is_bad]["events"].max() > groups[is_bad]["events"].max()


def test_tenants_begin_with_the_one_hit_most(case: Case):
    """Counts of the label are those of what it opens; every tenant of the logs is offered."""
    choices = tenant_choices(case)
    label, key = next(iter(choices.items()))
    counted = case.tenant(key).frame.set_index("source")["rows"]
    failed, ended = counted["requests and jobs that failed"], counted["requests and jobs"]
    assert label == f"{key} · {failed:,} failed of {ended:,}"
    assert failed == case.tenants_seen.frame["failed"].max()
    assert list(choices.values()) == list(case.tenants_seen)


def test_findings_come_before_checks(case: Case):
    """Findings by rank, then every check of the notebook."""
    offered = list(check_choices(case, "error_triage").values())
    results = [result for result in case.results if result.notebook == "error_triage"]
    ranked = sorted((f for result in results for f in result.findings), key=lambda finding: finding.rank)
    assert offered == [*(finding.id for finding in ranked), *(result.id for result in results)]


def test_statements_are_those_of_the_bridge(case: Case):
    """By how much they moved."""
    assert list(statement_choices(case).values()) == [str(name) for name in case.statement_basis.bridge.index[:MOST]]


def test_components_and_log_groups_are_those_there_are(case: Case):
    """Each of them gives an answer, so that none is a dead end."""
    assert list(log_groups(case).values()) == list(case.log_groups)
    for name in components(case).values():
        assert isinstance(case.logs(component=name).frame, pd.DataFrame)
    assert "api" in components(case)


def test_own_incident_files_go_before_shipped_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file of the same name here is meant, not the one that came with the package."""
    shipped = incident_files()
    (tmp_path / "parameters/incidents").mkdir(parents=True)
    (tmp_path / "parameters/incidents/dms-bad-deploy.yaml").write_text("system: dms\n")
    monkeypatch.chdir(tmp_path)
    found = incident_files()
    assert set(found) == set(shipped)
    assert found["dms-bad-deploy"] == Path("parameters/incidents/dms-bad-deploy.yaml")
    assert found["generic-folder"].is_absolute()
