"""Answers of an audit trail as frames."""

import pandas as pd
import pyarrow as pa

from ddms_ops.schema import conform
from ddms_ops.tenant_schemas import EXTENT, HOLES, PAUSES, RHYTHM

FRAMES = {  # of what an answer is a frame, and what that calls its times
    "rhythm": (RHYTHM, {"timestamp": "minute"}),
    "pauses": (PAUSES, {"timestamp": "start", "ended": "end"}),
    "holes": (HOLES, {"timestamp": "start", "ended": "end"}),
    "extent": (EXTENT, {"timestamp": "first"}),
}


def answer_frame(table: pa.Table, pull: str) -> pd.DataFrame:
    """The answer with `pull` and the place of each row in its evidence file, `row`; texts as pandas' str."""
    frame = table.to_pandas()
    texts = [name for name in table.column_names if pa.types.is_string(table.schema.field(name).type)]
    return frame.astype(dict.fromkeys(texts, "str")).assign(pull=pull, row=range(len(frame)))


def trail_frame(part: str, answer: pd.DataFrame) -> pd.DataFrame:
    """The answer to one of FRAMES in its schema."""
    schema, names = FRAMES[part]
    return conform(answer.rename(columns=names), schema)
