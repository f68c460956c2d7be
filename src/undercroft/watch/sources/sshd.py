"""OpenSSH server log lines, from syslog or journald.

Only the first word of a message decides which pattern is tried, and every pattern is anchored at both ends. What a client
chooses (the user name above all) is matched greedily and followed by what sshd writes after it, so the address is always
the last one on the line: ``Failed password for x from 192.0.2.1 port 1 ssh2 from 203.0.113.9 port 2 ssh2`` comes from
203.0.113.9. The formats are those of OpenSSH's auth.c, auth2.c, packet.c and sshd.c, and of pam_unix.

Several lines can tell of one attempt, so they carry different actions: ``login`` is an attempt that sshd judged;
``account-probe`` names an account that does not exist; ``pam`` is the same attempt as PAM saw it; ``left-before-login``
and ``handshake`` are connections that ended early. Rules that count attempts select ``login``.
"""

import re
from collections.abc import Callable

from undercroft.model.event import Event, EventClass, Outcome
from undercroft.watch.source import Clock, Reader, Reading, Unparsed
from undercroft.watch.syslog import ENVELOPE, Stamps, iso
from undercroft.watch.text import visible

TITLE = "OpenSSH server (syslog or journald)"

_PROGRAMS = {"sshd", "sshd-session", "sshd-auth"}
_ADDRESS = r"(?P<source>[0-9A-Fa-f.:]{2,45}(?:%\w{1,15})?|UNKNOWN)"
_KEY = r"(?:: [\w.@-]+ (?:SHA256:[\w+/=]+|(?:MD5:)?[0-9a-f:]{47}))?"
_PREAUTH = r"(?: \[preauth\])?"

FAILURE, SUCCESS = Outcome.FAILURE, Outcome.SUCCESS
_Pattern = tuple[re.Pattern[str], str, Outcome, str, tuple[int, ...]]
_GROUPS = ("source", "principal", "invalid", "method", "repeat", "inner")


def _pattern(text: str, action: str, outcome: Outcome, reason: str = "") -> _Pattern:
    """``text`` compiled, with the numbers its groups have. A group it lacks is given the number of an empty one at its end."""
    compiled = re.compile(f"{text}()", re.DOTALL)
    return compiled, action, outcome, reason, tuple(compiled.groupindex.get(name, compiled.groups) for name in _GROUPS)


