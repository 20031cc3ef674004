"""Files for each customer: that customer's records, nobody else's identifiers, no formula."""

import csv
import itertools
import random
import stat
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from annex_builders import crossing, crossings

from ddms_ops.report.annex_files import HEADER, annex_name, safe_cell, write_annex_files

HOSTILE = (
    "a'b\"c", "../../etc/passwd", "..", "50%25%", "line\nbreak", "🦊 fox", "x" * 300, "=cmd|'/C calc'!A1", "a,b;c",
    "3F2504E0-4F89-41D3-9A0C-0305E82C3301", "{B0A1-77}", "<script>", "t1", "ünï", "con", "\ttab", "$(rm)",
)  # fmt: skip


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a file, by heading."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(folder: Path, *rows: dict, **given: object) -> tuple[Path, ...]:
    """The files of such crossings."""
    return write_annex_files(folder, crossings(*rows), **given)


def test_a_file_lists_a_customer_s_records_with_first_last_and_times(tmp_path: Path):
    """Who did it is only said by kind."""
    [path] = write(tmp_path, crossing("10:01"), crossing("10:09"), crossing("10:05", "d2", user=None))
    first, second = read(path)
    assert tuple(first) == HEADER
    assert first == {
        "record_type": "document", "record": "d1", "action": "view", "first": "2026-03-04T10:01:00Z",
        "last": "2026-03-04T10:09:00Z", "times": "2", "outcome": "served", "reached_by": "another customer",
        "what_is_known": "disclosed",
    }  # fmt: skip
    assert (second["record"], second["reached_by"]) == ("d2", "staff or system")


def test_only_customers_with_a_disclosure_have_a_file(tmp_path: Path):
    """Blocked and explained crossings disclosed nothing; what is not known stands beside what is."""
    rows = [crossing("10:01"), crossing("10:02", "d9", "unknown", actor=None)]
    rows += [crossing("10:03", "n1", "blocked", owner="n"), crossing("10:04", "m1", "unknown", owner="m")]
    [path] = write(tmp_path, *rows)
    assert [row["what_is_known"] for row in read(path)] == ["disclosed", "cannot be ruled out"]
    assert write(tmp_path / "none") == ()


def test_other_customers_ids_are_masked_wherever_they_stand(tmp_path: Path):
    """In keys, in either case, without hyphens and percent-encoded; so are users; the customer's own id stays."""
    other = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    keys = [f"{other}/x.pdf", f"tmp/{other.upper()}/y", f"{other.replace('-', '')}.z", "shared/u-77/q", "acme/own.pdf"]
    keys += ["by%20" + other.replace("-", "%2D"), "u-778/r"]
    rows = [crossing("10:01", key, actor=other, user="u-77") for key in keys]
    [path] = write(tmp_path, *rows)
    text = path.read_text(encoding="utf-8-sig")
    assert other not in text.lower()
    assert other.replace("-", "") not in text.lower()
    records = {row["record"] for row in read(path)}
    assert {"[another customer]/x.pdf", "shared/[another customer]/q", "acme/own.pdf", "u-778/r"} <= records


def test_a_customer_s_own_id_that_holds_another_s_stays(tmp_path: Path):
    """`acme-eu` is not `acme`, nor the other way round."""
    rows = [crossing("10:01", "acme-eu/x", owner="acme-eu"), crossing("10:02", "acme-eu/y", owner="acme")]
    written = {path.name: read(path)[0]["record"] for path in write(tmp_path, *rows, folded=False)}
    assert written == {annex_name("acme-eu"): "acme-eu/x", annex_name("acme"): "[another customer]/y"}


def test_ids_that_are_no_tenants_of_the_crossings_are_masked_when_told(tmp_path: Path):
    """Every tenant of the system can be given."""
    [path] = write(tmp_path, crossing("10:01", "initech/bob.b/x"), tenants=["initech"])
    assert read(path)[0]["record"] == "[another customer]/bob.b/x"


def test_an_id_among_twenty_thousand_is_masked_wherever_it_hides(tmp_path: Path):
    """Of any length, with any beginning in common, amid letters, one in the other; also of crossings kept back."""
    ids = [f"user-{n:05d}" for n in range(20_000)] + ["user-000012", "z9", "usr", "userland"]
    rows = [crossing("10:02", f"n{n}", "blocked", owner="n", user=name) for n, name in enumerate(ids)]
    keys = ["xuser-00777y", "USER19999", "a/z9/b", "a/usr.b", "user-000012", "UsErLaNd", "xz9y", "user-x"]
    [path] = write(tmp_path, *rows, *(crossing("10:01", key) for key in keys))
    mask = "[another customer]"
    assert {row["record"] for row in read(path)} == {
        f"x{mask}y", mask, f"a/{mask}/b", f"a/{mask}.b", "xz9y", "user-x"
    }  # fmt: skip


def test_numbers_for_ids_leave_records_their_own(tmp_path: Path):
    """A record 2 is no tenant 2; in a key, tenant 2 is masked, and 12 is not."""
    rows = [crossing("10:01", record, owner="1", actor="2") for record in ("2", "tenant=2/k", "k/12")]
    [path] = write(tmp_path, *rows)
    assert {row["record"] for row in read(path)} == {"2", "tenant=[another customer]/k", "k/12"}


