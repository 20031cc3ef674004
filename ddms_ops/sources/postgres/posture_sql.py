"""What the posture of tenant isolation is read from: Postgres' own catalogs, version 12 or later, as `kind id record`.

Roles and relations are told by number; privileges as pairs of role and privilege, role 0 being PUBLIC. A definition is
null where a table that it names is held, or waited for, in exclusive mode: the server would wait too. Of settings that
roles and databases carry only the names are read, for values may be secrets.
"""

MOST_ROWS = 20_000
LIMIT = MOST_ROWS + 1  # one more says that there are more

OWN_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
CLOSED = """EXISTS (SELECT FROM pg_locks AS l WHERE l.mode = 'AccessExclusiveLock' AND l.relation IN ({relations}))"""
NO_EXTENSION = """NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = '{catalog}'::regclass AND e.objid = {oid}
        AND e.deptype = 'e')"""


def _acl(acl: str, kind: str, owner: str) -> str:
    """SQL of the privileges of an object, those that it has by default where none were granted."""
    return (
        "(SELECT jsonb_agg(jsonb_build_array(a.grantee::int8, a.privilege_type) ORDER BY a.grantee, a.privilege_type)"
        f" FROM aclexplode(coalesce({acl}, acldefault('{kind}', {owner}))) AS a)"
    )


