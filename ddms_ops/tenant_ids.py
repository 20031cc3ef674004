"""Tenant ids as they are compared: two that differ only in case, hyphens, braces or space around are one tenant."""

from collections.abc import Mapping

import numpy as np
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


def other_spellings(counts: pd.Series, *, is_folded: bool) -> dict[str, str]:
    """How a tenant is spelled most often, the first by name among equals, by each other spelling of it.

    Args:
        counts: how often each spelling stands; indexed by spelling, zeros are left out.
        is_folded: whether the system's ids are folded at all; else nothing is another's spelling.
    """
    if not is_folded:
        return {}
    known = counts[counts > 0].rename(index=str).sort_index().sort_values(ascending=False, kind="stable")
    names = pd.Series(known.index, dtype="str")
    first = names.groupby(folded_tenants(names).fillna(names)).transform("first")
    return dict(zip(names[first != names], first[first != names], strict=True))


def spelled_alike(ids: pd.Series, others: Mapping[str, str]) -> pd.Series:
    """The ids (str or category), what `others` names replaced; the same Series where there are none."""
    if not others:
        return ids
    held = ids.astype("category").cat
    names = [others.get(str(name), str(name)) for name in held.categories]
    kept = pd.Index(sorted(set(names)), dtype=held.categories.dtype)
    codes = np.append(kept.get_indexer(pd.Index(names, dtype=kept.dtype)), -1)[held.codes]
    found = pd.Series(pd.Categorical.from_codes(codes, kept), index=ids.index, name=ids.name)
    return found if isinstance(ids.dtype, pd.CategoricalDtype) else found.astype("str")


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
