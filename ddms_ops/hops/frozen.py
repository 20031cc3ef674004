"""A frame of any shape as a table that Parquet can hold; what it cannot hold is kept as text."""

import json
from collections.abc import Hashable

import pandas as pd
import pyarrow as pa


def writable(text: str) -> str:
    """Text that can be written as UTF-8: half characters are written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def frozen_table(frame: pd.DataFrame) -> tuple[pa.Table, tuple[str, ...]]:
    """A frame as a table, and the names of the columns that are kept as text.

    Args:
        frame: an index that says something becomes columns before its own; columns of one name are numbered.

    Returns:
        The table, with all rows in their order, and names of columns whose values Parquet cannot hold as they are:
        objects, dictionaries, mixed values. Times with a zone are in UTC.
    """
    whole = _with_index(frame)
    arrays, texts = [], []
    names = _names(whole)
    for place, name in enumerate(names):
        array = _held(whole.iloc[:, place])
        if array is None:
            array = pa.array([_text(value) for value in whole.iloc[:, place]], pa.string())
            texts.append(name)
        arrays.append(array)
    return pa.Table.from_arrays(arrays, names=names), tuple(texts)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """With the index as columns, unless it only counts the rows."""
    index = frame.index
    if index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype):
        return frame
    levels = [index.get_level_values(place).to_series(index=range(len(index))) for place in range(index.nlevels)]
    named = [level.rename("index" if level.name is None else level.name) for level in levels]
    return pd.concat([*named, frame.reset_index(drop=True)], axis=1)


def _names(frame: pd.DataFrame) -> list[str]:
    """Names of columns as text, each once."""
    names: list[str] = []
    for column in frame.columns:
        name = bare = writable(_name(column))
        number = 1
        while name in names:
            number += 1
            name = f"{bare} ({number})"
        names.append(name)
    return names


def _name(column: Hashable) -> str:
    return ", ".join(str(part) for part in column) if isinstance(column, tuple) else str(column)


def _held(column: pd.Series) -> pa.Array | None:
    """The column as Parquet holds it and gives it back; None where it does not."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        utc = column.dt.tz_convert(None).to_numpy()
        return pa.array(utc, pa.timestamp(column.dtype.unit, tz="UTC"), from_pandas=True)
    try:
        array = pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError):
        return None
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return array if _is_held(array.type) else None


def _is_held(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _is_held(kind.value_type)
    if pa.types.is_interval(kind):
        return False
    plain = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(is_kind(kind) for is_kind in (*plain, pa.types.is_null, pa.types.is_decimal, pa.types.is_primitive))


def _text(value: object) -> str | None:
    """A value as text: dictionaries as JSON, a missing value as none."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, dict | list | tuple):
        try:
            return writable(json.dumps(value, ensure_ascii=False, default=str))
        except (TypeError, ValueError, RecursionError):
            pass
    return writable(str(value))
