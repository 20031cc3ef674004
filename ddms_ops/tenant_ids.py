"""Tenant ids as they are compared: two that differ only in case, hyphens, braces or space around are one tenant."""

import pandas as pd

MARKS = "{}-"


def folded_sql(column: str) -> str:
    """The folded id as SQL that Postgres, DuckDB and Athena read alike; null and empty text are null.

    Args:
        column: an SQL expression of type text.
    """
    return f"nullif(translate(lower(trim({column})), '{MARKS}', ''), '')"


def folded_tenants(ids: pd.Series) -> pd.Series:
    """The folded ids; null and empty text are null."""
    known = ids.astype("str").str.strip(" ").str.lower()
    for mark in MARKS:
        known = known.str.replace(mark, "", regex=False)
    return known.mask(known == "")


def compared_tenants(ids: pd.Series, *, is_folded: bool) -> pd.Series:
    """The ids as a system compares them: folded, or as they are with empty text for null."""
    texts = ids.astype("str")
    return folded_tenants(texts) if is_folded else texts.mask(texts == "")


def merged_tenants(ids: pd.Series) -> list[str]:
    """Ids of a list of tenants that are another's once folded: where there are any, folding is wrong for the system."""
    given = ids.dropna().astype("str").drop_duplicates()
    folded = folded_tenants(given)
    return sorted(given[folded.duplicated(keep=False) & folded.notna()])


class Spelling:
    """Folded ids as their system spells them.

    Args:
        known: ids of a system's tenants; one that is not among them, or not alone in its folded form, stays folded.
        is_folded: whether the system's ids are folded at all.
    """

    def __init__(self, known: pd.Series, *, is_folded: bool) -> None:
        given = known.dropna().astype("str").drop_duplicates() if is_folded else pd.Series(dtype="str")
        folded = folded_tenants(given)
        alone = folded.notna() & ~folded.duplicated(keep=False)
        self._names = dict(zip(folded[alone], given[alone], strict=True))

    def of(self, tenant: str) -> str:
        """One id."""
        return self._names.get(tenant, tenant)

    def spelled(self, frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """The frame with these columns spelled; null stays null."""
        given = {name: frame[name].map(self._names).astype("str").fillna(frame[name]) for name in columns}
        return frame.assign(**given)