SESSION = """
SELECT 'session' AS kind, current_user::text AS id, jsonb_build_object('user', current_user, 'is_superuser', r.rolsuper,
    'bypasses', r.rolbypassrls, 'database', current_database(), 'version', current_setting('server_version'))::text
    AS record
FROM pg_roles AS r WHERE r.rolname = current_user
"""
ROLES = f"""
SELECT 'role' AS kind, r.rolname::text AS id, jsonb_build_object('oid', r.oid::int8, 'name', r.rolname,
    'is_superuser', r.rolsuper, 'bypasses', r.rolbypassrls, 'inherits', r.rolinherit, 'can_login', r.rolcanlogin,
    'replicates', r.rolreplication)::text AS record
FROM pg_roles AS r ORDER BY r.oid LIMIT {LIMIT}
"""
MEMBERS = f"""
SELECT 'member' AS kind, m.member::text || ' in ' || m.roleid::text AS id, jsonb_build_object('role', m.roleid::int8,
    'member', m.member::int8, 'inherits', (to_jsonb(m) ->> 'inherit_option')::boolean,
    'can_set', (to_jsonb(m) ->> 'set_option')::boolean)::text AS record
FROM pg_auth_members AS m ORDER BY m.member, m.roleid LIMIT {LIMIT}
"""
SETTINGS = f"""
SELECT 'setting' AS kind, split_part(c.item, '=', 1) AS id, jsonb_build_object('name', split_part(c.item, '=', 1),
    'is_empty', substr(c.item, strpos(c.item, '=') + 1) IN ('', '""'), 'role', s.setrole::int8,
    'is_of_database', s.setdatabase <> 0)::text AS record
FROM pg_db_role_setting AS s CROSS JOIN LATERAL unnest(s.setconfig) AS c (item)
WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
    AND strpos(split_part(c.item, '=', 1), '.') > 0
ORDER BY s.setrole, c.item LIMIT {LIMIT}
"""
SCHEMAS = f"""
SELECT 'schema' AS kind, n.nspname::text AS id, jsonb_build_object('oid', n.oid::int8, 'name', n.nspname,
    'owner', n.nspowner::int8, 'acl', {_acl("n.nspacl", "n", "n.nspowner")})::text AS record
FROM pg_namespace AS n WHERE {OWN_SCHEMA} ORDER BY n.oid LIMIT {LIMIT}
"""
RELATIONS = f"""
SELECT 'relation' AS kind, n.nspname || '.' || c.relname AS id, jsonb_build_object('oid', c.oid::int8,
    'schema', n.nspname, 'name', c.relname, 'kind', c.relkind::text, 'owner', c.relowner::int8,
    'has_rls', c.relrowsecurity, 'is_forced', c.relforcerowsecurity, 'is_partition', c.relispartition,
    'parents', (SELECT jsonb_agg(i.inhparent::int8 ORDER BY i.inhseqno) FROM pg_inherits AS i
        WHERE i.inhrelid = c.oid),
    'options', to_jsonb(c.reloptions), 'has_rows', c.reltuples > 0, 'acl', {_acl("c.relacl", "r", "c.relowner")},
    'column_acl', (SELECT jsonb_agg(DISTINCT jsonb_build_array(a.grantee::int8, a.privilege_type))
        FROM pg_attribute AS t CROSS JOIN LATERAL aclexplode(t.attacl) AS a
        WHERE t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped),
    'columns', (SELECT jsonb_agg(jsonb_build_object('name', t.attname, 'is_required', t.attnotnull OR y.typnotnull)
            ORDER BY t.attnum)
        FROM pg_attribute AS t JOIN pg_type AS y ON y.oid = t.atttypid
        WHERE t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped))::text AS record
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {OWN_SCHEMA}
    AND {NO_EXTENSION.format(catalog="pg_class", oid="c.oid")}
ORDER BY c.oid LIMIT {LIMIT}
"""
POLICIES = f"""
SELECT 'policy' AS kind, p.polname::text AS id, jsonb_build_object('table', p.polrelid::int8, 'name', p.polname,
    'command', p.polcmd::text, 'is_permissive', p.polpermissive, 'roles', to_jsonb(p.polroles::int8[]),
    'has_using', p.polqual IS NOT NULL, 'has_check', p.polwithcheck IS NOT NULL, 'is_locked', p.is_locked,
    'using', CASE WHEN NOT p.is_locked THEN pg_get_expr(p.polqual, p.polrelid) END,
    'check', CASE WHEN NOT p.is_locked THEN pg_get_expr(p.polwithcheck, p.polrelid) END)::text AS record
FROM (SELECT o.*, {
    CLOSED.format(
        relations="SELECT o.polrelid UNION ALL SELECT d.refobjid FROM pg_depend AS d"
        " WHERE d.classid = 'pg_policy'::regclass AND d.objid = o.oid AND d.refclassid = 'pg_class'::regclass"
    )
} AS is_locked FROM pg_policy AS o) AS p
ORDER BY p.polrelid, p.polname LIMIT {LIMIT}
"""
VIEWS = f"""
SELECT 'view' AS kind, v.nspname || '.' || v.relname AS id, jsonb_build_object('oid', v.oid::int8,
    'uses', (SELECT jsonb_agg(u.used::int8 ORDER BY u.used) FROM unnest(v.used) AS u (used)), 'is_locked', v.is_locked,
    'definition', CASE WHEN NOT v.is_locked THEN pg_get_viewdef(v.oid) END)::text AS record
FROM (SELECT w.*, {CLOSED.format(relations="SELECT w.oid UNION ALL SELECT unnest(w.used)")} AS is_locked
    FROM (SELECT c.oid, c.relname, n.nspname, ARRAY(SELECT DISTINCT d.refobjid FROM pg_rewrite AS r
            JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
            WHERE r.ev_class = c.oid) AS used
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('v', 'm') AND {OWN_SCHEMA} AND {NO_EXTENSION.format(catalog="pg_class", oid="c.oid")}
        ORDER BY c.oid LIMIT {LIMIT}) AS w) AS v
"""
FUNCTIONS = f"""
SELECT 'function' AS kind, n.nspname || '.' || p.proname AS id, jsonb_build_object('oid', p.oid::int8,
    'schema', n.nspname, 'name', p.proname, 'arguments', pg_get_function_identity_arguments(p.oid),
    'owner', p.proowner::int8, 'is_definer', p.prosecdef, 'language', l.lanname, 'returns', y.typname,
    'source', CASE WHEN p.prosrc = '' AND l.lanname = 'sql' THEN pg_get_functiondef(p.oid) ELSE p.prosrc END,
    'search_path', (SELECT substr(c.item, 13) FROM unnest(p.proconfig) AS c (item)
        WHERE c.item LIKE 'search_path=%' LIMIT 1),
    'acl', {_acl("p.proacl", "f", "p.proowner")})::text AS record
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
    JOIN pg_type AS y ON y.oid = p.prorettype
WHERE p.prokind IN ('f', 'p') AND {OWN_SCHEMA} AND {NO_EXTENSION.format(catalog="pg_proc", oid="p.oid")}
ORDER BY p.oid LIMIT {LIMIT}
"""
CONSTRAINTS = f"""
SELECT CASE k.contype WHEN 'f' THEN 'foreign_key' ELSE 'check' END AS kind, k.conname::text AS id,
    jsonb_build_object('table', k.conrelid::int8, 'referenced', k.confrelid::int8,
        'columns', (SELECT jsonb_agg(t.attname ORDER BY t.attnum) FROM pg_attribute AS t
            WHERE t.attrelid = k.conrelid AND t.attnum = ANY (k.conkey)),
        'expression', CASE WHEN k.contype = 'c' AND NOT {CLOSED.format(relations="k.conrelid")}
            THEN pg_get_expr(k.conbin, k.conrelid) END)::text AS record
FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.contype IN ('f', 'c') AND (k.contype = 'f' OR k.convalidated) AND {OWN_SCHEMA}
ORDER BY k.oid LIMIT {LIMIT}
"""
DEFAULTS = f"""
SELECT 'default_acl' AS kind, coalesce(n.nspname::text, '*') AS id, jsonb_build_object('role', d.defaclrole::int8,
    'schema', n.nspname, 'acl', (SELECT jsonb_agg(jsonb_build_array(a.grantee::int8, a.privilege_type)
        ORDER BY a.grantee, a.privilege_type) FROM aclexplode(d.defaclacl) AS a))::text AS record
FROM pg_default_acl AS d LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
WHERE d.defaclobjtype = 'r' ORDER BY d.oid LIMIT {LIMIT}
"""
TRIGGERS = f"""
SELECT 'event_trigger' AS kind, t.evtname::text AS id, jsonb_build_object('function', t.evtfoid::int8,
    'event', t.evtevent, 'is_enabled', t.evtenabled <> 'D')::text AS record
FROM pg_event_trigger AS t ORDER BY t.oid LIMIT {LIMIT}
"""
# Each part with the catalogs that the role must be allowed to read for it; all but pg_proc's are open by default.
PARTS: dict[str, tuple[str, str]] = {
    "session": (SESSION, "pg_roles"),
    "roles": (ROLES, "pg_roles"),
    "memberships": (MEMBERS, "pg_auth_members"),
    "role settings": (SETTINGS, "pg_db_role_setting, pg_database"),
    "schemas": (SCHEMAS, "pg_namespace"),
    "tables": (RELATIONS, "pg_class, pg_namespace, pg_attribute, pg_type, pg_inherits, pg_depend"),
    "policies": (POLICIES, "pg_policy, pg_locks, pg_depend"),
    "views": (VIEWS, "pg_class, pg_namespace, pg_rewrite, pg_locks, pg_depend"),
    "functions": (FUNCTIONS, "pg_proc, pg_namespace, pg_language, pg_type, pg_depend"),
    "constraints": (CONSTRAINTS, "pg_constraint, pg_class, pg_namespace, pg_attribute, pg_locks"),
    "default privileges": (DEFAULTS, "pg_default_acl, pg_namespace"),
    "event triggers": (TRIGGERS, "pg_event_trigger"),
}
EVERYTHING = "\nUNION ALL\n".join(f"({statement.strip()})" for statement, _ in PARTS.values())
