"""Times in records and in text lines, as DuckDB expressions: one place for their shapes."""

ISO = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
APACHE = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}(?:\.\d+)? \d{4}"
COMMON_LOG = r"\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}"
HAS_OFFSET = r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$"
LEADING = rf"^[\[<(]?({ISO}|{APACHE}|{COMMON_LOG})[\])>]?"
S3_EXPORT = r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z) "


def time_of(text: str) -> str:
    """SQL for the UTC TIMESTAMP that the SQL expression `text` (VARCHAR) holds, or NULL.

    Epoch seconds, ms, us or ns; ISO 8601 with or without zone (none means UTC); Apache's error
    log; the common log format.
    """
    digits = f"try_cast({text} AS DOUBLE)"
    comma = f"regexp_replace(replace({text}, ',', '.'), ' ?(UTC|GMT)$', 'Z')"
    return f"""CASE
        WHEN regexp_full_match({text}, '\\d{{12,13}}') THEN make_timestamp(try_cast({text} AS BIGINT) * 1000)
        WHEN regexp_full_match({text}, '\\d{{9,10}}(\\.\\d+)?')
            THEN make_timestamp(CAST(round({digits} * 1000000) AS BIGINT))
        WHEN regexp_full_match({text}, '\\d{{16}}') THEN make_timestamp(try_cast({text} AS BIGINT))
        WHEN regexp_full_match({text}, '\\d{{19}}') THEN make_timestamp(try_cast({text} AS BIGINT) // 1000)
        WHEN regexp_full_match({text}, '{ISO}') THEN CAST(try_cast({comma} AS TIMESTAMPTZ) AS TIMESTAMP)
        WHEN regexp_full_match({text}, '{APACHE}')
            THEN try_strptime(regexp_replace({text}, '\\.\\d+', ''), '%a %b %d %H:%M:%S %Y')
        WHEN regexp_full_match({text}, '{COMMON_LOG}')
            THEN CAST(try_strptime({text}, '%d/%b/%Y:%H:%M:%S %z') AS TIMESTAMP)
    END"""
