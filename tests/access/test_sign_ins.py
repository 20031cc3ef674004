"""Who is refused: everybody, many users by a few addresses, or one user again and again."""

from pathlib import Path

import pandas as pd
from access_case import AWAY, HOME, LOG, access_case, call, found_by, sign_in, usual_calls
from builders import at, envelope, window

from ddms_ops.access_schemas import SIGN_INS
from ddms_ops.analysis.refusals import Limits, Refusals, refusals
from ddms_ops.findings import Severity, Verdict
from ddms_ops.schema import conform

LIMITS = Limits(min_events=10, significance=0.0001, rise=2.0)
CLOCKS = [f"{hour:02d}:{minute:02d}:{second:02d}" for hour in (9, 10) for minute in range(60) for second in (0, 30)]
Try = tuple[str, str, str, bool]


def usual(*, broken_from: str = "99") -> list[Try]:
    """A sign-in every 30 s by 40 users, each from an address of its own; all refused from some time on."""
    return [(clock, f"u{n % 40}", f"203.0.113.{n % 40}", clock < broken_from) for n, clock in enumerate(CLOCKS)]


def tried(users: int, addresses: int = 1, *, number: int = 40) -> list[Try]:
    """Refused sign-ins by turns from 10:20 on, one every 2 s."""
    return [
        (f"10:{20 + n // 30:02d}:{n % 30 * 2:02d}", f"v{n % users}", f"198.51.100.{n % addresses}", False)
        for n in range(number)
    ]


def judged(*tries: Try) -> list[Refusals]:
    """What is found of them between 10:00 and 11:00."""
    rows = pd.DataFrame(tries, columns=["clock", "user", "address", "is_let_in"])
    rows = rows.assign(timestamp=rows["clock"].map(at), is_refused=~rows["is_let_in"], place="/login", pull="logs/api")
    frame = conform(rows.assign(row=range(len(rows))), SIGN_INS)
    is_now = frame["timestamp"] >= at("10:00")
    sides = (frame[is_now].reset_index(drop=True), frame[~is_now].reset_index(drop=True))
    return refusals(*sides, window("10:00", "11:00"), window("09:00", "10:00"), LIMITS)


def lines(*tries: Try) -> tuple[str, ...]:
    """The same as lines of an export."""
    return tuple(sign_in(clock, user, ip, ok=ok, salt=str(n)) for n, (clock, user, ip, ok) in enumerate(tries))


def test_everybody_is_refused():
    """Those who were let in before are refused, all of them, from the minute on: sign-in itself is broken."""
    [one] = judged(*usual(broken_from="10:30"))
    assert (one.kind, one.share, one.rows["timestamp"].min()) == ("everybody", 1.0, at("10:30"))


def test_everybody_behind_one_proxy_is_no_attacker():
    """An address that let many in before is no intruder's because all through it are refused."""
    [one] = judged(*((clock, user, HOME, ok) for clock, user, _, ok in usual(broken_from="10:30")))
    assert one.kind == "everybody"


def test_one_address_tries_many_users():
    """Spraying: the others are let in as ever."""
    [one] = judged(*usual(), *tried(20))
    assert (one.kind, len(one.rows), len(one.let_in)) == ("few_addresses", 40, 0)


def test_three_addresses_are_one_finding():
    """Those who work together are told together."""
    [one] = judged(*usual(), *tried(20, 3, number=90))
    assert (one.kind, one.rows["address"].nunique()) == ("few_addresses", 3)


def test_one_user_from_many_addresses():
    """Brute force on one account."""
    [one] = judged(*usual(), *tried(1, 20))
    assert (one.kind, one.rows["address"].nunique()) == ("one_user", 20)


def test_many_strangers_from_many_addresses():
    """A botnet: hardly an address or a user comes twice, and the others are let in as ever."""
    [one] = judged(*usual(), *tried(60, 60, number=60))
    assert one.kind == "many_addresses"


