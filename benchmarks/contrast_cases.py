"""Requests of a SaaS with a planted cause: which cell of attributes fails, beside a tenant whose traffic grows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

ATTRIBUTES = ("tenant", "endpoint", "host", "region", "version", "plan", "dependency")
TENANTS, ENDPOINTS, HOSTS, DEPENDENCIES = 150, 30, 24, 6
BASE = 0.01
LEAST = 150
NESTED = ({"host", "region"}, {"tenant", "plan"})  # one says the other: no cause of both


@dataclass(frozen=True, slots=True)
class Planted:
    """Window, baseline, and the cell that was made to fail (None: nothing was)."""

    now: pd.DataFrame
    before: pd.DataFrame
    cell: dict[str, str] | None


def planted(seed: int, *, width: int = 0, points: float = 0.0, growth: float = 2.0, events: int = 60_000) -> Planted:
    """One case.

    Args:
        seed: which of the many alike.
        width: attributes of the cause, 0 for none.
        points: by how much its failing share rises, 0..1.
        growth: by how much one tenant's traffic is multiplied.
        events: in the baseline, and in the window before the growth.
    """
    rng = np.random.default_rng(seed)
    weight, routes = rng.dirichlet(np.full(TENANTS, 0.5)), rng.dirichlet(np.ones(ENDPOINTS))
    effects = np.exp(rng.normal(0, 0.4, TENANTS)), np.exp(rng.normal(0, 0.5, ENDPOINTS))
    plans = rng.integers(0, 3, TENANTS)
    before = _drawn(rng, events, weight, routes, plans, effects)
    grown = weight.copy()
    grown[rng.integers(TENANTS)] *= growth
    now = _drawn(rng, round(events * grown.sum()), grown / grown.sum(), routes, plans, effects)
    if not width:
        return Planted(now, before, None)
    cell = _cell(rng, now, width)
    hit = np.logical_and.reduce([now[name] == value for name, value in cell.items()])
    now["failed"] |= hit & (rng.random(len(now)) < points)
    return Planted(now, before, {name: str(value) for name, value in cell.items()})


def _drawn(
    rng: np.random.Generator,
    events: int,
    weight: np.ndarray,
    routes: np.ndarray,
    plans: np.ndarray,
    effects: tuple[np.ndarray, np.ndarray],
) -> pd.DataFrame:
    tenant, endpoint = rng.choice(TENANTS, events, p=weight), rng.choice(ENDPOINTS, events, p=routes)
    host = rng.integers(0, HOSTS, events)
    version = rng.choice(3, events, p=[0.7, 0.2, 0.1])
    frame = pd.DataFrame(
        {"tenant": tenant, "endpoint": endpoint, "host": host, "region": host // 8, "version": version}
    )
    frame = frame.assign(plan=plans[tenant], dependency=rng.integers(0, DEPENDENCIES, events))
    rate = np.minimum(BASE * effects[0][tenant] * effects[1][endpoint], 1.0)
    return frame.assign(failed=rng.random(events) < rate)


def _cell(rng: np.random.Generator, now: pd.DataFrame, width: int) -> dict[str, int]:
    """Values of some attributes that at least 150 events share."""
    while True:
        places = sorted(rng.choice(len(ATTRIBUTES), width, replace=False))
        names = [ATTRIBUTES[place] for place in places]
        row = now.iloc[rng.integers(len(now))]
        cell = {name: int(row[name]) for name in names}
        hit = np.logical_and.reduce([now[name] == value for name, value in cell.items()])
        if hit.sum() >= LEAST and not any(pair <= set(names) for pair in NESTED):
            return cell
