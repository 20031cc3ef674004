"""Quiet entries with a daily season and noise are no news."""

import numpy as np
from capacity_case import FrameFacts, clock_of, event, facts_of, found, invoked, metric

ENTRIES = 200
SIGNS = ("throttling", "missing_tasks", "timeouts", "saturation", "cold_starts")


def quiet(seed: int) -> FrameFacts:
    """Entries whose use, durations and refusals follow the hour of the day, each with noise of its own."""
    rng = np.random.default_rng(seed)
    minutes = np.arange(0, 120, 5)
    day = 1 + 0.4 * np.sin((minutes + 180) / 1440 * 2 * np.pi)
    metrics, series, capacity = {}, {}, {}

    def add(name: str, values: np.ndarray, statistic: str, *, is_sparse: bool = False) -> str:
        metrics[name] = metric(name, statistic=statistic, period_s=300)
        kept = zip(minutes, values, strict=True)
        series[name] = {clock_of(m): float(v) for m, v in kept if v or not is_sparse}
        return name

    for n in range(ENTRIES):
        level, noise = rng.uniform(0.1, 0.75), rng.uniform(0.01, 0.1)
        used = 100 * level * day / 1.4 * rng.lognormal(0, noise, len(day))
        refused = rng.poisson(rng.choice([0.0, 0.02, 3.0, 40.0]) * day * rng.lognormal(0, 0.2, len(day)))
        lasted = 1000 * day * rng.lognormal(0, 0.3, len(day))
        kinds = (
            {"used": add(f"used{n}", used, "Average"), "most": 100},
            {"throttles": add(f"refused{n}", refused, "Sum", is_sparse=True)},
            {"duration": add(f"lasted{n}", lasted, "Maximum"), "timeout_ms": 30_000},
            {"running": add(f"running{n}", np.where(rng.random(len(day)) < 0.01, 3, 4), "Average"), "wanted": 4},
        )
        capacity[f"e{n}"] = {"title": f"Entry {n}", **kinds[n % len(kinds)]}
    capacity["e0"] |= {"components": ["backend"], "timeouts": ["Task timed out"], "cold_starts": ["Init Duration"]}
    return facts_of(capacity, metrics=metrics, series=series, lines=_events(rng))


def _events(rng: np.random.Generator) -> list[dict]:
    """Invocations of two hours, more in the second; some time out, some start cold, some are throttled."""
    lines = []
    for second in np.sort(7200 * rng.beta(1.3, 1, 1200)).astype(int):
        clock, chance = clock_of(int(second) // 60, int(second) % 60), rng.random()
        lines.append(invoked(clock, init=600 if chance < 0.05 else None))
        lines += [event(clock, "Task timed out after 30 seconds")] if 0.1 < chance < 0.13 else []
        lines += [event(clock, "retry", error="ThrottlingException")] if 0.2 < chance < 0.23 else []
    return lines


def test_200_quiet_entries_have_hardly_a_finding_above_low():
    """Two of two hundred at most, over all checks."""
    facts = quiet(1)
    above = [each.statement for name in SIGNS for each in found(facts, name) if each.severity.is_above_low]
    assert len(above) <= 2, above
