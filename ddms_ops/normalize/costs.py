"""Answers about a bill as frames: money stays Decimal."""

import pandas as pd
import pyarrow as pa

from ddms_ops.schema import Schema, conform


def cost_frame(table: pa.Table, pull: str, schema: Schema) -> pd.DataFrame:
    """An answer to one of `cost_sql.COST_PARTS` as a frame, with `pull` and `row`.

    Args:
        table: the answer; decimals become `decimal.Decimal`, null is None.
        pull: name of the pull.
        schema: COSTS or DETAILS; columns that the answer lacks are null.
    """
    frame = table.to_pandas()
    return conform(frame.assign(pull=pull, row=range(len(frame))), schema)
