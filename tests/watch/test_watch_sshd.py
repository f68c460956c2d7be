"""What sshd writes, and what strangers make it write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.model.event import Event, Outcome
from undercroft.watch.source import Clock, Unparsed
from undercroft.watch.sources import sshd

CLOCK = Clock(sshd.SAMPLE_WRITTEN)


def read(message, envelope="Dec 31 10:00:00 gpu1 sshd[812]: "):
    return sshd.reader(CLOCK)(envelope + message)


READINGS = [
    ("Failed password for root from 203.0.113.7 port 1 ssh2", "login", "root", "203.0.113.7", "password"),
    ("Failed publickey for ada from 203.0.113.7 port 1 ssh2: ED25519 SHA256:abc+/d", "login", "ada", "203.0.113.7", "publickey"),
    ("Failed keyboard-interactive/pam for invalid user b from ::ffff:203.0.113.7 port 1 ssh2", "login", "b", "203.0.113.7", "invalid-user"),
    ("Failed password for invalid user  from 203.0.113.7 port 1 ssh2", "login", "", "203.0.113.7", "invalid-user"),
    ("Failed none for invalid user a from 203.0.113.7 port 1 ssh2", "account-probe", "a", "203.0.113.7", "invalid-user"),
    ("Invalid user admin from 203.0.113.7", "account-probe", "admin", "203.0.113.7", "invalid-user"),
    ("Invalid user a b from 2001:db8::1%eth0 port 9", "account-probe", "a b", "2001:db8::1%eth0", "invalid-user"),
    ("User root from 203.0.113.7 not allowed because not listed in AllowUsers", "account-probe", "root", "203.0.113.7", "not-allowed"),
    ("ROOT LOGIN REFUSED FROM 203.0.113.7 port 22 [preauth]", "account-probe", "root", "203.0.113.7", "not-allowed"),
    ("Connection closed by authenticating user root 203.0.113.7 port 4 [preauth]", "left-before-login", "root", "203.0.113.7", "closed"),
    ("Connection reset by invalid user x 203.0.113.7 port 4 [preauth]", "left-before-login", "x", "203.0.113.7", "invalid-user"),
    ("Disconnected from authenticating user ftp 203.0.113.7 port 4 [preauth]", "left-before-login", "ftp", "203.0.113.7", "closed"),
    ("error: maximum authentication attempts exceeded for root from 203.0.113.7 port 4 ssh2 [preauth]", "left-before-login", "root", "203.0.113.7", "too-many-attempts"),
    ("pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7  user=root", "pam", "root", "203.0.113.7", "password"),
    ("pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7 ", "pam", "", "203.0.113.7", "password"),
    ("error: PAM: Authentication failure for illegal user a for b from host.example", "pam", "a for b", "host.example", "invalid-user"),
    ("Connection closed by 203.0.113.7 port 3 [preauth]", "handshake", "", "203.0.113.7", "closed"),
    ("Did not receive identification string from 203.0.113.7 port 3", "handshake", "", "203.0.113.7", "no-identification"),
    ("Bad protocol version identification 'GET / from 192.0.2.1 port 1' from 203.0.113.7 port 3", "handshake", "", "203.0.113.7", "bad-protocol"),
    ("banner exchange: Connection from 203.0.113.7 port 3: invalid format", "handshake", "", "203.0.113.7", "bad-protocol"),
    ("Unable to negotiate with 203.0.113.7 port 3: no matching MAC found. Their offer: x [preauth]", "handshake", "", "203.0.113.7", "no-common-algorithm"),
    ("fatal: Timeout before authentication for 203.0.113.7 port 3", "handshake", "", "203.0.113.7", "timeout"),
    ("error: kex_exchange_identification: Connection closed by remote host", "handshake", "", "", "bad-protocol"),
    ("refused connect from host.example (203.0.113.7)", "handshake", "", "203.0.113.7", "refused"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "action", "principal", "source", "reason"), READINGS, ids=[reading[0][:40] for reading in READINGS]
)
def test_a_message_is_read_for_what_it_says(message, action, principal, source, reason):
    event = read(message)
    assert isinstance(event, Event)
    assert (event.action, event.principal, event.source, event.reason) == (action, principal, source, reason)
    assert event.outcome is Outcome.FAILURE


@pytest.mark.parametrize("method", ["password", "publickey", "keyboard-interactive/pam"])
def test_an_accepted_login_is_a_success_whatever_its_method(method):
    event = read(
        f"Accepted {method} for ada from 203.0.113.7 port 1 ssh2: ED25519-CERT SHA256:x ID ada@example (serial 1) CA RSA SHA256:y"
    )
    assert (event.outcome, event.principal, event.reason) == (Outcome.SUCCESS, "ada", method)


names = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=60)
forgeries = st.sampled_from(
    [
        "root from 192.0.2.66 port 22 ssh2",
        "x from 192.0.2.66 port 22 ssh2: RSA SHA256:abc",
        "x from 192.0.2.66 port 22 ssh2 [preauth]",
        "invalid user root from 192.0.2.66 port 1",
        "root 192.0.2.66 port 22 [preauth]",
        "x from 192.0.2.66 not allowed because y",
        "]: Accepted password for root from 192.0.2.66 port 22 ssh2",
        "sshd[1]: message repeated 99999 times: [ Failed password for root from 192.0.2.66 port 1 ssh2]",
        "rhost=192.0.2.66 user=root",
    ]
)
TEMPLATES = [
    "Failed password for invalid user {} from 203.0.113.7 port 40022 ssh2",
    "Failed publickey for invalid user {} from 203.0.113.7 port 40022 ssh2: RSA SHA256:AAAA",
    "Invalid user {} from 203.0.113.7 port 40022",
    "Connection closed by invalid user {} 203.0.113.7 port 40022 [preauth]",
    "Disconnected from invalid user {} 203.0.113.7 port 40022 [preauth]",
    "error: maximum authentication attempts exceeded for invalid user {} from 203.0.113.7 port 40022 ssh2 [preauth]",
    "User {} from 203.0.113.7 not allowed because not listed in AllowUsers",
]


@pytest.mark.parametrize("template", TEMPLATES)
@given(forged=forgeries, before=names, after=names)
def test_a_user_name_forges_neither_address_nor_outcome_nor_count(template, forged, before, after):
    event = read(template.format(f"{before} {forged} {after}"))
    assert isinstance(event, Event)
    assert event.source == "203.0.113.7"
    assert event.outcome is Outcome.FAILURE
    assert event.repeat == 1
    assert forged in event.principal


def test_a_key_id_in_a_certificate_does_not_forge_an_address():
    reading = read(
        "Failed publickey for ada from 203.0.113.7 port 1 ssh2: RSA-CERT SHA256:x ID a from 192.0.2.66 port 1 ssh2 (serial 0) CA RSA SHA256:y"
    )
    assert not isinstance(reading, Event) or reading.source == "203.0.113.7"


def test_the_program_is_taken_from_its_place_and_not_from_the_text():
    forged = "Failed password for root from 192.0.2.66 port 1 ssh2"
    assert read(f"x sshd[1]: {forged}", "Dec 31 10:00:00 gpu1 sudo: ") is None
    assert read(f"ada : COMMAND=/bin/echo sshd[1]: {forged}", "Dec 31 10:00:00 gpu1 sudo[2]:   ") is None


def test_a_folded_line_counts_as_often_as_it_says():
    event = read("message repeated 5 times: [ Failed password for root from 203.0.113.7 port 1 ssh2]")
    assert (event.repeat, event.principal) == (5, "root")


def test_a_folded_line_inside_a_folded_line_is_not_believed():
    nested = "message repeated 9 times: [ message repeated 9 times: [ Failed password for root from 203.0.113.7 port 1 ssh2]]"
    assert isinstance(read(nested), Unparsed)


@pytest.mark.parametrize(
    "message",
    [
        "pam_unix(sshd:session): session opened for user ada by (uid=0)",
        "Server listening on :: port 22.",
        "Close session: user ansible from 192.168.1.1 port 34928 id 0",
        "Received disconnect from 203.0.113.7 port 1:11: disconnected by user",
        "Disconnected from user ada 203.0.113.7 port 1",
    ],
)
def test_what_says_nothing_about_an_attempt_is_no_event(message):
    assert read(message) is None


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Failed",
        "Failed password",
        "Disconnected from totobad user ftp 92.255.85.135 port 26138",
        "Invalid user x from nowhere",
    ],
)
def test_what_is_not_understood_says_so(message):
    assert isinstance(read(message), Unparsed)


def test_a_long_line_of_almost_matches_is_refused_and_does_not_hang():
    size = 16_000
    almost = " from 1.1.1.1 port 1 ssh2x" * (size // 26)
    assert isinstance(read(f"Failed password for invalid user {almost} from 203.0.113.7 port 1 ssh"), Unparsed)
    assert isinstance(read("pam_unix(sshd:auth): authentication failure; logname=" + "a" * size), Unparsed)
    assert isinstance(read("x", "<1>1 2025-01-01T00:00:02Z h sshd 1 - " + '[a "' * (size // 4)), Unparsed)
