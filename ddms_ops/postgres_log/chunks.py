"""Arrow tables to the engine and back: in chunks, so that it works on them with all its threads, and in order."""

import duckdb
import numpy as np
import pyarrow as pa

CHUNK = 1 << 15


def register(engine: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Give a table to the engine under a name."""
    engine.register(name, pa.Table.from_batches(table.combine_chunks().to_batches(max_chunksize=CHUNK), table.schema))


def in_order(read: duckdb.DuckDBPyRelation, column: str) -> pa.Table:
    """What a query gives, by one of its columns; most queries give it so."""
    table = read.to_arrow_table().combine_chunks()
    values = table[column].to_numpy()
    return table if (np.diff(values) >= 0).all() else table.sort_by(column).combine_chunks()
