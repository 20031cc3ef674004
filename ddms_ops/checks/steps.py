"""The runbook's next step for what was found."""

from ddms_ops.declaration import Profile


def next_step(profile: Profile, text: str) -> str:
    """First step of the alert or scenario whose words the text holds; else of the error-rate alert, or nothing.

    Args:
        profile: the system's.
        text: error and message of what was found.
    """
    lower = text.lower()
    for alert in profile.alerts.values():
        if any(sign.lower() in lower for sign in alert.log_matches):
            return f"{alert.title}: {alert.steps[0]}"
    for scenario in profile.scenarios.values():
        if any(sign.lower() in lower for sign in scenario.signs):
            return f"{scenario.title}: {_telling(scenario.steps, lower)}"
    for alert in profile.alerts.values():
        if alert.metric and alert.metric == profile.triage.error_rate:
            return f"{alert.title}: {alert.steps[0]}"
    return ""


def _telling(steps: tuple[str, ...], text: str) -> str:
    """The step that shares most words with the text, the first among equals."""
    words = {word.strip("(),.:;'\"") for word in text.split() if len(word) > 2}
    return max(steps, key=lambda step: len(words & {word.strip("(),.:;'\"") for word in step.lower().split()}))
