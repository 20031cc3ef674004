"""What a runbook watches beside requests: work that is queued, what runs out, who comes in, and what people are told.

Sections `pipelines`, `capacity`, `access`, `templates` and `redact` of a profile; see `ddms_ops.declaration`. Metrics
are named as in `metrics`, `runbook` names one of `alerts` or `scenarios`: whose steps are for it.
"""

import re
from typing import Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator, model_validator

from ddms_ops.errors import did_you_mean
from ddms_ops.settings import Strict

PLACEHOLDER = re.compile(r"\[[^\[\]\n]{1,80}\](?!\()")
TemplateField = Literal[
    "incident_id", "title", "system", "severity", "severity_words", "status", "what", "impact", "affected", "began",
    "detected", "now", "duration", "resolved", "changed", "unknowns", "next_step_1", "next_step_2", "next_steps",
    "next_update", "done_1", "done_2", "done", "due", "evidence", "contact", "escalate_to", "why_escalate",
    "for_people",
]  # fmt: skip


class Pattern(Strict):
    """What counts as private in this system only: RE2, with an example that it matches."""

    pattern: str
    example: str
    is_person: bool = False

    @model_validator(mode="after")
    def _matches(self) -> Self:
        try:
            re.compile(self.pattern)
            found = pc.replace_substring_regex(pa.scalar(self.example), self.pattern, "").as_py()
            fits_all = pc.match_substring_regex(pa.scalar(""), self.pattern).as_py()
        except (pa.ArrowInvalid, re.error):
            raise ValueError(f"{self.pattern!r} is not a regular expression of RE2 (it has no look-around)") from None
        if fits_all:
            raise ValueError(f"{self.pattern!r} fits the empty text; it must match something")
        if found == self.example:
            raise ValueError(f"{self.pattern!r} does not match its example {self.example!r}")
        return self


class Pipeline(Strict):
    """Work that goes through queues, functions and state machines; what is left empty is not watched.

    `components` are those of the log groups whose events tell of this work. `depth`, `age` and `dead` are metrics of
    its queues (messages, seconds of the oldest, messages given up), `arrived`, `done` and `runs` are sums, `duration`
    is how long one piece takes, `success` a ratio. It must run every `every_min`; an execution that takes longer than
    `stuck_min` is stuck.
    """

    title: str
    components: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    dead_letters: tuple[str, ...] = ()
    state_machines: tuple[str, ...] = ()
    depth: str = ""
    age: str = ""
    dead: str = ""
    arrived: str = ""
    done: str = ""
    duration: str = ""
    success: str = ""
    runs: str = ""
    every_min: int | None = Field(default=None, gt=0)
    stuck_min: int = Field(default=60, gt=0)
    runbook: str = ""
    account: str = ""

    @model_validator(mode="after")
    def _runs_by_a_metric(self) -> Self:
        if (self.every_min is None) != (not self.runs):
            raise ValueError("needs 'runs' (a metric) and 'every_min' together, or neither")
        return self


class Capacity(Strict):
    """Something that can run out; what is left empty is not watched.

    `throttles` is a sum, `used` is held against `limit` (a metric) or `most` (a number in its unit); a sum is divided
    by its period first. It is full from `full` of its limit on. `duration` is in ms and ends at `timeout_ms`.
    `timeouts` and `cold_starts` are texts of log events, any of which counts. `running` below `wanted` (a metric, or a
    number) means that something does not start; `services` are those of `resources` whose stopped tasks say why.
    """

    title: str
    components: tuple[str, ...] = ()
    throttles: str = ""
    used: str = ""
    limit: str = ""
    most: float | None = Field(default=None, gt=0)
    full: float = Field(default=0.9, gt=0, le=1)
    duration: str = ""
    timeout_ms: float | None = Field(default=None, gt=0)
    timeouts: tuple[str, ...] = ()
    cold_starts: tuple[str, ...] = ()
    running: str = ""
    wanted: str | float = ""
    services: tuple[str, ...] = ()
    runbook: str = ""
    account: str = ""

    @model_validator(mode="after")
    def _has_limits(self) -> Self:
        if self.limit and self.most is not None:
            raise ValueError("has a limit (a metric) as well as most (a number); keep one")
        if (self.limit or self.most is not None) and not self.used:
            raise ValueError("has a limit, but not what is used; give used, the name of a metric")
        if bool(self.running) != (self.wanted != ""):
            raise ValueError("needs 'running' (a metric) and 'wanted' (a metric or a number) together, or neither")
        return self


class Access(Strict):
    """How people and programs sign in, and what is known of them.

    `components` are those of the log groups whose events tell of sign-ins (empty: all). An event with one of the texts
    in `failures` is a sign-in or a token that was refused. `addresses` are the fields of log events that hold the
    client's address, `failed` are metrics (sums) of refusals. Calls from `trusted` networks (CIDR) are no news by their
    address; `automation` names actors whose calls may come from any address.
    """

    components: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    automation: tuple[str, ...] = ()
    runbook: str = ""


class Template(Strict):
    """One text that people send, in the runbook's own words.

    `fields` says what fills a placeholder, written as it stands in the text (`"[Timestamp]": now`); of one that stands
    there several times a list says what fills each, in order. `for_people` leaves it to people: it reads "unknown".
    """

    text: str = Field(min_length=1)
    fields: dict[str, tuple[TemplateField, ...]] = {}

    @field_validator("fields", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: [each] if isinstance(each, str) else each for name, each in value.items()}

    @model_validator(mode="after")
    def _all_named(self) -> Self:
        held = list(dict.fromkeys(PLACEHOLDER.findall(self.text)))
        if lacking := [each for each in held if not any(each in field for field in self.fields)]:
            raise ValueError(f"fields says not what fills {', '.join(lacking)}; for_people leaves it to people")
        if unknown := [each for each in self.fields if each not in self.text]:
            raise ValueError(f"the text has no {unknown[0]!r}{did_you_mean(unknown[0], held)}")
        return self


class Templates(Strict):
    """Texts for each moment of an incident, and how often updates go out; None where the runbook says nothing of it."""

    initial: Template | None = None
    update: Template | None = None
    resolved: Template | None = None
    escalation: Template | None = None
    update_min: int | None = Field(default=None, gt=0)