# An attacker can put anything into a user name, but cannot log in with an account that does not exist: for a success the
# name is the shortest match and a certificate's key id may follow, for a failure the name is the longest and nothing may.
_PATTERNS: dict[str, tuple[_Pattern, ...]] = {
    "Accepted": (
        _pattern(
            rf"Accepted (?P<method>\S+) for (?P<principal>.+?) from {_ADDRESS} port \d+(?: ssh2)?(?:: .*)?",
            "login",
            SUCCESS,
        ),
    ),
    "Failed": (
        _pattern(
            rf"Failed none for (?P<invalid>invalid user )?(?P<principal>.*) from {_ADDRESS} port \d+(?: ssh2)?",
            "account-probe",
            FAILURE,
            "no-method",
        ),
        _pattern(
            rf"Failed (?P<method>\S+) for (?P<invalid>(?:invalid|illegal) user )?(?P<principal>.*) from {_ADDRESS} port \d+(?: ssh2)?{_KEY}",
            "login",
            FAILURE,
        ),
    ),
    "Invalid": (
        _pattern(
            rf"Invalid user (?P<principal>.*) from {_ADDRESS}(?: port \d+)?", "account-probe", FAILURE, "invalid-user"
        ),
    ),
    "Illegal": (
        _pattern(
            rf"Illegal user (?P<principal>.*) from {_ADDRESS}(?: port \d+)?", "account-probe", FAILURE, "invalid-user"
        ),
    ),
    "User": (
        _pattern(
            r"User (?P<principal>.*) from (?P<source>\S+) not allowed because .*",
            "account-probe",
            FAILURE,
            "not-allowed",
        ),
        _pattern(r"User child is on pid \d+", "", SUCCESS),
    ),
    "ROOT": (
        _pattern(
            rf"ROOT LOGIN REFUSED FROM {_ADDRESS}(?: port \d+)?{_PREAUTH}", "account-probe", FAILURE, "not-allowed"
        ),
    ),
    "pam_unix(sshd:auth):": (
        _pattern(
            r"\S+ authentication failure; logname=\S* uid=\d+ euid=\d+ tty=\S* ruser=\S* rhost=(?P<source>\S+)(?:\s+user=(?P<principal>.*))?",
            "pam",
            FAILURE,
            "password",
        ),
        _pattern(r"\S+ check pass; user unknown", "", FAILURE),
    ),
    "PAM": (
        _pattern(
            r"PAM (?P<repeat>\d{1,6}) more authentication failures?; logname=\S* uid=\d+ euid=\d+ tty=\S* ruser=\S* rhost=(?P<source>\S+)(?:\s+user=(?P<principal>.*))?",
            "pam",
            FAILURE,
            "password",
        ),
        _pattern(r"PAM service\(sshd\) ignoring max retries; \d+ > \d+", "", FAILURE),
    ),
    "error:": (
        _pattern(
            rf"error: maximum authentication attempts exceeded for (?P<invalid>invalid user )?(?P<principal>.*) from {_ADDRESS} port \d+ ssh2{_PREAUTH}",
            "left-before-login",
            FAILURE,
            "too-many-attempts",
        ),
        _pattern(
            r"error: PAM: .*? for (?P<invalid>illegal user )?(?P<principal>.*) from (?P<source>\S+)",
            "pam",
            FAILURE,
            "password",
        ),
        _pattern(rf"error: Received disconnect from {_ADDRESS} port \d+:\d+: .*", "", FAILURE),
        _pattern(
            r"error: (?:kex_exchange_identification|kex_protocol_error|Protocol major).*",
            "handshake",
            FAILURE,
            "bad-protocol",
        ),
    ),
    "Connection": (
        _pattern(
            rf"Connection (?:closed|reset) by (?:authenticating|(?P<invalid>invalid)) user (?P<principal>.*) {_ADDRESS} port \d+{_PREAUTH}",
            "left-before-login",
            FAILURE,
            "closed",
        ),
        _pattern(
            rf"Connection (?:closed|reset) by {_ADDRESS}(?: port \d+)? \[preauth\]", "handshake", FAILURE, "closed"
        ),
        _pattern(rf"Connection (?:closed|reset) by {_ADDRESS}(?: port \d+)?|Connection from .*", "", SUCCESS),
    ),
    "Disconnected": (
        _pattern(
            rf"Disconnected from (?:authenticating|(?P<invalid>invalid)) user (?P<principal>.*) {_ADDRESS} port \d+{_PREAUTH}",
            "left-before-login",
            FAILURE,
            "closed",
        ),
        _pattern(rf"Disconnected from (?:user .* )?{_ADDRESS} port \d+{_PREAUTH}", "", SUCCESS),
    ),
    "Received": (_pattern(rf"Received disconnect from {_ADDRESS}(?: port \d+)?:\s?\d+: .*", "", SUCCESS),),
    "Disconnecting": (
        _pattern(
            rf"Disconnecting (?:authenticating|(?P<invalid>invalid)) user (?P<principal>.*) {_ADDRESS} port \d+: .*",
            "left-before-login",
            FAILURE,
            "closed",
        ),
    ),
    "Disconnecting:": (_pattern(r"Disconnecting: .*", "", FAILURE),),
    "Did": (
        _pattern(
            rf"Did not receive identification string from {_ADDRESS}(?: port \d+)?",
            "handshake",
            FAILURE,
            "no-identification",
        ),
    ),
    "Bad": (
        _pattern(
            rf"Bad protocol version identification .* from {_ADDRESS}(?: port \d+)?",
            "handshake",
            FAILURE,
            "bad-protocol",
        ),
    ),
    "banner": (
        _pattern(rf"banner exchange: Connection from {_ADDRESS} port \d+: .*", "handshake", FAILURE, "bad-protocol"),
    ),
    "Unable": (
        _pattern(
            rf"Unable to negotiate with {_ADDRESS}(?: port \d+)?: .*", "handshake", FAILURE, "no-common-algorithm"
        ),
    ),
    "Magic": (
        _pattern(
            rf"Magic value check failed \(\d+\) on obfuscated handshake from {_ADDRESS} port \d+",
            "handshake",
            FAILURE,
            "bad-protocol",
        ),
    ),
    "fatal:": (
        _pattern(
            rf"fatal: Timeout before authentication for {_ADDRESS}(?: port \d+)?", "handshake", FAILURE, "timeout"
        ),
        _pattern(
            rf"fatal: Unable to negotiate with {_ADDRESS}(?: port \d+)?: .*",
            "handshake",
            FAILURE,
            "no-common-algorithm",
        ),
    ),
    "Timeout": (
        _pattern(
            rf"Timeout before authentication for connection from {_ADDRESS} to .*", "handshake", FAILURE, "timeout"
        ),
    ),
    "ssh_dispatch_run_fatal:": (
        _pattern(
            rf"ssh_dispatch_run_fatal: Connection from {_ADDRESS} port \d+: .*", "handshake", FAILURE, "bad-protocol"
        ),
    ),
    "refused": (_pattern(rf"refused connect from .* \({_ADDRESS}\)", "handshake", FAILURE, "refused"),),
    "message": (_pattern(r"message repeated (?P<repeat>\d{1,6}) times: \[ (?P<inner>.*)\]", "", FAILURE),),
}
_QUIET = (
    "pam_unix(sshd:session):", "pam_unix(sshd:account):", "pam_systemd(sshd:session):", "pam_env(sshd:session):", "input_userauth_request:",
    "Server", "Starting", "Close", "Postponed", "reverse", "Address", "subsystem", "Exiting", "syslogin_perform_logout:", "Transferred:", "lastlog_openseek:",
    "rexec", "debug1:", "debug2:", "debug3:", "Received",
)  # fmt: skip
_FIRST_WORDS_THAT_SAY_NOTHING = frozenset(_QUIET)


