"""No password, and on purpose.

What it does
    Finds the switches by which a database, a broker, a notebook or a server is told to ask for nothing: a password or token written as
    an empty text, ``ALLOW_EMPTY_PASSWORD=yes``, ``POSTGRES_HOST_AUTH_METHOD=trust``, authentication set to off. A key that signs sessions
    and is written as an empty text counts too.

Why it matters
    These switches come from quick-start guides and outlive them. Whoever gets onto the network, by a published port today or by one
    compromised container tomorrow, is the administrator.

How to fix it
    Take the switch away and give a generated secret from outside the file.

Not reported
    Empty values in variable files, which are there to be filled in, and empty keys of providers, which only switch a client off.
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.fix import Fix
from undercroft.model.redact import names_a_secret
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin, Setting
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Running, Text, Workload
from undercroft.scan.passwords import issued, signs

_SAMPLE = "services:\n  db:\n    image: IMAGE\n    environment:\n      - NAME=VALUE\n"


def _sample(image: str, name: str, value: str) -> str:
    return _SAMPLE.replace("IMAGE", image).replace("NAME", name).replace("VALUE", value)


CHECK = Check(
    title="Empty password",
    severity=Severity.HIGH,
    risk=Risk.MIS_CRED,
    references=("CWE-258", "CWE-306", "OWASP A07:2025", "ATT&CK T1078.001"),
    weighed=False,
    examples=(
        Example("a database that trusts everybody", "present", _sample("postgres:16", "POSTGRES_HOST_AUTH_METHOD", "trust")),
        Example("a database that allows an empty password", "present", _sample("mysql:8.0.36", "MYSQL_ALLOW_EMPTY_PASSWORD", "yes")),
        Example("an empty password of an application of one's own", "present", _sample("acme/label:1.2", "POSTGRE_PASSWORD", "")),
        Example("an empty signing key", "present", _sample("acme/ui:1.2", "WEBUI_SECRET_KEY", "")),
        Example("a notebook with an empty token", "present", "services:\n  n:\n    image: quay.io/jupyter/base-notebook:2025-03-14\n    command: start-notebook.py --IdentityProvider.token=''\n"),
        Example("an empty password in a pod", "present", "apiVersion: v1\nkind: Pod\nmetadata: {name: t}\nspec:\n  containers:\n    - name: t\n      image: mysql:8.0.36\n      env: [{name: MYSQL_ALLOW_EMPTY_PASSWORD, value: 'true'}]\n", file="pod.yaml"),
        Example("an image whose own configuration leaves the door open", "absent", "services:\n  cache:\n    image: redis:7.2.4\n"),
        Example("the switch is off", "absent", _sample("mysql:8.0.36", "MYSQL_ALLOW_EMPTY_PASSWORD", "no")),
        Example("a provider's key left empty", "absent", _sample("acme/ui:1.2", "OPENAI_API_KEY", "")),
        Example("a mail server that needs no password", "absent", _sample("acme/ui:1.2", "SMTP_PASSWORD", "")),
        Example("a value to be filled in", "absent", "POSTGRES_PASSWORD=\n", file=".env.example"),
        Example("a password from outside", "absent", _sample("postgres:16", "POSTGRES_PASSWORD", "${DB_PASSWORD:?}")),
    ),
)  # fmt: skip

_TRUE = frozenset({"1", "true", "yes", "on", "y"})
_ALLOW = re.compile(r"(?i)allow_?(?:empty|anonymous|no)_?(?:root_?)?(?:password|login)$")
_METHOD = re.compile(r"(?i)(?:host_auth_method|auth_?type|auth_?mode|auth_?method)$")
_CLIENT = re.compile(
    r"(?i)smtp|mail|proxy|ldap|ssh|keystore|truststore|passphrase|imap|otp|sso|oauth|google|github|vapid"
)
_OFF_NAMES = re.compile(r"auth|security|protected|login|password|token")
_ON_NAMES = re.compile(r"empty|insecure|anonymous|skip|unauthenticated|no-auth|disable")


def _switch(setting: Setting, secret: bool) -> bool:
    """Whether a setting is written so that nothing is asked for."""
    if setting.origin is not Origin.EXPLICIT:
        return False
    value = setting.value
    if secret:
        return value == ""
    if value is True:
        return _ON_NAMES.search(setting.name) is not None
    if value is False:
        return _OFF_NAMES.search(setting.name) is not None and not _ON_NAMES.search(setting.name)
    return (
        isinstance(value, str)
        and value.lower() in {"trust", "none", "off", "noauth", "disabled"}
        and "auth" in setting.name
    )


def _switches(workload: Workload, running: Running) -> tuple[Evidence, ...]:
    """Where the component itself is told to ask for nothing; nothing when it asks all the same, or merely by default.

    What an image's own configuration says is a default to whoever runs it.
    """
    whole = running.settings.get("authentication")
    if whole is None or whole.value != "off":
        return ()
    written = [
        s
        for s in running.settings.values()
        if s.name in running.fact.settings and _switch(s, running.fact.settings[s.name].type == "secret")
    ]
    image = workload.image.evidence if workload.image is not None else None
    return tuple(dict.fromkeys(e for s in written for e in s.evidence if e not in {image, workload.head}))


def _means_nothing(name: str, text: Text) -> bool:
    value = text.value
    if value is None:
        return False
    if _ALLOW.search(name):
        return value.strip().lower() in _TRUE
    if _METHOD.search(name):
        return value.strip().lower() == "trust"
    if (
        value.strip().strip("\"'")
        or not text.literal
        or not names_a_secret(name)
        or issued(name)
        or _CLIENT.search(name)
    ):
        return False
    return signs(name) or re.search(r"(?i)(?:passw(?:or)?d|pass|pwd|passwd)$", name) is not None


def _names(workload: Workload, told: tuple[Evidence, ...]) -> Iterator[tuple[str, Text]]:
    for name, text in workload.environment.items():
        if _means_nothing(name, text) and text.evidence is not None and text.evidence not in told:
            yield name, text


def examine(graph: Graph) -> Iterator[Hit]:
    """Components told to ask for nothing, and variables that mean it in any workload."""
    for workload in graph.workloads:
        told: tuple[Evidence, ...] = ()
        for running in workload.running:
            places = _switches(workload, running)
            told += places
            if places:
                fix = Fix(f"Take the switch away and give {running.fact.name} a generated secret from outside the file")
                yield Hit(
                    workload.asset, f"{running.fact.name} is told to ask for nothing", places, fix, workload.exposure,
                    f"empty:{running.fact.slug}",
                )  # fmt: skip
        for name, text in _names(workload, told):
            what = "is empty" if not (text.value or "").strip().strip("\"'") else "lets everybody in without a password"
            yield Hit(
                workload.asset, f"{name} {what}", (text.evidence,) if text.evidence else (), Fix(f"Set a generated secret from outside the file instead of {name} as it is"),
                workload.exposure, f"empty:{name}",
            )  # fmt: skip
