"""Whose database time it is."""

from pathlib import Path

from database_builders import call, entry, statement_log, write_log

from ddms_ops.analysis.tenant_time import tenant_time

COUNT = "SELECT count(*) FROM documents"


def tenants_of(root: Path, *entries: str) -> list[str]:
    """The tenant of each call of COUNT, one for each; those with the same tenant together."""
    log = statement_log(root, *entries)
    [name] = [name for name, text in log.texts.items() if text == COUNT]
    found = tenant_time(log, settings=("app.tenant_id",))
    found = found[found["statement"] == name]
    return [row.tenant for row in found.itertuples() for _ in range(int(row.calls))]


def test_a_local_setting_holds_until_the_transaction_ends(tmp_path: Path):
    """What follows the commit is nobody's."""
    entries = (
        call("10:00:01", 7, "BEGIN"),
        call("10:00:01", 7, "SELECT set_config('app.tenant_id', 't1', true)"),
        call("10:00:01", 7, COUNT),
        call("10:00:01", 7, "COMMIT"),
        call("10:00:01", 7, COUNT),
    )
    assert tenants_of(tmp_path, *entries) == ["t1", "unknown"]


def test_a_setting_of_the_session_holds_until_it_is_set_again(tmp_path: Path):
    """Over transactions; and a reset ends it."""
    entries = (
        call("10:00:01", 7, "SET app.tenant_id = 't1'"),
        call("10:00:01", 7, COUNT),
        call("10:00:02", 7, "SET app.tenant_id TO 't2'"),
        call("10:00:02", 7, COUNT),
        call("10:00:03", 7, "RESET app.tenant_id"),
        call("10:00:03", 7, COUNT),
    )
    assert tenants_of(tmp_path, *entries) == ["t1", "t2", "unknown"]


def test_a_setting_that_was_rolled_back_does_not_hold(tmp_path: Path):
    """What the session had before is not known to be back either."""
    entries = (
        call("10:00:01", 7, "BEGIN"),
        call("10:00:01", 7, "SET app.tenant_id = 't1'"),
        call("10:00:01", 7, COUNT),
        call("10:00:01", 7, "ROLLBACK"),
        call("10:00:02", 7, COUNT),
    )
    assert tenants_of(tmp_path, *entries) == ["t1", "unknown"]


def test_backends_do_not_mix(tmp_path: Path):
    """Interleaved pids with stamps of whole seconds; a pid that connects anew begins anew."""
    entries = (
        call("10:00:01", 7, "SET app.tenant_id = 't1'"),
        call("10:00:01", 8, "SET app.tenant_id = 't2'"),
        call("10:00:01", 7, COUNT),
        call("10:00:01", 8, COUNT),
        entry("10:00:02", 7, "connection received: host=10.0.0.1 port=5000"),
        call("10:00:03", 7, COUNT),
    )
    assert tenants_of(tmp_path, *entries) == ["t1", "t2", "unknown"]


def test_a_local_setting_outside_of_a_transaction_holds_for_nothing(tmp_path: Path):
    """Postgres warns of it and forgets it."""
    entries = (call("10:00:01", 7, "SET LOCAL app.tenant_id = 't1'"), call("10:00:01", 7, COUNT))
    assert tenants_of(tmp_path, *entries) == ["unknown"]


def test_the_parts_add_up_to_all_calls(tmp_path: Path):
    """What is not attributed is a part too."""
    entries = [call(f"10:00:{n:02d}", n % 5, COUNT, ms=n) for n in range(60)]
    found = tenant_time(statement_log(tmp_path, *entries), settings=("app.tenant_id",))
    assert (found["calls"].sum(), found["total_ms"].sum()) == (60, sum(range(60)))


def test_a_failed_set_sets_nothing(tmp_path: Path):
    """Its statement stands below the error."""
    entries = (
        call("10:00:01", 7, "SET app.tenant_id = 't1'"),
        entry("10:00:02", 7, "permission denied to set parameter", level="ERROR"),
        entry("10:00:02", 7, "SET app.tenant_id = 't2'", level="STATEMENT"),
        call("10:00:03", 7, COUNT),
    )
    assert tenants_of(tmp_path, *entries) == ["t1"]


def test_a_transaction_that_failed_sets_nothing(tmp_path: Path):
    """Its COMMIT rolls back: what the session had before holds."""
    entries = (
        call("10:00:01", 7, "SET app.tenant_id = 't1'"),
        call("10:00:02", 7, "BEGIN"),
        call("10:00:02", 7, "SET app.tenant_id = 't2'"),
        entry("10:00:02", 7, "division by zero", level="ERROR"),
        call("10:00:02", 7, "COMMIT"),
        call("10:00:03", 7, COUNT),
    )
    assert tenants_of(tmp_path, *entries) == ["t1"]


def test_a_pid_that_is_used_again_begins_anew(tmp_path: Path):
    """A disconnection ends what its session set."""
    entries = (
        call("10:00:01", 7, "SET app.tenant_id = 't1'"),
        entry("10:00:02", 7, "disconnection: session time: 0:00:01.000 user=app database=dms host=10.0.0.1 port=5000"),
        call("10:00:03", 7, COUNT),
    )
    assert tenants_of(tmp_path, *entries) == ["unknown"]


def test_a_session_goes_on_in_the_next_file(tmp_path: Path):
    """Logs are rotated."""
    write_log(tmp_path, call("09:59:59", 7, "SET app.tenant_id = 't1'"), name="postgresql.log.2026-03-04-09")
    assert tenants_of(tmp_path, call("10:00:03", 7, COUNT)) == ["t1"]
