"""Panels with a control: each takes a case, shows what the panel shows, and lets a person look closer."""

from collections.abc import Mapping

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.panels import (
    check_panel,
    findings_panel,
    groups_table,
    statements_table,
    tenants_table,
    threads_panel,
    timeline_panel,
)
from ddms_ops.panels.answer import TRIAGE
from ddms_ops.panels.linked import timeline_spec
from ddms_ops.panels.linked_spec import MIME
from ddms_ops.widgets import choices
from ddms_ops.widgets.control import Control
from ddms_ops.widgets.equivalent import call_of

SIDES = {"the window": "", "the baseline": "baseline"}


def groups(case: Case) -> Control:
    """The largest groups of errors and warnings; a person can pick any group and see its lines."""
    return Control(groups_table(case), lambda: _groups(case))


def tenants(case: Case) -> Control:
    """The tenants that were hit; a person can pick one and see what there is of it in the window."""
    return Control(tenants_table(case), lambda: _tenants(case))


def lines(case: Case) -> Control:
    """Requests of the leading groups beside healthy ones; a person can ask for lines by level, text, time and more."""
    return Control(threads_panel(case), lambda: _lines(case))


def checks(case: Case, notebook: str = TRIAGE) -> Control:
    """The findings of a notebook; a person can pick one and see its evidence, or a check and see its answer."""
    return Control(findings_panel(case, notebook), lambda: _checks(case, notebook))


def statements(case: Case) -> Control:
    """Where the difference of database time comes from; a person can pick a statement."""
    return Control(statements_table(case), lambda: _statements(case))


def timeline(case: Case) -> Control:
    """Alarms, first errors, changes and notes on one axis; a person can zoom, and sees rates and metrics along it."""
    return Control(timeline_panel(case), extra=lambda: {MIME: timeline_spec(case)})


def _groups(case: Case) -> object:
    from ddms_ops.widgets.boxes import picker

    return picker(
        "error group",
        choices.group_choices(case),
        lambda key: f"{call_of('case.group', key)}.lines()",
        lambda key: case.group(key).lines(),
    )


def _tenants(case: Case) -> object:
    from ddms_ops.widgets.boxes import picker

    return picker("tenant", choices.tenant_choices(case), lambda key: call_of("case.tenant", key), case.tenant)


def _lines(case: Case) -> object:
    from ddms_ops.widgets.boxes import filters

    fields: dict[str, Mapping[str, str] | str] = {
        "level": choices.levels(),
        "component": choices.components(case),
        "log_group": choices.log_groups(case),
        "tenant": "id",
        "contains": "plain text",
        "start": "10:38, in UTC",
        "end": "10:45, in UTC",
        "side": SIDES,
    }
    return filters(fields, lambda given: call_of("case.logs", **given), lambda given: case.logs(**_given(given)))


def _checks(case: Case, notebook: str) -> object:
    from ddms_ops.widgets.boxes import picker

    known = {check.id for check in CHECKS}
    return picker(
        "finding or check",
        choices.check_choices(case, notebook),
        lambda key: f"panels.check_panel(case, {key!r})" if key in known else call_of("case.finding", key),
        lambda key: check_panel(case, key) if key in known else case.finding(key),
    )


def _statements(case: Case) -> object:
    from ddms_ops.widgets.boxes import picker

    return picker(
        "statement", choices.statement_choices(case), lambda key: call_of("case.statement", key), case.statement
    )


def _given(values: Mapping[str, str]) -> dict[str, str]:
    """The values that say something."""
    return {name: value for name, value in values.items() if value}
