"""Faults and their clean likes around SQL that is put together, and views over views; as function_objects has them."""

from function_objects import Objects, T, plpgsql, sql

DEFINER = "VOLATILE SECURITY DEFINER"
RUNS = {("F1", "public.f")}


def runs(body: str, *, takes: str = T, returns: str = "bigint", declare: str = "n bigint;") -> str:
    """A definer that puts SQL together."""
    return plpgsql("f", body, returns=returns, takes=takes, declare=declare, rest=DEFINER)


FAULTY: Objects = {
    "a table by argument": (runs("EXECUTE 'SELECT count(*) FROM ' || t INTO n; RETURN n;"), RUNS),
    "a quoted table by argument": (
        runs("EXECUTE 'SELECT count(*) FROM public.' || quote_ident(t) INTO n; RETURN n;"), RUNS,
    ),
    "a table by format": (runs("EXECUTE format('SELECT count(*) FROM %I', t) INTO n; RETURN n;"), RUNS),
    "a table by format of a variable": (
        runs("q := format('SELECT count(*) FROM public.%1$I', t); EXECUTE q INTO n; RETURN n;",
             declare="n bigint; q text;"), RUNS,
    ),
    "a condition by argument": (
        runs("EXECUTE 'SELECT count(*) FROM countries WHERE ' || t INTO n; RETURN n;"), RUNS,
    ),
    "a condition by %s": (
        runs("EXECUTE format('SELECT count(*) FROM public.countries WHERE %s', $1) INTO n; RETURN n;", takes="text"),
        RUNS,
    ),
    "a literal without quoting": (
        runs("EXECUTE 'SELECT count(*) FROM countries WHERE name = ''' || t || '''' INTO n; RETURN n;"), RUNS,
    ),
    "the whole text": (runs("EXECUTE t INTO n; RETURN n;"), RUNS),
    "rows of a table by argument": (
        runs("RETURN QUERY EXECUTE format('SELECT name FROM public.%I', t);", returns="SETOF text", declare=""), RUNS,
    ),
    "a loop over a table by argument": (
        runs("FOR r IN EXECUTE 'SELECT name FROM ' || quote_ident(t) LOOP RETURN NEXT r.name; END LOOP;",
             returns="SETOF text", declare="r record;"), RUNS,
    ),
    "rows of tenants by a constant": (
        runs("RETURN QUERY EXECUTE 'SELECT name FROM public.documents WHERE name = $1' USING t;",
             returns="SETOF text", declare=""), RUNS,
    ),
    "rows of a tenant by argument": (
        runs("EXECUTE format('SELECT count(*) FROM documents WHERE tenant_id = %L', t) INTO n; RETURN n;"), RUNS,
    ),
    "a table emptied by argument": (
        runs("EXECUTE format('TRUNCATE %I', t); RETURN 0;", declare=""), RUNS,
    ),
    "a condition that is appended": (
        runs("q := 'SELECT count(*) FROM countries'; IF t IS NOT NULL THEN q := q || ' WHERE ' || t; END IF;"
             " EXECUTE q INTO n; RETURN n;", declare="n bigint; q text;"), RUNS,
    ),
    "all tables of the catalog": (
        runs("FOR r IN SELECT tablename FROM pg_tables LOOP"
             " EXECUTE 'SELECT count(*) FROM ' || quote_ident(r.tablename) INTO n; END LOOP; RETURN n;",
             declare="n bigint; r record;"), RUNS,
    ),
    "through a function": (
        plpgsql("run", "EXECUTE 'SELECT count(*) FROM ' || q INTO n; RETURN n;", returns="bigint", takes="q text",
                declare="n bigint;") + sql("f", "SELECT run(t)", returns="bigint", takes=T, rest=DEFINER), RUNS,
    ),
    "rows by a function": (
        sql("all_rows", "SELECT count(*) FROM public.documents", returns="bigint")
        + sql("f", "SELECT all_rows()", returns="bigint", rest=DEFINER), RUNS,
    ),
    "XML of a query": (sql("f", "SELECT query_to_xml(t, true, false, '')", returns="xml", takes=T, rest=DEFINER), RUNS),
}  # fmt: skip
VIEWED = "GRANT SELECT ON v TO app;"
FAULTY |= {
    "an invoker over an owner's": (
        "CREATE VIEW u AS SELECT * FROM documents;"
        "CREATE VIEW v WITH (security_invoker) AS SELECT * FROM u; GRANT SELECT ON u, v TO app",
        {("V1", "public.u")},
    ),
    "an owner's over an invoker over an owner's": (
        "CREATE VIEW t AS SELECT * FROM documents; CREATE VIEW u WITH (security_invoker) AS SELECT * FROM t;"
        f"CREATE VIEW v AS SELECT * FROM u; {VIEWED} GRANT SELECT ON t TO app",
        {("V1", "public.t")},
    ),
    "a definer over an invoker": (
        "CREATE VIEW u WITH (security_invoker) AS SELECT * FROM documents;"
        + sql("f", "SELECT count(*) FROM u", returns="bigint", rest=DEFINER),
        RUNS,
    ),
}

