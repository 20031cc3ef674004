"""A test's own tables, and what runs on the server."""

import psycopg


def active_queries(superuser: psycopg.Connection) -> int:
    """Queries of ours that run on the server."""
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'ddms_ops/%' AND state = 'active'"
    return superuser.execute(count).fetchone()[0]


def table(superuser: psycopg.Connection, definition: str, name: str = "probe") -> None:
    """A fresh table of that name, from `(columns)` or `AS SELECT …`."""
    superuser.execute(f'DROP TABLE IF EXISTS public."{name}"')
    superuser.execute(f'CREATE TABLE public."{name}" {definition}')


def backend(superuser: psycopg.Connection) -> int:
    """Process id of the server's process that streams to us."""
    stream = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'ddms_ops/%' AND query LIKE 'COPY (%'"
    return superuser.execute(stream).fetchone()[0]
