"""TLS, but nobody looks who answers.

What it does
    Finds connections whose certificate is not checked: ``curl -k``, ``wget --no-check-certificate``, ``git -c http.sslVerify=false``,
    ``pip --trusted-host``, ``--insecure-skip-tls-verify`` and their like in scripts, ``RUN`` lines, steps and command lines; variables that
    do the same for a library or a product (``MLFLOW_S3_IGNORE_TLS``, ``NODE_TLS_REJECT_UNAUTHORIZED=0`` …); and database addresses with
    ``sslmode=disable``.

Why it matters
    Whoever sits on the path answers in the other's name: hands over another model, another package, another manifest, and reads the
    credentials that are sent along.

How to fix it
    Give the client the certificate of the authority that signed (``--cacert``, ``REQUESTS_CA_BUNDLE``, ``AWS_CA_BUNDLE``), instead of
    telling it not to look.

Unknown
    A switch that comes from an unresolved variable.
"""

import re
from collections.abc import Iterator, Mapping

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph, Text
from undercroft.scan.scripts import Command

CHECK = Check(
    title="Certificate not checked",
    severity=Severity.MEDIUM,
    risk=Risk.DEP_TLS,
    references=("CWE-295", "CWE-319", "OWASP A04:2025", "OWASP A08:2025", "ATT&CK T1557"),
    weighed=False,
    examples=(
        Example("curl, among other short flags", "present", "curl -fsSLk https://models.example.com/m.bin -o m.bin\n", file="a.sh"),
        Example("wget", "present", "FROM debian:12-slim\nRUN wget --no-check-certificate https://example.com/a\nUSER app\n", file="Dockerfile"),
        Example("git, for every repository", "present", "git config --global http.sslVerify false\n", file="a.sh"),
        Example("a package index", "present", "pip install --trusted-host pypi.internal vllm==0.8.5\n", file="a.sh"),
        Example("a product's variable", "present", 'services:\n  a:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    environment:\n      MLFLOW_S3_IGNORE_TLS: "true"\n'),
        Example("a library's variable in a step", "present", "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: node a.js\n        env:\n          NODE_TLS_REJECT_UNAUTHORIZED: 0\n", file=".github/workflows/a.yml"),
        Example("exported by a script", "present", "export PYTHONHTTPSVERIFY=0\npython a.py\n", file="a.sh"),
        Example("a database without it", "present", "services:\n  a:\n    image: example/app:1\n    environment:\n      DATABASE_URL: postgresql://u@db.example.com/x?sslmode=disable\n"),
        Example("in a unit", "present", "[Service]\nEnvironment=GIT_SSL_NO_VERIFY=1\nExecStart=/bin/sh -c 'curl --insecure https://example.com'\n", file="a.service"),
        Example("said to be checked", "absent", 'services:\n  a:\n    image: ghcr.io/mlflow/mlflow:v2.9.2\n    environment:\n      MLFLOW_S3_IGNORE_TLS: "false"\n      NODE_TLS_REJECT_UNAUTHORIZED: "1"\n'),
        Example("the machine itself", "absent", "curl -k https://localhost:8443/health\n", file="a.sh"),
        Example("a database that checks", "absent", "services:\n  a:\n    image: example/app:1\n    environment:\n      DATABASE_URL: postgresql://u@db/x?sslmode=verify-full\n"),
        Example("another program's flag of that letter", "absent", "tar -k -xf a.tar\nsort -k 2 a\n", file="a.sh"),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")
_TRUE, _FALSE = (
    frozenset({"1", "true", "yes", "on"}),
    frozenset({"0", "false", "no", "off", "none", "disable", "disabled"}),
)
# Variables by which libraries and products take the switch, each from its own documentation; value: what switches the check off.
_EXACT = {
    "MLFLOW_S3_IGNORE_TLS": _TRUE, "MLFLOW_TRACKING_INSECURE_TLS": _TRUE, "NODE_TLS_REJECT_UNAUTHORIZED": frozenset({"0"}),
    "PYTHONHTTPSVERIFY": frozenset({"0"}), "GIT_SSL_NO_VERIFY": _TRUE, "GIT_SSL_VERIFY": _FALSE, "CURL_INSECURE": _TRUE,
    "PGSSLMODE": frozenset({"disable"}), "PG_SSLMODE": frozenset({"disable"}), "AWS_NO_VERIFY_SSL": _TRUE, "S3_VERIFY_SSL": _FALSE,
    "VAULT_SKIP_VERIFY": _TRUE, "CONSUL_HTTP_SSL_VERIFY": _FALSE, "NOMAD_SKIP_VERIFY": _TRUE, "ARGOCD_OPTS": frozenset({"--insecure"}),
    "NPM_CONFIG_STRICT_SSL": _FALSE, "CLEARML_API_HOST_VERIFY_CERT": _FALSE, "TRAINS_API_HOST_VERIFY_CERT": _FALSE,
    "WANDB_INSECURE_DISABLE_SSL": _TRUE, "OAUTH2_PROXY_SSL_INSECURE_SKIP_VERIFY": _TRUE, "ELASTICSEARCH_VERIFYCERTS": _FALSE,
    "QDRANT_VERIFY_SSL": _FALSE, "AIOHTTP_CLIENT_SESSION_SSL": _FALSE, "SSL_VERIFY": _FALSE, "VERIFY_SSL": _FALSE, "TLS_VERIFY": _FALSE,
}  # fmt: skip
_SKIPS = re.compile(
    r"(?:SKIP|NO|DISABLE|IGNORE)_(?:TLS|SSL|CERT|CERTIFICATE)_?(?:VERIFY|VERIFICATION|VALIDATION|CHECK)?S?$|(?:TLS|SSL)_?(?:INSECURE)?_?SKIP_VERIFY$|INSECURE_SKIP_(?:TLS_)?VERIFY$"
)
_VERIFIES = re.compile(
    r"(?:VERIFY_(?:SSL|TLS|CERTS?)|(?:SSL|TLS)_VERIFY|(?:SSL|TLS)_CERT_?VERIFY|(?:SSL|TLS)_VERIFICATION)$"
)
_DSN = re.compile(
    r"[a-z]\w*://[^\s'\"]*[?&](?:sslmode=disable|ssl=false|tls=skip-verify|ssl_verify=false|tlsInsecure=true|ssl_cert_reqs=none)\b",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"://(?:[^@/\s]*@)?(?:localhost|127\.|\[::1\]|0\.0\.0\.0)|^(?:localhost|127\.)", re.IGNORECASE)
_ENGINES = frozenset({"skopeo", "podman", "buildah", "docker", "nerdctl", "crane"})


def _disabled(name: str, value: str) -> bool:
    upper, low = name.upper().replace("-", "_"), value.strip().lower()
    if upper in _EXACT:
        return low in _EXACT[upper]
    if _SKIPS.search(upper) and not upper.endswith(
        ("_NO_SSL", "_NO_TLS", "_DISABLE_TLS", "_DISABLE_SSL", "_DISABLE_CERT")
    ):
        return low in _TRUE
    return _VERIFIES.search(upper) is not None and low in _FALSE


def _command(command: Command) -> str | None:
    """The switch of a command that turns the check off; ``None`` when it has none, or talks to the machine itself."""
    name, words = command.name, command.bare
    if any(_LOCAL.search(word) for word in words):
        return None
    text = " ".join(words)
    if name == "curl" and command.has("-k", "--insecure", "--proxy-insecure"):
        return "--insecure"
    if name in {"wget", "wget2"} and command.has("--no-check-certificate"):
        return "--no-check-certificate"
    if name == "git" and re.search(r"http\.\S*sslverify[= ](?:false|0)\b", text, re.IGNORECASE):
        return "http.sslVerify=false"
    if (
        (re.fullmatch(r"pip[\d.]*", name) or name in {"uv", "python"})
        and "install" in words
        and command.has("--trusted-host", "--allow-insecure-host")
    ):
        return "--trusted-host"
    if re.fullmatch(r"pip[\d.]*", name) and "config" in words and "global.trusted-host" in words:
        return "trusted-host"
    if name in {"npm", "yarn", "pnpm"} and re.search(r"strict-ssl[= ]false", text):
        return "strict-ssl false"
    if name in {"kubectl", "oc", "helm", "argocd", "argo", "flux", "kustomize"} and command.has(
        "--insecure-skip-tls-verify", "--kube-insecure-skip-tls-verify", "--insecure-skip-server-verification"
    ):
        return "--insecure-skip-tls-verify"
    if name in _ENGINES and any(re.fullmatch(r"--(?:(?:src|dest)-)?tls-verify=false", word) for word in words):
        return "--tls-verify=false"
    if name == "aws" and command.has("--no-verify-ssl"):
        return "--no-verify-ssl"
    if name in {"mc", "mcli"} and command.has("--insecure"):
        return "--insecure"
    if name in {"apt", "apt-get"} and re.search(
        r"Verify-(?:Peer|Host)=false|--allow-unauthenticated|AllowUnauthenticated=true|AllowInsecureRepositories=true",
        text,
    ):
        return "an unverified repository"
    if name == "conda" and re.search(r"ssl_verify (?:false|no)", text, re.IGNORECASE):
        return "ssl_verify false"
    return None


def _variables(found: Mapping[str, Text]) -> Iterator[tuple[str, Evidence | None, str]]:
    for name, text in found.items():
        if text.value is None:
            continue
        if _disabled(name, text.value):
            yield name, text.evidence, f"{name} turns the check off"
        else:
            match = _DSN.search(text.value)
            if match is not None and not _LOCAL.search(match[0]):
                yield name, text.evidence, f"{name} names a server without TLS"


def examine(graph: Graph) -> Iterator[Hit]:
    """Commands and variables, once each: a place that is both a workload's and a script's counts for the workload."""
    seen: set[str] = set()

    def hit(asset: Asset, title: str, places: tuple[Evidence, ...], locator: str) -> Iterator[Hit]:
        where = {f"{place.where}:{locator}" for place in places}
        if not where <= seen:
            seen.update(where)
            yield Hit(
                asset, title, places, Fix("Give the client the authority's certificate instead"), _ANYWHERE, locator
            )

    for workload in graph.workloads:
        for name, place, title in _variables(workload.environment):
            yield from hit(workload.asset, title, (place,) if place else (), f"variable:{name}")
    for pipeline in graph.pipelines:
        for environment in (
            pipeline.environment,
            *(job.environment for job in pipeline.jobs),
            *(step.environment for _, step in pipeline.steps()),
        ):
            for name, place, title in _variables(environment):
                yield from hit(pipeline.asset, title, (place,) if place else (), f"variable:{name}")
    for script in graph.scripts:
        for name, place, title in _variables(script.environment):
            yield from hit(script.asset, title, (place,) if place else (), f"variable:{name}")
        found: dict[tuple[str, str], list[Evidence]] = {}
        for command in script.commands:
            for name, place, title in _variables(command.assignments):
                yield from hit(script.asset, title, (place,) if place else (), f"variable:{name}")
            switch = None if command.printed else _command(command)
            if switch is not None:
                found.setdefault((command.name, switch), []).append(command.evidence)
        for (name, switch), places in found.items():
            yield from hit(
                script.asset,
                f"{name} does not check who answers ({switch})",
                tuple(dict.fromkeys(places)),
                f"{script.name}:{name}:{switch}",
            )
