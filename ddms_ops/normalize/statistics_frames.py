"""All frames of the snapshots of a database's statistics, each made when it is first looked at."""

from functools import cached_property

import pandas as pd
import pyarrow as pa

from ddms_ops.normalize import statistics
from ddms_ops.sql_text import masked, statement_ids


class StatisticsFrames:
    """Frames of one pull of snapshots; their columns stand in `normalize.statistics_schemas`.

    Args:
        records: RECORDS of the topic `statistics`.
        pull: its name.
    """

    def __init__(self, records: pa.Table, pull: str) -> None:
        self._records, self._pull = records, pull

    @cached_property
    def statements(self) -> pd.DataFrame:
        """STATEMENT_COUNTERS."""
        return statistics.statement_counters(self._records, self._pull)

    @cached_property
    def info(self) -> pd.DataFrame:
        """COUNTERS_INFO."""
        return statistics.counters_info(self._records, self._pull)

    @cached_property
    def sessions(self) -> pd.DataFrame:
        """ACTIVITY, with the `statement` (its id) in place of its text; null without one."""
        found = statistics.activity(self._records, self._pull)
        texts = found.pop("text")
        masks = {text: masked(text) for text in texts.dropna().unique()}
        ids = statement_ids(sorted(set(masks.values())))
        return found.assign(statement=[None if pd.isna(text) or not text else ids[masks[text]] for text in texts])

    @cached_property
    def session_texts(self) -> dict[str, str]:
        """Texts without literals of what the sessions ran, by statement id."""
        texts = statistics.activity(self._records, self._pull)["text"].dropna().unique()
        masks = sorted({masked(text) for text in texts if text}, reverse=True)
        return {name: text for text, name in statement_ids(masks).items()}

    @cached_property
    def tables(self) -> pd.DataFrame:
        """TABLE_STATISTICS."""
        return statistics.table_statistics(self._records, self._pull)

    @cached_property
    def indexes(self) -> pd.DataFrame:
        """INDEX_STATISTICS."""
        return statistics.index_statistics(self._records, self._pull)

    @cached_property
    def settings(self) -> pd.DataFrame:
        """SETTINGS."""
        return statistics.settings_of(self._records, self._pull)

    @cached_property
    def databases(self) -> pd.DataFrame:
        """DATABASE_COUNTERS."""
        return statistics.database_counters(self._records, self._pull)

    @staticmethod
    def ends(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows of a view in its first and in its last snapshot; the same where there is one only."""
        times = frame.groupby("snapshot", sort=True)["captured_at"].min()
        names = list(times.sort_values(kind="stable").index) if times.notna().all() else _labels(times.index)
        if not names:
            return frame, frame
        return frame[frame["snapshot"] == names[0]], frame[frame["snapshot"] == names[-1]]

    def setting(self, name: str) -> str | None:
        """A setting as the last snapshot has it, None where no snapshot does."""
        found = self.settings[self.settings["name"] == name].sort_values("captured_at", kind="stable")
        return None if found.empty else str(found["value"].iloc[-1])


def _labels(names: pd.Index) -> list[str]:
    """Labels without times in their order: before, what stands between, after."""
    places = {"before": 0, "after": 2}
    return sorted(map(str, names), key=lambda name: (places.get(name, 1), name))
