"""What separates failures from what does not fail, or that nothing does."""

import numpy as np
import pandas as pd
import pytest

from ddms_ops.analysis.contrast import Contrast, contrast

NAMES = ("endpoint", "version", "tenant")


def drawn(seed: int, rate: float = 0.02, events: int = 4000, **fixed: str) -> pd.DataFrame:
    """Requests of four endpoints, two versions and ten tenants of which a few fail; a fixed attribute has one value."""
    rng = np.random.default_rng(seed)
    values = {"endpoint": list("ABCD"), "version": ["1", "2"], "tenant": [f"t{n}" for n in range(10)]}
    columns = {name: fixed.get(name, rng.choice(known, events)) for name, known in values.items()}
    return pd.DataFrame(columns).assign(failed=rng.random(events) < rate)


def failing(frame: pd.DataFrame, share: float, **cell: str) -> pd.DataFrame:
    """The same requests, a share of those in a cell failing."""
    hit = np.logical_and.reduce([frame[name] == value for name, value in cell.items()])
    return frame.assign(failed=frame["failed"] | (hit & (np.random.default_rng(9).random(len(frame)) < share)))


def first(found: Contrast) -> dict[str, str]:
    """The cell of the best explanation."""
    return found.explanations[0].cell


@pytest.mark.parametrize(
    "cell",
    [{"tenant": "t3"}, {"endpoint": "B", "version": "2"}, {"endpoint": "C", "version": "1", "tenant": "t7"}],
    ids=lambda cell: f"{len(cell)} attributes",
)
def test_the_cell_that_fails_comes_first(cell):
    """One value, or two or three together, no more and no fewer than it takes."""
    found = contrast(failing(drawn(1), 0.6, **cell), drawn(2), NAMES)
    assert first(found) == cell
    assert len(found.explanations) == 1