def test_an_old_password_in_a_program_is_known():
    """The user was let in from this very address before."""
    own = [(f"{h}:{m:02d}:15", "svc", "203.0.113.200", h == "09") for h in ("09", "10") for m in range(60)]
    [one] = judged(*usual(), *own)
    assert (one.kind, one.is_known) == ("one_user", True)


def test_a_burst_from_a_known_address_is_no_old_password():
    """Hundreds of tries within minutes are of no program that waits; that the user came in after it is said."""
    where = ("u3", "203.0.113.3")
    burst = [(f"10:{20 + n // 250}:{n % 60:02d}", *where, False) for n in range(500)]
    [one] = judged(*usual(), *burst, ("10:23:00", *where, True))
    assert (one.kind, one.is_known, one.strange_in, len(one.let_in) > 0) == ("one_user", False, 0, True)


def test_a_known_address_with_an_expired_token_is_known():
    """Its refused requests name no user; that it is let in once it is mended is no intrusion."""
    when = [(f"{h}:{m:02d}:15", h == "09" or m >= 50) for h in ("09", "10") for m in range(60)]
    own = [(clock, "partner" if ok else None, "192.0.2.9", ok) for clock, ok in when]
    [one] = judged(*usual(), *own)
    assert (one.is_known, one.strange_in, len(one.let_in)) == (True, 0, 10)


def test_private_addresses_are_one_place():
    """A program that was started anew has another one, and its old password."""
    own = [
        (f"{h}:{m:02d}:15", "svc", f"10.0.{int(h)}.{m % 4}", h == "09" or m >= 45)
        for h in ("09", "10")
        for m in range(60)
    ]
    [one] = judged(*usual(), *own)
    assert (one.kind, one.is_known, one.strange_in) == ("one_user", True, 0)


def test_addresses_of_one_network_of_version_6_are_one_origin():
    """One customer has a whole network and takes another address for each try."""
    tries = [(clock, user, f"2001:db8:1:1::{n:x}", ok) for n, (clock, user, _, ok) in enumerate(tried(40))]
    [one] = judged(*usual(), *tries)
    assert (one.kind, one.rows["origin"].unique().tolist()) == ("few_addresses", ["2001:db8:1:1::/64"])


def test_what_was_refused_as_often_before_is_no_news():
    """An address that always tries is not told again."""
    always = [(clock, f"v{n % 20}", AWAY, False) for n, clock in enumerate(CLOCKS)]
    assert judged(*usual(), *always) == []


def test_typing_errors_are_nothing():
    """A mistyped password now and then."""
    assert (
        judged(
            *usual(), *((f"{h}:{m:02d}:10", f"u{m % 40}", HOME, False) for h in ("09", "10") for m in range(0, 60, 10))
        )
        == []
    )


def test_a_success_after_it_is_high(tmp_path: Path):
    """Stuffing that found a password that fits; the statement says who, how many, when and what came after."""
    hit = ("10:21:59", "v3", "198.51.100.0", True)
    [finding] = found_by(access_case(tmp_path, lines=lines(*usual(), *tried(20), hit)), "failed_sign_ins")
    assert finding.severity is Severity.HIGH
    assert finding.statement == (
        "1 address (198.51.100.0) tries 20 users: 40 sign-ins or requests refused (HTTP 401) from 2026-03-04 10:20 to"
        " 10:21 UTC, 98% of 41 tried; 0 in the baseline, where 0.0% of all tries were refused; then let in: 1 time,"
        " first at 10:21:59 UTC (v3)"
    )


def test_texts_and_nested_addresses_are_read_from_the_raw_events(tmp_path: Path):
    """A failure is known by its text, an address by the way that the profile names."""
    refused = tuple(
        envelope(f"10:20:{n:02d}", {"level": "warn", "message": "Invalid credentials", "userId": f"v{n}",
                                    "client": {"ip": f"{AWAY}, 10.0.0.1"}})
        for n in range(30)
    )  # fmt: skip
    [finding] = found_by(access_case(tmp_path, lines=(*lines(*usual()), *refused)), "failed_sign_ins")
    assert AWAY in finding.statement
    assert {ref.pull for ref in finding.evidence} == {f"logs{LOG}"}


