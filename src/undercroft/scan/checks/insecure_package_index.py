"""Packages come over a connection nobody vouches for.

What it does
    Finds installers of Python, Node and Debian packages that are pointed at an index over plain HTTP or told to trust a host without a
    certificate: on command lines, in images and in variables.

Why it matters
    Whoever sits on the path puts a package of their own into the image, and an installer runs what it gets. Version pins do not help,
    because the index itself says what a version is.

How to fix it
    Use the index's HTTPS address. For an index of one's own give its certificate authority (``PIP_CERT``), and pin hashes
    (``--require-hashes``).
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph

_RUN = "FROM python:3.12\nRUN COMMAND\n"

CHECK = Check(
    title="Package index without a certificate",
    severity=Severity.MEDIUM,
    risk=Risk.MIS_ARTIFACT,
    references=("CWE-494", "CWE-319", "OWASP A03:2025", "ATT&CK T1195.001", "https://pip.pypa.io/en/stable/cli/pip/#cmdoption-trusted-host"),
    weighed=False,
    examples=(
        Example("an index over plain HTTP", "present", _RUN.replace("COMMAND", "pip install --index-url http://pypi.corp.example/simple torch==2.5.1"), file="Dockerfile"),
        Example("a host trusted without a certificate", "present", _RUN.replace("COMMAND", "pip install --trusted-host pypi.corp.example torch==2.5.1"), file="Dockerfile"),
        Example("a variable that says it", "present", "FROM python:3.12\nENV PIP_INDEX_URL=http://pypi.corp.example/simple\n", file="Dockerfile"),
        Example("an index with a certificate", "absent", _RUN.replace("COMMAND", "pip install --index-url https://pypi.corp.example/simple torch==2.5.1"), file="Dockerfile"),
        Example("an index on the same machine", "absent", _RUN.replace("COMMAND", "pip install --index-url http://localhost:3141/simple torch==2.5.1"), file="Dockerfile"),
        Example("an address that is no index", "absent", _RUN.replace("COMMAND", "echo http://pypi.corp.example/simple"), file="Dockerfile"),
    ),
)  # fmt: skip

_INSTALLERS = frozenset({"pip", "pip3", "uv", "pipx", "npm", "yarn", "pnpm", "poetry"})
_INDEX = ("--index-url", "-i", "--extra-index-url", "--default-index", "--index", "--registry", "--find-links", "-f")
_VARIABLES = re.compile(
    r"(?i)^(?:pip_(?:extra_)?index_url|uv_(?:default_|extra_)?index(?:_url)?|npm_config_registry|pip_trusted_host)$"
)
_PLAIN = re.compile(r"(?i)^http://(?!localhost|127\.|\[::1\])")


def _by_command(words: tuple[str, ...]) -> str:
    for i, word in enumerate(words):
        name, equals, rest = word.partition("=")
        value = rest if equals else (words[i + 1] if i + 1 < len(words) else "")
        if name == "--trusted-host" and value and not re.match(r"localhost|127\.", value):
            return "trusts a host without a certificate"
        if name in _INDEX and _PLAIN.match(value):
            return "takes packages over plain HTTP"
    return ""


def _installs(words: tuple[str, ...]) -> bool:
    named = {word.rpartition("/")[2] for word in words[:4]}
    return bool(named & _INSTALLERS)


def examine(graph: Graph) -> Iterator[Hit]:
    """Commands and variables that name such an index."""
    fix = Fix("Use the index's HTTPS address, with the certificate of its authority where it is one's own")
    for script in graph.scripts:
        for command in script.commands:
            what = _by_command(command.bare) if _installs(command.bare) else ""
            if what:
                yield Hit(
                    script.asset,
                    f"{command.bare[0]} {what}",
                    (command.evidence,),
                    fix,
                    UNKNOWN_EXPOSURE,
                    f"index:{' '.join(command.bare[:3])}:{what}",
                )
    for workload in graph.workloads:
        for name, text in workload.environment.items():
            value = (text.value or "").strip("\"'")
            trusts = name.lower() == "pip_trusted_host" and value and not re.match(r"localhost|127\.", value)
            if (
                text.evidence is not None
                and text.literal
                and _VARIABLES.match(name)
                and (trusts or _PLAIN.match(value))
            ):
                place: tuple[Evidence, ...] = (text.evidence,)
                yield Hit(
                    workload.asset,
                    f"{name} takes packages from an index nobody vouches for",
                    place,
                    fix,
                    UNKNOWN_EXPOSURE,
                    f"index:{name}",
                )
