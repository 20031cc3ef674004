"""What a condition lets through, in words, and where it stands."""

from collections.abc import Callable
from dataclasses import dataclass

from ddms_ops.sql_text.conditions import Expression

ANCHORED, NEVER, ALWAYS, FAIL_OPEN, FALLBACK, CONDITION, MEANT, BY_CALLER, ARM, UNTIED = (
    "anchored", "never", "always", "fail open", "fallback", "condition", "meant", "by caller", "arm", "untied",
)  # fmt: skip
WRONG_COLUMN, WRONG_SETTING, EDITED, WRONG_COMPARISON = "wrong column", "wrong setting", "edited", "wrong comparison"
WRONG = (WRONG_COLUMN, WRONG_SETTING, EDITED, WRONG_COMPARISON)
CLOSED = (ANCHORED, NEVER)
OF_AND = (*WRONG, UNTIED, MEANT, BY_CALLER, ARM, FALLBACK, FAIL_OPEN, CONDITION, ALWAYS)
OF_OR = (ALWAYS, FAIL_OPEN, FALLBACK, ARM, *WRONG, CONDITION, UNTIED, BY_CALLER, MEANT)
Closed = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a condition stands: at the row of a table (`inner` empty), or in a query whose tables are `inner`.

    `is_closed` says of a table, by schema and name, whether row-level security already keeps the reader's tenant;
    `outer` are names from outside, such as a function's arguments. `column` is the row's tenant column. Of a row that
    `is_new`, a column such as user_tenant_id may say whose it is too. A row that `is_written` must be tied to the
    tenant by that column, or by one of `tied`: columns that a foreign key binds to it.
    """

    column: str
    is_closed: Closed
    inner: tuple[str, ...] = ()
    has_column: bool = True
    outer: frozenset[str] = frozenset()
    is_new: bool = False
    is_written: bool = False
    tied: frozenset[str] = frozenset()
    depth: int = 0

    def is_outer(self, column: Expression) -> bool:
        """Whether a column is not one of the query's own tables."""
        if column.table == "$" or (not column.table and column.name in self.outer):
            return True
        return bool(self.inner) and bool(column.table) and column.table.rpartition(".")[2] not in self.inner

    def is_untied(self, names: set[str]) -> bool:
        """Whether a row may be written for any tenant where only these of its columns are looked at."""
        is_told = self.is_new and any(name.endswith(self.column) for name in names)
        return self.is_written and self.has_column and not self.inner and not (
            is_told or names & {self.column, *self.tied}
        )  # fmt: skip


def all_of(verdicts: list[str]) -> str:
    """Of conditions that must all hold."""
    if NEVER in verdicts:
        return NEVER
    return ANCHORED if ANCHORED in verdicts else next((v for v in OF_AND if v in verdicts), ALWAYS)


def any_of(verdicts: list[str]) -> str:
    """Of conditions of which one must hold."""
    open_arms = [verdict for verdict in verdicts if verdict not in CLOSED]
    if not open_arms:
        return ANCHORED if ANCHORED in verdicts else NEVER
    if ANCHORED not in verdicts:
        return next(verdict for verdict in OF_OR if verdict in open_arms)
    for verdict in (FAIL_OPEN, FALLBACK, *WRONG):
        if verdict in open_arms:
            return verdict
    return MEANT if set(open_arms) <= {MEANT, BY_CALLER} else ARM
