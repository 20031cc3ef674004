"""Blast radius: who is hit, who is verified unaffected, who was not seen."""

import pandas as pd
from builders import at, log_frame

from ddms_ops.analysis.impact import blast_radius
from ddms_ops.analysis.requests import outcomes, requests


def answered(tenant: str, number: int, status: str = "200", *, user: str = "u") -> pd.DataFrame:
    """One answered request of a tenant."""
    line = f"10:{number:02d} INFO request completed"
    return log_frame(line, tenant=tenant, request_id=f"{tenant}-{number}", status=status, user=f"{user}-{tenant}")


def failed(tenant: str, number: int) -> pd.DataFrame:
    """The error event of that request."""
    return log_frame(f"10:{number:02d} ERROR boom", tenant=tenant, request_id=f"{tenant}-{number}", user=f"u-{tenant}")


def together(*frames: pd.DataFrame) -> pd.DataFrame:
    """Frames of events as one."""
    return pd.concat(frames, ignore_index=True)


def test_tenants_are_hit_unaffected_or_unseen():
    """With traffic and failures; with traffic and without; without traffic, of whom nothing is known."""
    logs = together(answered("a", 1, "500"), failed("a", 1), answered("a", 2), answered("b", 3))
    found = requests(logs, by_status=True)
    before = requests(together(answered("a", 1), answered("c", 2)), by_status=True)
    impact = blast_radius(found, logs[logs["is_error"]], at("10:00"), at("11:00"), before)
    assert impact.hit["share"].to_dict() == {"a": 0.5}
    assert impact.unaffected.index.tolist() == ["b"]
    assert impact.unseen == ("c",)


def test_users_are_counted():
    """Distinct users with requests, and those hit."""
    logs = together(answered("a", 1, "500"), failed("a", 1), answered("b", 3), answered("b", 4))
    impact = blast_radius(requests(logs, by_status=True), logs[logs["is_error"]], at("10:00"), at("11:00"))
    assert (impact.users, impact.users_hit) == (2, 1)


def test_an_error_without_its_request_is_a_request_of_its_own():
    """A failure whose request was not logged still counts, once."""
    logs = together(answered("a", 1), failed("b", 2), failed("b", 2))
    impact = blast_radius(requests(logs, by_status=True), logs[logs["is_error"]], at("10:00"), at("11:00"))
    assert (impact.requests, impact.failed) == (2, 1)


def test_jobs_end_with_a_word():
    """A job's status says that it ended and how; a status on the way says neither."""
    logs = together(
        *(answered("a", n, word) for n, word in enumerate(["COMPLETED", "failed", "RUNNING", "201", "503"]))
    )
    assert outcomes(logs)[["status", "failed"]].values.tolist() == [
        ["COMPLETED", False], ["failed", True], ["201", False], ["503", True]
    ]  # fmt: skip


def test_an_answer_of_200_with_an_error_field_failed():
    """Errors swallowed by a good status are failures; beside 404 they are not."""
    logs = together(answered("a", 1, "200"), answered("a", 2, "404"), answered("a", 3, "200"))
    found = requests(logs.assign(states_error=[True, True, False]), by_status=True)
    assert found["failed"].tolist() == [True, False, False]
