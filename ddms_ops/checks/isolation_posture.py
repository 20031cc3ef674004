"""Does the database itself keep tenants apart?"""

import pandas as pd

from ddms_ops.analysis.isolation import Fault, NoPosture, isolation_faults, judged_roles, set_kept, unread_policies
from ddms_ops.checks.base import CannotTell, Facts, is_absent
from ddms_ops.checks.refs import counted, pair_refs
from ddms_ops.findings import EvidenceRef, Finding
from ddms_ops.redact import redact
from ddms_ops.tenancy import Isolation

KIND = "posture"
NO_TENANTS = "the profile declares no tenants"
NO_POSTURE = (
    "no posture of the database: connect to it, or run docs/database-posture.sql and put posture.csv into database/"
)
SETS = r"^\s*set\s|set_config"  # statements that may state a tenant
NOTE_ROLES = "the profile names no role of the application (tenants: isolation: app_roles); judged for {names}"


def check_isolation_posture(facts: Facts) -> list[Finding]:
    """What the catalogs, and the statements that are known, show of roles, tables, policies, views and functions.

    Args:
        facts: of a case; the posture is of now, not of the window.

    Raises:
        CannotTell: no tenants are declared, or the posture is of no database, of another one, or lacks the role.
    """
    isolation = _isolation(facts)
    if is_absent(facts, KIND):
        raise CannotTell("; ".join(dict.fromkeys(row.reason for row in facts.pulls(KIND) if row.reason)) or NO_POSTURE)
    stated = _stated(facts)
    texts = stated["statement"].tolist()
    try:
        faults = isolation_faults(
            facts.posture, isolation, settings=facts.database.tenant_settings, statements=texts
        )  # fmt: skip
    except NoPosture as lack:
        raise CannotTell(_line(str(lack))) from None
    return [_finding(facts, fault, stated) for fault in faults]


def posture_notes(facts: Facts, _findings: list[Finding]) -> str:
    """For which roles it was judged where the profile names none, and which policies could not be read."""
    return unsure(facts)


def unsure(facts: Facts) -> str:
    """Why nothing found may not mean that tenants are kept apart."""
    isolation = _isolation(facts)
    words = []
    if not isolation.app_roles:
        names = ", ".join(role.name for role in judged_roles(facts.posture, isolation))
        words.append(_line(NOTE_ROLES.format(names=names)))
    if count := unread_policies(facts.posture):
        words.append(f"the conditions of {counted(count, 'policy').replace('policys', 'policies')} could not be read")
    return "; ".join(words)


def _isolation(facts: Facts) -> Isolation:
    """The profile's section.

    Raises:
        CannotTell: it has none.
    """
    if facts.profile.tenants is None:
        raise CannotTell(NO_TENANTS)
    return facts.profile.tenants.isolation


def _stated(facts: Facts) -> pd.DataFrame:
    """Statements that may state a tenant, of the Postgres log and of pg_stat_statements: statement, pull, row."""
    columns = ["statement", "pull", "row"]
    parts = []
    if not is_absent(facts, "database_log"):
        parts.append(facts.statement_log.texts_like(SETS)[columns])
    if not is_absent(facts, "statistics"):
        counted_ones = facts.statistics.statements.rename(columns={"text": "statement"})[columns].dropna()
        parts.append(counted_ones[counted_ones["statement"].str.contains(SETS, case=False, regex=True)])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _finding(facts: Facts, fault: Fault, stated: pd.DataFrame) -> Finding:
    subject = {"rule": fault.rule, "object": fault.object, **({"part": fault.part} if fault.part else {})}
    return Finding(
        check="isolation_posture",
        severity=fault.severity,
        statement=redact(_line(f"{fault.object}: {fault.consequence}")),
        subject={name: _line(text) for name, text in subject.items()},
        evidence=_evidence(facts, fault, stated),
        strength=float(len(fault.role.split(", "))),
        next_step=f"To review, never run by this tool:\n{fault.remedy}",
    )


def _evidence(facts: Facts, fault: Fault, stated: pd.DataFrame) -> tuple[EvidenceRef, ...]:
    """The records that show it: of the catalogs, or the statements that set the setting."""
    if fault.rows:
        return (EvidenceRef.of(facts.posture.pull, fault.rows),)
    is_it = [fault.object in set_kept(str(text)) for text in stated["statement"]]
    return pair_refs(zip(stated.loc[is_it, "pull"], stated.loc[is_it, "row"], strict=True))


def _line(text: str) -> str:
    """A name of the database may hold line ends."""
    return " ".join(text.split())
