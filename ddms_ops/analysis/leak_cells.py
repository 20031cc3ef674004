"""The leak matrix: who read whose records, how often, from when to when."""

import pandas as pd

from ddms_ops.schema import conform
from ddms_ops.tenancy import Tenants
from ddms_ops.tenant_ids import compared_tenants
from ddms_ops.tenant_schemas import CELLS


def leak_cells(matrix: pd.DataFrame, tenants: Tenants) -> pd.DataFrame:
    """Audit rows by actor's tenant, owner's tenant and outcome.

    Args:
        matrix: the answer `matrix` of `trail_sql.PARTS`, with `pull` and `row`.
        tenants: the profile's declaration.

    Returns:
        CELLS, most rows first; `row` is the first of the answer's rows that a cell is made of. The owner of a record
        that is in no table of owners is the tenant that the row was written for.
    """
    parts = matrix.assign(
        actor=compared_tenants(matrix["actor"], is_folded=tenants.folded),
        owner=compared_tenants(
            matrix["owner"].where(matrix["owner"].notna(), matrix["row_tenant"]), is_folded=tenants.folded
        ),
    )
    cells = parts.groupby(["actor", "owner", "outcome"], dropna=False, as_index=False).agg(
        rows=("rows", "sum"),
        first=("timestamp", "min"),
        last=("last", "max"),
        pull=("pull", "first"),
        row=("row", "min"),
    )
    return conform(cells.sort_values(["rows", "actor", "owner", "outcome"], ascending=[False, True, True, True]), CELLS)