CLEAN: dict[str, str] = {
    "a constant table": runs("EXECUTE 'SELECT count(*) FROM public.countries' INTO n; RETURN n;"),
    "a constant table with a literal": runs(
        "EXECUTE format('SELECT count(*) FROM countries WHERE name = %L', t) INTO n; RETURN n;"
    ),
    "a constant table with a value": runs(
        "EXECUTE 'SELECT count(*) FROM countries WHERE name = $1' INTO n USING t; RETURN n;"
    ),
    "a constant table by name": runs(
        "EXECUTE format('SELECT count(*) FROM %I', which) INTO n; RETURN n;",
        declare="n bigint; which text := 'countries';"
    ),
    "a constant table in an order": runs(
        "RETURN QUERY EXECUTE format('SELECT name FROM public.countries ORDER BY %I', t);", returns="SETOF text",
        declare="",
    ),
    "the tenant as a value": runs(
        "EXECUTE 'SELECT count(*) FROM public.documents WHERE tenant_id = $1 AND name = $2' INTO n USING cur(), t;"
        " RETURN n;"
    ),
    "the tenant as a literal": runs(
        "EXECUTE format('SELECT count(*) FROM documents WHERE tenant_id = %L', public.cur()) INTO n; RETURN n;"
    ),
    "a number by argument": runs(
        "EXECUTE 'SELECT count(*) FROM public.countries WHERE id = ' || i INTO n; RETURN n;", takes="i integer"
    ),
    "one of two tables": runs(
        "EXECUTE 'SELECT count(*) FROM ' || CASE t WHEN 'a' THEN 'countries' ELSE 'tenants' END INTO n; RETURN n;"
    ),
    "statistics of a table": runs("EXECUTE format('ANALYZE public.%I', t); RETURN 0;", declare=""),
    "an invoker's text": plpgsql("f", "EXECUTE 'SELECT * FROM ' || t; RETURN 1;", returns="int", takes=T),
    "an invoker over an invoker": (
        "CREATE VIEW u WITH (security_invoker) AS SELECT * FROM documents;"
        "CREATE VIEW v WITH (security_invoker) AS SELECT * FROM u; GRANT SELECT ON u, v TO app"
    ),
    "an owner's over an invoker": (
        "CREATE VIEW u WITH (security_invoker) AS SELECT * FROM documents;"
        f"CREATE VIEW v AS SELECT * FROM u; {VIEWED}"
    ),
    "an owner's over two invokers": (
        "CREATE VIEW t WITH (security_invoker) AS SELECT * FROM documents;"
        "CREATE VIEW u WITH (security_invoker) AS SELECT * FROM t;"
        f"CREATE VIEW v AS SELECT * FROM u; {VIEWED}"
    ),
    "the tenant's rows by a function": sql(
        "own_rows", "SELECT count(*) FROM public.documents WHERE tenant_id = t", returns="bigint", takes=T
    ) + sql("f", "SELECT own_rows(cur())", returns="bigint", rest=DEFINER),
    "a literal that is appended": runs(
        "q := 'SELECT count(*) FROM countries';"
        " IF t IS NOT NULL THEN q := q || ' WHERE name = ' || quote_literal(t); END IF; EXECUTE q INTO n; RETURN n;",
        declare="n bigint; q text;",
    ),
    "one of a list": runs(
        "IF t NOT IN ('countries', 'tenants') THEN RAISE EXCEPTION 'no'; END IF;"
        " EXECUTE format('SELECT count(*) FROM %I', t) INTO n; RETURN n;"
    ),
}  # fmt: skip
