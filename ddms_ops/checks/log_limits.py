"""Of which calls the Postgres log tells: of all, of those over a limit, or of a sample."""

import re

from ddms_ops.analysis.statement_log import BEFORE, NOW
from ddms_ops.checks.base import Facts

SHORT_MS = 1.0
SHORT_SHARE, SHORT_CALLS = 0.005, 5  # from so many calls under SHORT_MS on, a log is taken to tell of all
UNLIKE = 2.0  # limits of window and baseline that differ so much cannot be compared
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0}
NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*", re.IGNORECASE)


def milliseconds(text: str | None) -> float | None:
    """A setting of time in ms, as pg_settings (`250`) or SHOW (`250ms`) has it; None where it is no time."""
    found = NUMBER.fullmatch(text or "")
    return float(found[1]) * UNITS[(found[2] or "ms").lower()] if found else None


def limit_ms(facts: Facts, side: str) -> float | None:
    """The limit over which the log of a side tells of calls: 0 for all of them; None of a side without calls.

    The server's setting where a snapshot has it, else what the calls themselves show.
    """
    calls, short, least = facts.statement_log.shortest(side, under_ms=SHORT_MS)
    if not calls:
        return None
    shows_all = short >= max(SHORT_CALLS, SHORT_SHARE * calls) or short == calls
    stated = milliseconds(facts.statistics.setting("log_min_duration_statement"))
    if stated is not None and stated > 0:
        return stated
    return 0.0 if shows_all else least


def is_sampled(facts: Facts) -> bool:
    """Whether the server logs a part of the calls only, by its settings."""
    rate = _number(facts.statistics.setting("log_statement_sample_rate"))
    least = milliseconds(facts.statistics.setting("log_min_duration_sample"))
    of_transactions = _number(facts.statistics.setting("log_transaction_sample_rate"))
    by_call = rate is not None and rate < 1 and least is not None and least >= 0
    return by_call or (of_transactions is not None and 0 < of_transactions < 1)


def is_full(facts: Facts) -> bool:
    """Whether the log tells of every call, in window and baseline."""
    return not is_sampled(facts) and limit_ms(facts, NOW) == 0 and limit_ms(facts, BEFORE) in (0, None)


def limit_words(facts: Facts) -> str:
    """What the log leaves out, as a note; empty where it tells of all."""
    limit = max(limit_ms(facts, NOW) or 0.0, limit_ms(facts, BEFORE) or 0.0)
    words = [f"the log tells of calls over {'about ' if limit % 1 else ''}{limit:,.0f} ms only"] if limit else []
    words += ["the log tells of a sample of calls only (log_statement_sample_rate)"] if is_sampled(facts) else []
    return "; ".join(words)


def unlike_limits(facts: Facts) -> str:
    """Why the log's window and baseline cannot be compared; empty where they can."""
    now, before = limit_ms(facts, NOW), limit_ms(facts, BEFORE)
    if now is None or before is None or max(now, before) <= UNLIKE * min(now, before) or now == before:
        return ""
    shown = [f"over {limit:,.0f} ms" if limit else "of any length" for limit in (now, before)]
    return f"the log tells of calls {shown[0]} in the window, {shown[1]} in the baseline"


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
