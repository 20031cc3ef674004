"""The runbook's next step for what was found."""

import re

from ddms_ops.declaration import Profile

SHARED_WORDS = 2


def next_step(profile: Profile, text: str, *, fails: bool = True) -> str:
    """First step of the alert or scenario whose words the text holds; else of the error-rate alert, or nothing.

    Args:
        profile: the system's.
        text: error and message of what was found.
        fails: whether requests fail, which the error-rate alert is about.
    """
    lower = text.lower()
    for alert in profile.alerts.values():
        if any(sign.lower() in lower for sign in alert.log_matches):
            return f"{alert.title}: {alert.steps[0]}"
    for scenario in profile.scenarios.values():
        if any(sign.lower() in lower for sign in scenario.signs):
            return f"{scenario.title}: {_telling(scenario.steps, lower)}"
    for alert in profile.alerts.values():
        if fails and alert.metric and alert.metric == profile.triage.error_rate:
            return f"{alert.title}: {alert.steps[0]}"
    return ""


def step_after_change(profile: Profile, change: str) -> str:
    """The step of the error-rate alert that speaks of such a change, or nothing.

    Args:
        profile: the system's.
        change: service, calls and resource, e.g. `lambda UpdateFunctionCode dms-api-handler-prod`.
    """
    alert = next((a for a in profile.alerts.values() if a.metric and a.metric == profile.triage.error_rate), None)
    if alert is None:
        return ""
    words = _words(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", change))
    step = max(alert.steps, key=lambda step: (step.startswith("If "), len(words & _words(step))))
    return f"{alert.title}: {step}" if len(words & _words(step)) >= SHARED_WORDS else ""


def _telling(steps: tuple[str, ...], text: str) -> str:
    """The step that shares most words with the text, the first among equals."""
    return max(steps, key=lambda step: len(_words(text) & _words(step)))


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.split(r"[^a-z0-9]+", text.lower()) if len(word) > 2)
