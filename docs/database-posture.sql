-- psql "$DMS_DATABASE_URL" -f database-posture.sql    in the folder database/ of an export
--
-- What the database's own isolation of tenants rests on, read from its catalogs into posture.csv of the current folder:
-- roles and memberships, privileges, tables, policies, views, functions, default privileges. It only reads the
-- catalogs, no row of any table, and no definition whose tables somebody holds, or waits for, in exclusive mode. Any
-- role may read them. The file holds the bodies of functions and views, and no values of settings.
\set ON_ERROR_STOP on
\set QUIET on
SET default_transaction_read_only = on;
SET statement_timeout = '15s';
SET lock_timeout = '500ms';
SET search_path = pg_catalog;
COPY (
(SELECT 'session' AS kind, current_user::text AS id, jsonb_build_object('user', current_user, 'is_superuser', r.rolsuper,
    'bypasses', r.rolbypassrls, 'database', current_database(), 'version', current_setting('server_version'))::text
    AS record
FROM pg_roles AS r WHERE r.rolname = current_user)
UNION ALL
(SELECT 'role' AS kind, r.rolname::text AS id, jsonb_build_object('oid', r.oid::int8, 'name', r.rolname,
    'is_superuser', r.rolsuper, 'bypasses', r.rolbypassrls, 'inherits', r.rolinherit, 'can_login', r.rolcanlogin,
    'replicates', r.rolreplication)::text AS record
FROM pg_roles AS r ORDER BY r.oid LIMIT 20001)
UNION ALL
(SELECT 'member' AS kind, m.member::text || ' in ' || m.roleid::text AS id, jsonb_build_object('role', m.roleid::int8,
    'member', m.member::int8, 'inherits', (to_jsonb(m) ->> 'inherit_option')::boolean,
    'can_set', (to_jsonb(m) ->> 'set_option')::boolean)::text AS record
FROM pg_auth_members AS m ORDER BY m.member, m.roleid LIMIT 20001)
UNION ALL
(SELECT 'setting' AS kind, split_part(c.item, '=', 1) AS id, jsonb_build_object('name', split_part(c.item, '=', 1),
    'is_empty', substr(c.item, strpos(c.item, '=') + 1) IN ('', '""'), 'role', s.setrole::int8,
    'is_of_database', s.setdatabase <> 0)::text AS record
FROM pg_db_role_setting AS s CROSS JOIN LATERAL unnest(s.setconfig) AS c (item)
WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
    AND strpos(split_part(c.item, '=', 1), '.') > 0
ORDER BY s.setrole, c.item LIMIT 20001)
UNION ALL
(SELECT 'schema' AS kind, n.nspname::text AS id, jsonb_build_object('oid', n.oid::int8, 'name', n.nspname,
    'owner', n.nspowner::int8, 'acl', (SELECT jsonb_agg(jsonb_build_array(a.grantee::int8, a.privilege_type) ORDER BY a.grantee, a.privilege_type) FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a))::text AS record
FROM pg_namespace AS n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY n.oid LIMIT 20001)
UNION ALL
(SELECT 'relation' AS kind, n.nspname || '.' || c.relname AS id, jsonb_build_object('oid', c.oid::int8,
    'schema', n.nspname, 'name', c.relname, 'kind', c.relkind::text, 'owner', c.relowner::int8,
    'has_rls', c.relrowsecurity, 'is_forced', c.relforcerowsecurity, 'is_partition', c.relispartition,
    'parents', (SELECT jsonb_agg(i.inhparent::int8 ORDER BY i.inhseqno) FROM pg_inherits AS i
        WHERE i.inhrelid = c.oid),
    'options', to_jsonb(c.reloptions), 'has_rows', c.reltuples > 0, 'acl', (SELECT jsonb_agg(jsonb_build_array(a.grantee::int8, a.privilege_type) ORDER BY a.grantee, a.privilege_type) FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a),
    'column_acl', (SELECT jsonb_agg(DISTINCT jsonb_build_array(a.grantee::int8, a.privilege_type))
        FROM pg_attribute AS t CROSS JOIN LATERAL aclexplode(t.attacl) AS a
        WHERE t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped),
    'columns', (SELECT jsonb_agg(jsonb_build_object('name', t.attname, 'is_required', t.attnotnull OR y.typnotnull)
            ORDER BY t.attnum)
        FROM pg_attribute AS t JOIN pg_type AS y ON y.oid = t.atttypid
        WHERE t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped))::text AS record
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
        AND e.deptype = 'e')
ORDER BY c.oid LIMIT 20001)
UNION ALL
(SELECT 'policy' AS kind, p.polname::text AS id, jsonb_build_object('table', p.polrelid::int8, 'name', p.polname,
    'command', p.polcmd::text, 'is_permissive', p.polpermissive, 'roles', to_jsonb(p.polroles::int8[]),
    'has_using', p.polqual IS NOT NULL, 'has_check', p.polwithcheck IS NOT NULL, 'is_locked', p.is_locked,
    'using', CASE WHEN NOT p.is_locked THEN pg_get_expr(p.polqual, p.polrelid) END,
    'check', CASE WHEN NOT p.is_locked THEN pg_get_expr(p.polwithcheck, p.polrelid) END)::text AS record
FROM (SELECT o.*, EXISTS (SELECT FROM pg_locks AS l WHERE l.mode = 'AccessExclusiveLock' AND l.relation IN (SELECT o.polrelid UNION ALL SELECT d.refobjid FROM pg_depend AS d WHERE d.classid = 'pg_policy'::regclass AND d.objid = o.oid AND d.refclassid = 'pg_class'::regclass)) AS is_locked FROM pg_policy AS o) AS p
ORDER BY p.polrelid, p.polname LIMIT 20001)
UNION ALL
(SELECT 'view' AS kind, v.nspname || '.' || v.relname AS id, jsonb_build_object('oid', v.oid::int8,
    'uses', (SELECT jsonb_agg(u.used::int8 ORDER BY u.used) FROM unnest(v.used) AS u (used)), 'is_locked', v.is_locked,
    'definition', CASE WHEN NOT v.is_locked THEN pg_get_viewdef(v.oid) END)::text AS record
FROM (SELECT w.*, EXISTS (SELECT FROM pg_locks AS l WHERE l.mode = 'AccessExclusiveLock' AND l.relation IN (SELECT w.oid UNION ALL SELECT unnest(w.used))) AS is_locked
    FROM (SELECT c.oid, c.relname, n.nspname, ARRAY(SELECT DISTINCT d.refobjid FROM pg_rewrite AS r
            JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
            WHERE r.ev_class = c.oid) AS used
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
        AND e.deptype = 'e')
        ORDER BY c.oid LIMIT 20001) AS w) AS v)