def test_no_file_holds_the_ids_of_another_hostile_tenant(tmp_path: Path):
    """Each of them reads a record of each other, whose key names both."""
    pairs = list(itertools.permutations(HOSTILE, 2))
    rows = [
        crossing("10:01", f"{owner}|{actor}|{n}", owner=owner, actor=actor, user=f"user<{actor}>")
        for n, (actor, owner) in enumerate(pairs)
    ]
    paths = write(tmp_path, *rows, folded=False)
    assert len(paths) == len(HOSTILE)
    assert {path.parent for path in paths} == {tmp_path / "annex"}
    texts = {path.name: path.read_text(encoding="utf-8-sig") for path in paths}
    for owner, other in pairs:
        for written in {other, safe_cell(other)}:
            assert written not in texts[annex_name(owner)] or written in owner
    assert {name for name, text in texts.items() if text.count("\n") != len(HOSTILE)} == set()


def test_no_cell_is_a_formula(tmp_path: Path):
    """Nor after a separator that a spreadsheet of another language would split at, nor wide signs."""
    keys = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "x;=1+1", 'x",=1', "\uff1d1", "x\n=1"]
    [path] = write(tmp_path, *(crossing("10:01", key, action=f"={n}") for n, key in enumerate(keys)))
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    pieces = [piece.strip(' "') for cell in cells for piece in cell.replace(",", ";").split(";")]
    assert [cell for cell in cells if cell[:1] in "=+-@\t\r\uff1d" and cell] == []
    assert [piece for piece in pieces if piece[:1] in ("=", "+", "-", "@")] == []


@pytest.mark.parametrize("text", ["plain", "2026-03-04", "a-b", "ünï 🦊", "a=b"])
def test_harmless_text_is_left_as_it_is(text: str):
    """Only what would be run is changed."""
    assert safe_cell(text) == text


def test_files_are_their_owner_s_alone_and_open_in_spreadsheets(tmp_path: Path):
    """Folder 0700, file 0600, a byte order mark, every cell quoted."""
    [path] = write(tmp_path, crossing("10:01", "ünï"))
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert path.read_bytes().startswith(b'\xef\xbb\xbf"record_type","record"')


def test_files_of_an_earlier_run_are_gone(tmp_path: Path):
    """A customer who is no longer affected has no file; what others put there stays."""
    [old] = write(tmp_path, crossing("10:01"))
    (old.parent / "letter.txt").write_text("ours")
    [new] = write(tmp_path, crossing("10:01", owner="initech"))
    assert sorted(path.name for path in old.parent.iterdir()) == [new.name, "letter.txt"]


def test_names_are_safe_and_never_meet():
    """Whatever an id holds; two ids that look alike have two files."""
    names = [annex_name(tenant) for tenant in (*HOSTILE, "a/b", "a.b", "")]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 60 and name.replace("-", "").replace(".csv", "").isalnum() for name in names)


def test_secrets_in_a_record_s_name_are_taken_out(tmp_path: Path):
    """A pre-signed URL is no key to hand on; long numbers and addresses may be a customer's own names."""
    url = "https://b.s3.amazonaws.com/k?X-Amz-Signature=abcdef0123456789abcdef"
    rows = [crossing("10:01", url), crossing("10:02", "4111111111111111"), crossing("10:03", "me@acme.example/cv")]
    [path] = write(tmp_path, *rows)
    records = [row["record"] for row in read(path)]
    assert records == [
        "https://b.s3.amazonaws.com/k?[signed_url]", "4111111111111111", "me@acme.example/cv"
    ]  # fmt: skip


def test_tenants_that_are_one_when_folded_have_one_file(tmp_path: Path):
    """ACME and acme."""
    paths = write(tmp_path, crossing("10:01"), crossing("10:02", "d2", owner="ACME"))
    assert [len(read(path)) for path in paths] == [2]
    assert pd.Series([path.name for path in paths]).str.startswith("acme-").all()


def test_hostile_ids_alone_with_a_victim_never_reach_its_file(tmp_path: Path):
    """Ids drawn from hostile characters, upper and lower, quoted or not: 60 pairs."""
    draw = random.Random(6)
    letters = "aB3é🦊 %'\"/\\.,;=+-@\n\t\r{}<>$|"
    for n in range(60):
        other = "".join(draw.choice(letters) for _ in range(draw.randrange(6, 30))).strip(" {}-\n\t\r")
        if len(other.translate(str.maketrans("", "", "{}- %"))) < 6:
            continue
        written = draw.choice([other, other.upper(), other.lower(), quote(other), quote(other, safe="")])
        [path] = write(tmp_path / str(n), crossing("10:01", f"k/{written}/1", actor=other, owner="acme"))
        [row] = read(path)
        assert row["record"] == "k/[another customer]/1", repr(other)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("a/password=hunter2", "a/[secret_pair]"),
        ("x_key 9abcdefgh", "[secret_argument]"),
        ("API-KEY: q", "[secret_pair]"),
    ],
)
def test_secrets_that_a_word_gives_away_are_taken_out(tmp_path: Path, key: str, shown: str):
    """In either case, with any joint."""
    [path] = write(tmp_path, crossing("10:01", key))
    assert read(path)[0]["record"] == shown
