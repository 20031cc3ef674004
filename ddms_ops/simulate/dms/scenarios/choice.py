"""How a seed makes another incident of the same kind."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ddms_ops.simulate.scenario import Scenario

Vary = Callable[[Scenario, np.random.Generator], Scenario]


def one_of(*others: Mapping[str, Any]) -> Vary:
    """The scenario as it is declared, or with some of its fields otherwise; each as likely."""

    def vary(scenario: Scenario, rng: np.random.Generator) -> Scenario:
        choices: tuple[Mapping[str, Any], ...] = ({}, *others)
        return replace(scenario, **choices[int(rng.integers(0, len(choices)))])

    return vary


def every_fault(**choices: tuple[Any, ...]) -> Vary:
    """The same field of every fault as one of some values, e.g. `zone=ZONES`."""

    def vary(scenario: Scenario, rng: np.random.Generator) -> Scenario:
        chosen = {name: values[int(rng.integers(0, len(values)))] for name, values in choices.items()}
        return replace(scenario, faults=tuple(replace(fault, **chosen) for fault in scenario.faults))

    return vary


def both(first: Vary, then: Vary) -> Vary:
    """One after the other."""
    return lambda scenario, rng: then(first(scenario, rng), rng)