def test_equal_proportions_say_nothing():
    """500 and 1,500 rows with the same share of failures are no difference, whichever has more."""
    big, small = (
        pd.DataFrame({"x": ["a"] * n + ["b"] * n, "failed": ([True] * (n // 10) + [False] * (n - n // 10)) * 2})
        for n in (1500, 500)
    )
    assert contrast(big, small, ["x"]).explanations == ()
    assert contrast(small, big, ["x"]).explanations == ()


def test_a_value_only_on_the_bad_side_comes_first():
    """A host that only failing requests have, and the baseline not at all."""
    now = pd.DataFrame(
        {"zone": ["a", "b"] * 500, "host": ["h1"] * 900 + ["h9"] * 100, "failed": [False] * 900 + [True] * 100}
    )
    before = pd.DataFrame({"zone": ["a", "b"] * 500, "host": "h1", "failed": False})
    assert first(contrast(now, before, ["zone", "host"])) == {"host": "h9"}


def test_more_traffic_explains_itself():
    """Ten times the requests of one tenant, each as likely to fail as before, are no explanation."""
    usual = drawn(3, events=8000)
    grown = pd.concat([usual, *[drawn(seed, tenant="t1") for seed in range(20, 26)]], ignore_index=True)
    assert contrast(grown, drawn(4, events=8000), NAMES).explanations == ()


def test_a_rise_everywhere_is_no_difference():
    """Where every request fails ten times as often, nothing separates them."""
    assert contrast(drawn(5, rate=0.2), drawn(6), NAMES).explanations == ()


def test_shuffled_labels_say_nothing():
    """Failures that fall anywhere make at most five discoveries in a hundred trials at 0.05."""
    rng = np.random.default_rng(7)
    frames = [drawn(seed, events=1500) for seed in range(200)]
    shuffled = [frame.assign(failed=rng.permutation(frame["failed"])) for frame in frames]
    pairs = zip(shuffled[::2], shuffled[1::2], strict=True)
    assert sum(bool(contrast(now, before, NAMES, significance=0.05).explanations) for now, before in pairs) <= 5


def test_a_new_version_that_took_all_traffic_is_named_beside_its_endpoint():
    """The version is constant now and another before: it goes with the endpoint that fails."""
    now, before = failing(drawn(8, version="2"), 0.5, endpoint="B"), drawn(9, version="1")
    [found] = contrast(now, before, NAMES).explanations
    assert (found.cell, found.implied) == ({"endpoint": "B"}, {"version": "2"})


def test_two_causes_are_two_explanations():
    """What the first does not explain is looked at again."""
    now = failing(failing(drawn(10, events=9000), 0.5, endpoint="B"), 0.9, tenant="t5", version="1")
    cells = [found.cell for found in contrast(now, drawn(11, events=9000), NAMES).explanations]
    assert cells == [{"endpoint": "B"}, {"version": "1", "tenant": "t5"}]


def test_attributes_that_say_the_same_are_one_explanation():
    """Of an endpoint and its action the first named is given, the other goes with it."""
    now, before = (
        frame.assign(action="do" + frame["endpoint"]) for frame in (failing(drawn(12), 0.5, endpoint="A"), drawn(13))
    )
    [found] = contrast(now, before, ["endpoint", "action", "tenant"]).explanations
    assert (found.cell, found.implied) == ({"endpoint": "A"}, {"action": "doA"})


def test_without_a_baseline_failures_are_held_against_the_rest():
    """The window's own rate is what is expected."""
    found = contrast(failing(drawn(14), 0.5, tenant="t2"), drawn(15).head(0), NAMES)
    assert first(found) == {"tenant": "t2"}


def test_what_cannot_explain_is_left_out_and_listed():
    """Constant, absent and identifier-like fields, and those that only failures have."""
    now = drawn(16).assign(region="eu", request=range(4000), unknown=None)
    now["reason"] = pd.Series("timeout", index=now.index).where(now["failed"])
    found = contrast(
        now,
        drawn(17).assign(region="eu", request=range(4000, 8000)),
        [*NAMES, "region", "request", "unknown", "reason"],
    )
    assert found.left_out == {
        "region": "constant",
        "request": "identifier-like: 8,000 values in 8,000 events",
        "unknown": "absent",
        "reason": "only on what failed",
    }
    assert found.looked_at == NAMES


def test_a_missing_value_is_a_value():
    """Requests without a tenant may be what fails."""
    now = drawn(18)
    now.loc[now["tenant"] == "t4", "tenant"] = None
    before = drawn(19)
    before.loc[before["tenant"] == "t4", "tenant"] = None
    now["failed"] |= now["tenant"].isna()
    assert first(contrast(now, before, NAMES)) == {"tenant": "(none)"}


def test_order_of_rows_does_not_matter():
    """The same rows in another order give the same answer."""
    now, before = failing(drawn(20), 0.5, endpoint="B", version="2"), drawn(21)
    assert contrast(now, before, NAMES) == contrast(now[::-1], before.sample(frac=1, random_state=1), NAMES)


def test_counts_may_be_given_by_rows():
    """Rows that stand for many events say the same as the events themselves."""
    now, before = failing(drawn(22), 0.5, endpoint="B"), drawn(23)
    leaves = [
        frame.groupby(list(NAMES))["failed"].agg(count="size", failed="sum").reset_index() for frame in (now, before)
    ]
    assert contrast(*leaves, NAMES, count="count").explanations == contrast(now, before, NAMES).explanations


def test_the_same_engine_serves_latency():
    """Slower than a limit is a failure like another."""
    rng = np.random.default_rng(24)
    now, before = (frame.assign(ms=rng.lognormal(4, 0.5, len(frame))) for frame in (drawn(25), drawn(26)))
    now.loc[now["endpoint"] == "D", "ms"] *= 5
    slow, usual = (frame.assign(failed=frame["ms"] > 300) for frame in (now, before))
    assert first(contrast(slow, usual, NAMES)) == {"endpoint": "D"}


def test_numbers_say_what_was_counted():
    """Share there, elsewhere and before, and the share of what fails more."""
    now, before = failing(drawn(27), 0.5, endpoint="A"), drawn(28)
    [found] = contrast(now, before, NAMES).explanations
    there, rest = now[now["endpoint"] == "A"], now[now["endpoint"] != "A"]
    assert (found.count, found.failed) == (len(there), there["failed"].sum())
    assert found.share == pytest.approx(there["failed"].mean())
    assert found.elsewhere == pytest.approx(rest["failed"].mean())
    assert found.usual == pytest.approx(before.loc[before["endpoint"] == "A", "failed"].mean())
    assert 0.95 < found.covers <= 1.0


@pytest.mark.parametrize("now", [drawn(29).head(0), drawn(30).assign(failed=False)], ids=["no rows", "no failures"])
def test_without_failures_nothing_is_said(now):
    """Nothing failed, nothing to explain."""
    assert contrast(now, drawn(31), NAMES).explanations == ()


def test_two_causes_share_what_they_cover():
    """Without failures in the baseline each cell covers its part of all that fails, and nothing was expected."""
    now = failing(failing(drawn(1, rate=0.0), 0.5, endpoint="A", version="1"), 0.5, tenant="t3")
    found = contrast(now, drawn(2, rate=0.0), NAMES)
    shares = [each.covers for each in found.explanations]
    assert len(shares) == 2
    assert all(0.3 < share < 0.8 for share in shares)
    assert [each.expected for each in found.explanations] == [0.0, 0.0]


def test_alternatives_hold_the_failures_of_the_first():
    """What is called less telling is about the same failures, and not the very same events."""
    now = failing(failing(drawn(1), 0.9, endpoint="B", version="2"), 0.2, tenant="t3").assign(
        twin=lambda f: f["version"]
    )
    found = contrast(now, drawn(2).assign(twin=lambda f: f["version"]), (*NAMES, "twin"))
    assert found.explanations[0].cell == {"endpoint": "B", "version": "2"}
    assert all("tenant" not in other.cell or "endpoint" in other.cell for other in found.alternatives)


def test_many_values_of_many_attributes_do_not_overflow():
    """Attributes whose sizes multiply past an integer give the planted value, not another."""
    rng = np.random.default_rng(3)
    sizes = {"user": 5000, "tenant": 3000, "endpoint": 100, "stream": 1000, "version": 10, "ip": 4000, "agent": 500}
    sides = [
        pd.DataFrame({name: rng.integers(0, size, 60_000).astype(str) for name, size in sizes.items()})
        for _ in range(2)
    ]
    now, before = (side.assign(failed=False) for side in sides)
    found = contrast(now.assign(failed=now["tenant"] == "7"), before, tuple(sizes))
    assert first(found) == {"tenant": "7"}


def test_the_rarest_of_very_many_values_are_one():
    """Over 5,000 values are still compared: the most frequent, and the rest together."""
    rng = np.random.default_rng(4)
    tenants = np.concatenate([np.repeat("big", 2000), rng.integers(0, 6000, 18_000).astype(str)])
    now, before = (pd.DataFrame({"tenant": tenants, "zone": rng.choice(["a", "b"], 20_000)}) for _ in range(2))
    found = contrast(now.assign(failed=now["tenant"] == "big"), before.assign(failed=False), ["zone", "tenant"])
    assert first(found) == {"tenant": "big"}