def test_users_that_are_mail_addresses_are_not_shown(tmp_path: Path):
    """An address may be shown, a person may not."""
    refused = tuple(sign_in(f"10:20:{n:02d}", "eve@example.com", f"198.51.100.{n}", ok=False) for n in range(40))
    [finding] = found_by(access_case(tmp_path, lines=(*lines(*usual()), *refused)), "failed_sign_ins")
    assert "eve@" not in str(finding.as_dict())
    assert "198.51.100" in finding.statement


def test_without_a_section_access_the_check_says_what_to_declare(tmp_path: Path):
    """Cannot tell, and how to change that."""
    result = access_case(tmp_path, *usual_calls(), lines=lines(*usual()[:4]), access=None).result("failed_sign_ins")
    assert result.status is Verdict.NOT_CHECKED
    assert "access: {components: [api]" in result.reason


def test_console_sign_ins_that_fail_and_then_succeed_are_high(tmp_path: Path):
    """CloudTrail tells of AWS's own sign-ins, with or without a section."""
    failed = [call(f"10:20:{n:02d}", "ConsoleLogin", service="signin", ip=AWAY, error="Failure") for n in range(12)]
    won = call("10:21:00", "ConsoleLogin", service="signin", ip=AWAY, mfa="No")
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *failed, won, access=None), "failed_sign_ins")
    assert finding.severity is Severity.HIGH
    assert "by ConsoleLogin" in finding.statement


def test_a_quiet_hour_is_clear(tmp_path: Path):
    """Over complete pulls, and only over these."""
    assert (
        access_case(tmp_path, *usual_calls(), lines=lines(*usual())).result("failed_sign_ins").status is Verdict.CLEAR
    )


def test_one_endpoint_that_refuses_is_no_matter_of_signing_in(tmp_path: Path):
    """403 to those who are let in elsewhere at that time: medium, and the place is named."""
    asked = [(clock, f"u{n % 12}", f"203.0.113.{n % 12}", path)
             for n, clock in enumerate(CLOCKS) for path in ("/me", "/reports")]  # fmt: skip
    events = tuple(
        envelope(clock, {"level": "info", "message": "request completed", "requestId": f"{clock}{path}", "userId": user,
                         "sourceIp": ip, "path": path, "status": 403 if path == "/reports" and clock > "10:2" else 200})
        for clock, user, ip, path in asked
    )  # fmt: skip
    [finding] = found_by(access_case(tmp_path, lines=events), "failed_sign_ins")
    assert (finding.severity, finding.subject["kind"]) == (Severity.MEDIUM, "forbidden")
    assert "/reports" in finding.statement


def test_a_refused_try_in_two_lines_is_one(tmp_path: Path):
    """The application's line names no request; the port behind an address is left off."""
    both = []
    for n in range(30):
        who = {"userId": "u99", "sourceIp": f"{AWAY}:{4000 + n}"}
        both.append(envelope(f"10:20:{n:02d}", {"level": "warn", "message": "invalid credentials", **who}))
        told = {"message": "request completed", "requestId": f"q{n}", "path": "/login", "status": 401}
        both.append(envelope(f"10:20:{n:02d}", {"level": "info", **told, **who}))
    [finding] = found_by(access_case(tmp_path, lines=(*lines(*usual()), *both)), "failed_sign_ins")
    assert f"from 1 address ({AWAY}): 30 sign-ins or requests refused (invalid credentials)" in finding.statement


def test_an_empty_baseline_is_said(tmp_path: Path):
    """Nothing before: no usual share, not one of zero."""
    failed = [call(f"10:20:{n:02d}", "ConsoleLogin", service="signin", ip=AWAY, error="Failure") for n in range(12)]
    [finding] = found_by(access_case(tmp_path, *usual_calls(), *failed, access=None), "failed_sign_ins")
    assert finding.baseline is None
    assert "no sign-in of the baseline to compare with" in finding.statement
