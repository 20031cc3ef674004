"""Pipelines of a case: what waits, what was given up, what is stuck and which work takes longer."""

import pandas as pd

from ddms_ops.analysis.dead_letters import failures_counted
from ddms_ops.analysis.stuck import failed_runs, stuck_runs
from ddms_ops.case import Case
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.dead_letters import dead_messages
from ddms_ops.checks.figures_pipelines import drawn_pipelines, plot_pipelines
from ddms_ops.checks.refs import ms_words
from ddms_ops.checks.stuck_work import may_take, runs_of
from ddms_ops.checks.tables import Quiet, Shown, html_table, joined, verdict
from ddms_ops.checks.task_durations import durations_compared
from ddms_ops.checks.work_basis import pipelines_of, shown, title_of
from ddms_ops.operations import Pipeline
from ddms_ops.panels.pictures import Picture, picture
from ddms_ops.panels.tables import check_panel

MOST = 12
IDS = 3


def backlog_panel(case: Case) -> Picture | Shown:
    """Depth, age, dead letters, arrivals and completions of each pipeline over time."""
    try:
        pipelines_of(case)
    except CannotTell as lack:
        return verdict(f"Nothing to draw: {lack}.")
    if not drawn_pipelines(case):
        return verdict("Nothing to draw: no metric of a pipeline has points in the window.")
    found = [f for name in ("queue_backlog", "missed_runs", "dead_letters") for f in case.result(name).findings[:1]]
    words = " ".join(finding.statement + "." for finding in found) or "Nothing above its usual was found."
    return picture(plot_pipelines(case), f"What waits, comes in and is done, by pipeline. {words}")


def dead_letters_table(case: Case) -> Shown:
    """Messages that were given up, by what they say failed; texts without secrets, cut."""
    found = check_panel(case, "dead_letters")
    rows = []
    for name, entry in case.profile.pipelines.items():
        failures = dead_messages(case, name)
        for row in failures_counted(failures).head(MOST).itertuples():
            same = failures[failures["failure"] == row.Index]
            rows.append(
                (
                    title_of(entry),
                    int(row.messages),
                    shown(row.Index),
                    None if pd.isna(row.first) else row.first,
                    None if pd.isna(row.last) else row.last,
                    None if pd.isna(row.receives) else int(row.receives),
                    Quiet(", ".join(shown(each) for each in same["id"].head(IDS))),
                )
            )
    if not rows:
        return joined(found, verdict("No message of a dead-letter queue is in the evidence."))
    columns = ("pipeline", "messages", "what failed", "first sent", "last sent", "received, at most", "e.g.")
    caption = "Messages that were received from dead-letter queues, by what they say failed"
    return joined(found, html_table(columns, rows, caption=caption, align="lrlllrl"))


def stuck_table(case: Case) -> Shown:
    """Executions that run too long or ended badly, by state machine, step and error."""
    found = check_panel(case, "stuck_work")
    case.pulls("workflows")
    rows = [
        (title_of(entry), shown(machine), *row)
        for entry in case.profile.pipelines.values()
        for machine in entry.state_machines
        for row in _of_machine(case, machine, entry)
    ]
    if not rows:
        return joined(found, verdict("No execution is known that is stuck or ended badly."))
    columns = ("pipeline", "state machine", "how", "step", "error", "executions", "first", "e.g.")
    return joined(found, html_table(columns, rows[:MOST], caption="Executions by step", align="lllllrll"))


def _of_machine(case: Case, machine: str, entry: Pipeline) -> list[tuple[object, ...]]:
    runs = runs_of(case, machine)
    stuck = stuck_runs(runs, case.window, longest_min=may_take(case, entry, runs).minutes)
    failed = failed_runs(runs, case.window)
    rows: list[tuple[object, ...]] = []
    for how, part, column in (("runs too long", stuck, "timestamp"), ("ended badly", failed, "ended")):
        for (step, error), same in part.assign(error=part["error"].fillna("")).groupby(["step", "error"], sort=True):
            ids = Quiet(", ".join(shown(name) for name in same.sort_values(column)["id"].head(IDS)))
            rows.append((how, shown(step), shown(error) or None, len(same), same[column].min(), ids))
    return rows


def task_durations_table(case: Case) -> Shown:
    """Durations of each kind of work in the logs, now and in the baseline."""
    found = check_panel(case, "task_durations")
    rows = []
    for entry in case.profile.pipelines.values():
        for row in durations_compared(case, entry).head(MOST).itertuples():
            rows.append(
                (
                    title_of(entry),
                    shown(row.Index),
                    (f"{row.n:,}", Quiet(f"before {row.n_before:,}")),
                    (ms_words(row.p50_ms), Quiet(f"before {ms_words(row.p50_before_ms)}")),
                    (ms_words(row.p95_ms), Quiet(f"before {ms_words(row.p95_before_ms)}")),
                    f"{row.p_value:.2g}",
                )
            )
    if not rows:
        return joined(found, verdict("No kind of work has enough durations in the logs of window and baseline."))
    columns = ("pipeline", "kind", "pieces", "median", "p95", "p of one comparison")
    return joined(found, html_table(columns, rows, caption="Durations of work, from the logs", align="llrrrr"))
