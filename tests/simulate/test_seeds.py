"""Twenty seeds are twenty incidents, and every event of the API carries where and by whom."""

import pytest
from reading import endpoint_of, parsed

from ddms_ops.simulate import SCENARIOS
from ddms_ops.simulate.scenario import played as as_played

SEEDS = range(20)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_declared_incident_is_that_of_seed_7(name: str):
    """The seed of demos changes nothing."""
    assert as_played(SCENARIOS[name], 7) is SCENARIOS[name]


@pytest.mark.parametrize("name", [name for name, declared in SCENARIOS.items() if declared.onset_min is not None])
def test_seeds_move_the_onset(name: str):
    """At most 8 minutes either way, and to many minutes."""
    declared = SCENARIOS[name]
    moves = [round(as_played(declared, seed).onset_min - declared.onset_min) for seed in SEEDS]
    assert -8 <= min(moves) < 0 < max(moves) <= 8
    assert len(set(moves)) > 6


@pytest.mark.parametrize("name", ["bad_deploy", "kms_denied", "one_zone", "two_causes", "slow_burn", "swallowed"])
def test_seeds_choose_the_place(name: str):
    """Endpoint, tenant, zone or error differ between seeds; so does the share unless all are hit."""
    faults = [as_played(SCENARIOS[name], seed).faults for seed in SEEDS]
    places = {tuple((f.endpoint, f.tenant_rank, f.zone, f.error.name) for f in its) for its in faults}
    assert len(places) >= 3
    shares = {its[0].share for its in faults}
    assert shares == {1.0} or len(shares) > 10


def test_seeds_choose_clock_and_job():
    """The wrong clock runs ahead or behind; the failing job is one of several."""
    clocks = {as_played(SCENARIOS["clock_skew"], seed).skew_min for seed in SEEDS}
    assert min(clocks) <= -5
    assert max(clocks) >= 5
    jobs = {as_played(SCENARIOS["worker_failing"], seed).job_fault.error.actions for seed in SEEDS}
    assert len(jobs) == 3


def test_no_two_seeds_hit_the_same_share():
    """Also where the place is the same."""
    shares = [as_played(SCENARIOS["db_connections"], seed).faults[0].share for seed in SEEDS]
    assert len(set(shares)) == len(SEEDS)


def test_every_event_says_where_and_by_whom(played):
    """Zone, instance, client and user agent are in every JSON event of the API, a few values of each."""
    events = [event for _, event in parsed(played.export, "api")]
    for name, most in (("region", 1), ("az", 3), ("client", 4), ("userAgent", 12), ("instance", 24), ("coldStart", 2)):
        values = {event[name] for event in events}
        assert len(values) <= most
        assert len(values) > 1 or name == "region"
    assert len({(event["instance"], event["az"]) for event in events}) == len({event["instance"] for event in events})
    assert len({(event["userId"], event["client"]) for event in events}) == len({event["userId"] for event in events})


def test_other_attributes_do_not_follow_the_error(play):
    """The failing requests of one endpoint have clients and zones as all requests of that endpoint have."""
    played = play("bad_deploy")
    ends = [e for _, e in parsed(played.export, "api") if e.get("version") == "2.15.0" and "status" in e]
    its = [event for event in ends if endpoint_of(event) == played.truth["endpoint"]]
    for name in ("az", "client"):
        for value in {event[name] for event in its}:
            its_own = [event["status"] == 500 for event in its if event[name] == value]
            others = [event["status"] == 500 for event in its if event[name] != value]
            assert abs(sum(its_own) / len(its_own) - sum(others) / len(others)) < 0.25