def _message(text: str, time: float, host: str, line: str, repeat: int) -> Reading:
    first = text.partition(" ")[0]
    for pattern, action, outcome, reason, groups in _PATTERNS.get(first, ()):
        match = pattern.fullmatch(text)
        if match is None:
            continue
        source, principal, invalid, method, times, inner = match.group(*groups)
        if inner:
            if repeat > 1:
                return Unparsed("a repeated message inside another")
            return _message(inner, time, host, line, int(times))
        if not action:
            return None
        if source and source[0] == ":":
            source = source.removeprefix("::ffff:")
        if first == "ROOT":
            principal = "root"
        return Event(
            cls=EventClass.AUTHENTICATION,
            time=time,
            outcome=outcome,
            source=source,
            principal=principal or "",
            target=host,
            component="sshd",
            instance=host,
            action=action,
            reason="invalid-user" if invalid else reason or method,
            line=visible(line),
            repeat=int(times) if times else repeat,
        )
    if first in _FIRST_WORDS_THAT_SAY_NOTHING:
        return None
    return Unparsed("a message of sshd that is not known")


def recognises(line: str) -> bool:
    """Whether the envelope names sshd as the program."""
    envelope = ENVELOPE.match(line)
    return envelope is not None and (envelope["program"] or envelope["program5424"]) in _PROGRAMS


def reader(clock: Clock) -> Reader:
    """A reader of sshd's lines. Lines of other programs in the same file are ``None``."""
    stamps = Stamps(clock)
    envelope: Callable[[str], re.Match[str] | None] = ENVELOPE.match

    def read(line: str) -> Reading:
        match = envelope(line)
        if match is None:
            return Unparsed("no syslog envelope")
        minute, second, stamp, host, program, program5424, message = match.groups()
        if (program or program5424) not in _PROGRAMS:
            return None
        time = stamps.traditional(minute, second) if minute else iso(stamp)
        if time is None:
            return Unparsed("a time that does not exist")
        return _message(message.strip("\ufeff "), time, host, line, 1)

    return read


SAMPLE_WRITTEN = 1735689600.0  # 2025-01-01T00:00:00Z
SAMPLE = (
    "Dec 31 23:59:58 gpu1 sshd[812]: Failed password for invalid user admin from 203.0.113.7 port 50022 ssh2",
    "Dec 31 23:59:59 gpu1 sshd[812]: Failed password for x from 192.0.2.1 port 1 ssh2 from 203.0.113.7 port 50022 ssh2",
    "Jan  1 00:00:00 gpu1 sshd[900]: Accepted publickey for ada from 198.51.100.4 port 40022 ssh2: ED25519 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "2025-01-01T00:00:01.500000+01:00 gpu1 sshd-session[77]: message repeated 5 times: [ Failed password for root from 2001:db8::7 port 50022 ssh2]",
    '<38>1 2025-01-01T00:00:02Z gpu1 sshd 44255 - [meta sequenceId="1"] Invalid user tutu from 203.0.113.7 port 33166',
    "Jan  1 00:00:03 gpu1 CRON[5]: pam_unix(cron:session): session opened for user root by (uid=0)",
    "Jan  1 00:00:04 gpu1 sshd[812]: something no version of sshd says",
)


def _expected(
    time: float, outcome: Outcome, source: str, principal: str, action: str, reason: str, repeat: int = 1
) -> Event:
    return Event(
        EventClass.AUTHENTICATION, time, outcome, source=source, principal=principal, target="gpu1", component="sshd", instance="gpu1",
        action=action, reason=reason, repeat=repeat,
    )  # fmt: skip


EXPECTED: tuple[Reading, ...] = (
    _expected(1735689598.0, FAILURE, "203.0.113.7", "admin", "login", "invalid-user"),
    _expected(1735689599.0, FAILURE, "203.0.113.7", "x from 192.0.2.1 port 1 ssh2", "login", "password"),
    _expected(1735689600.0, SUCCESS, "198.51.100.4", "ada", "login", "publickey"),
    _expected(1735686001.5, FAILURE, "2001:db8::7", "root", "login", "password", repeat=5),
    _expected(1735689602.0, FAILURE, "203.0.113.7", "tutu", "account-probe", "invalid-user"),
    None,
    Unparsed("a message of sshd that is not known"),
)
