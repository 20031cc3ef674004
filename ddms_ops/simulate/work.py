"""How queued work goes wrong without an error: a kind of job is slow, a step never ends; and what to look for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlowJob:
    """From the onset on jobs of one kind take `times` as long."""

    job: str
    times: float


@dataclass(frozen=True, slots=True)
class StuckStep:
    """From the onset on executions that come to a step with this job stay there; nothing says so.

    `lost` are the kinds of jobs that are not done any more for their documents.
    """

    step: str
    job: str
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """What a report must say first: the notebook that asks, and words that its first finding holds.

    `bucket_s` is how far from the truth the start may be told.
    """

    notebook: str
    says: tuple[str, ...]
    bucket_s: int = 60