UNION ALL
(SELECT 'function' AS kind, n.nspname || '.' || p.proname AS id, jsonb_build_object('oid', p.oid::int8,
    'schema', n.nspname, 'name', p.proname, 'arguments', pg_get_function_identity_arguments(p.oid),
    'owner', p.proowner::int8, 'is_definer', p.prosecdef, 'language', l.lanname, 'returns', y.typname,
    'source', CASE WHEN p.prosrc = '' AND l.lanname = 'sql' THEN pg_get_functiondef(p.oid) ELSE p.prosrc END,
    'search_path', (SELECT substr(c.item, 13) FROM unnest(p.proconfig) AS c (item)
        WHERE c.item LIKE 'search_path=%' LIMIT 1),
    'acl', (SELECT jsonb_agg(jsonb_build_array(a.grantee::int8, a.privilege_type) ORDER BY a.grantee, a.privilege_type) FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a))::text AS record
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
    JOIN pg_type AS y ON y.oid = p.prorettype
WHERE p.prokind IN ('f', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
        AND e.deptype = 'e')
ORDER BY p.oid LIMIT 20001)
UNION ALL
(SELECT CASE k.contype WHEN 'f' THEN 'foreign_key' ELSE 'check' END AS kind, k.conname::text AS id,
    jsonb_build_object('table', k.conrelid::int8, 'referenced', k.confrelid::int8,
        'columns', (SELECT jsonb_agg(t.attname ORDER BY t.attnum) FROM pg_attribute AS t
            WHERE t.attrelid = k.conrelid AND t.attnum = ANY (k.conkey)),
        'expression', CASE WHEN k.contype = 'c' AND NOT EXISTS (SELECT FROM pg_locks AS l WHERE l.mode = 'AccessExclusiveLock' AND l.relation IN (k.conrelid))
            THEN pg_get_expr(k.conbin, k.conrelid) END)::text AS record
FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.contype IN ('f', 'c') AND (k.contype = 'f' OR k.convalidated) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY k.oid LIMIT 20001)
UNION ALL
(SELECT 'default_acl' AS kind, coalesce(n.nspname::text, '*') AS id, jsonb_build_object('role', d.defaclrole::int8,
    'schema', n.nspname, 'acl', (SELECT jsonb_agg(jsonb_build_array(a.grantee::int8, a.privilege_type)
        ORDER BY a.grantee, a.privilege_type) FROM aclexplode(d.defaclacl) AS a))::text AS record
FROM pg_default_acl AS d LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
WHERE d.defaclobjtype = 'r' ORDER BY d.oid LIMIT 20001)
UNION ALL
(SELECT 'event_trigger' AS kind, t.evtname::text AS id, jsonb_build_object('function', t.evtfoid::int8,
    'event', t.evtevent, 'is_enabled', t.evtenabled <> 'D')::text AS record
FROM pg_event_trigger AS t ORDER BY t.oid LIMIT 20001)
) TO STDOUT WITH (FORMAT csv, HEADER) \g posture.csv
