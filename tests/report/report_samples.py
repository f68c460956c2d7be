"""Results as a scan of a small weak deployment would leave them, built from the nouns."""

from dataclasses import fields, is_dataclass
from enum import Enum

from undercroft.model.alert import Alert
from undercroft.model.asset import Asset, Certainty, Component
from undercroft.model.evidence import EndpointEvidence, FileEvidence, HostEvidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure, Hop, Reach
from undercroft.model.finding import Finding, fingerprint, weigh
from undercroft.model.fix import Edit, Fix, line_digest
from undercroft.model.result import AttackPath, Difference, DrillResult, ScanResult, Seen, Step, Unread
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Persona, Severity, Verdict

COMPOSE = "deploy/compose.yaml"
PORT = FileEvidence(COMPOSE, 12, 9, '      - "0.0.0.0:8000:8000"')
VLLM = Asset(
    f"compose:{COMPOSE}#model",
    "workload",
    "model",
    (
        Component(
            "vllm",
            "0.6.3",
            Certainty.EXACT,
            "image tag v0.6.3",
            (FileEvidence(COMPOSE, 5, 5, "    image: vllm/vllm-openai:v0.6.3"),),
        ),
    ),
)
JUPYTER = Asset(
    "kubernetes:notebook.yaml#lab/notebook",
    "workload",
    "notebook",
    (Component("jupyter-server", None, Certainty.UNKNOWN, "image tag latest says no version"),),
)
MLFLOW = Asset(
    "live:127.0.0.1:5000",
    "endpoint",
    "127.0.0.1:5000",
    (Component("mlflow", "2.9.2", Certainty.EXACT, "GET /version"),),
)
INTERNET = Exposure(Reach.INTERNET, (Hop("published port 0.0.0.0:8000 → 8000", PORT),), "no host firewall was scanned")
CLUSTER = Exposure(
    Reach.CLUSTER, (Hop("Service/notebook type ClusterIP", FileEvidence("notebook.yaml", 31, 3, "  type: ClusterIP")),)
)
LOOPBACK = Exposure(Reach.LOOPBACK, (Hop("answered on 127.0.0.1:5000"),))


ATTACK_PATH = AttackPath(
    (
        Step("internet", "no host firewall was scanned", (PORT,)),
        Step("Jupyter Server without authentication (lab)", "it lets in whoever reaches it", (FileEvidence(COMPOSE, 21, 5, "    command: --token="),)),
        Step("commands in the container of lab", "it runs code for whoever may use it", (FileEvidence(COMPOSE, 20, 5, "    image: jupyter"),)),
        Step("the data in PostgreSQL (store)", "the password stands in the address", (FileEvidence(COMPOSE, 24, 7, "      DATABASE_URL: [redacted]"),)),
    ),
    (Risk.MIS_ADMIN, Risk.MIS_MLOPS, Risk.SYS_STORE),
    Severity.CRITICAL,
    "3 steps lead from the internet to the data in PostgreSQL (store). Critical: reachable from the internet.",
)  # fmt: skip


def finding(
    check,
    title,
    base,
    exposure,
    asset,
    risk,
    evidence,
    fix,
    references=(),
    verdict=Verdict.PRESENT,
    settled_by="",
    **more,
):
    severity, why = weigh(base, exposure)
    return Finding(
        check,
        title,
        verdict,
        severity,
        more.get("confidence", Confidence.HIGH),
        more.get("persona", Persona.REGULAR),
        risk,
        asset,
        exposure,
        why,
        fix,
        evidence,
        fingerprint(check, asset.key, title),
        references,
        settled_by,
    )


def scan_result():
    command = "    command: [--model, example/small, --host, 0.0.0.0]"
    return ScanResult(
        targets=(".", "127.0.0.1:5000"),
        scope=("127.0.0.0/8",),
        findings=(
            finding(
                "authentication-missing", "The inference endpoint answers anyone", Severity.CRITICAL, INTERNET, VLLM, Risk.DEP_AUTH,
                (
                    FileEvidence(COMPOSE, 9, 5, command),
                    EndpointEvidence("http://127.0.0.1:8000", "GET /v1/models", '200 {"object": "list"}'),
                ),
                Fix(
                    "Require a key with --api-key.",
                    (Edit(COMPOSE, 9, line_digest(command), 52, 52, ", --api-key, '${VLLM_API_KEY}'"),),
                    "Set VLLM_API_KEY in .env first.",
                ),
                ("CWE-306", "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html"),
            ),
            finding(
                "tls-missing", "Prompts and answers travel unencrypted", Severity.HIGH, INTERNET, VLLM, Risk.DEP_TLS,
                (PORT,), Fix("Serve TLS, or publish the port on 127.0.0.1 and put a proxy that does in front."), ("CWE-319",),
            ),
            finding(
                "secret-written-out", "A Hugging Face token stands in the file", Severity.HIGH, INTERNET, VLLM, Risk.MIS_CRED,
                (FileEvidence(COMPOSE, 15, 7, "      HF_TOKEN: hf_abcdefghijklmnopqrstuvwx"),),
                Fix("Read the token from a secret and rotate this one."), ("CWE-798",),
            ),
            finding(
                "privileged-container", "The notebook's container is privileged", Severity.HIGH, CLUSTER, JUPYTER, Risk.SYS_ORCH,
                (FileEvidence("notebook.yaml", 18, 13, "            privileged: true"),),
                Fix("Drop privileged.", (Edit("notebook.yaml", 18, line_digest("            privileged: true"), 25, 29, "false"),)), ("CWE-250",),
            ),
            finding(
                "authentication-missing", "The tracking server answers anyone", Severity.CRITICAL, LOOPBACK, MLFLOW, Risk.MIS_MLOPS,
                (EndpointEvidence("http://127.0.0.1:5000", "GET /api/2.0/mlflow/experiments/search", "200, no credentials asked for"),),
                Fix("Start it with --app-name basic-auth."), ("CWE-306",),
            ),
            finding(
                "authentication-missing", "Whether the notebook asks for a token cannot be read", Severity.CRITICAL, UNKNOWN_EXPOSURE, JUPYTER,
                Risk.MIS_ADMIN, (FileEvidence("notebook.yaml", 22, 13, "            - $(JUPYTER_ARGS)"),),
                Fix("Set a token."), ("CWE-306",), Verdict.UNKNOWN, "the value of JUPYTER_ARGS in ConfigMap/lab-env, which was not scanned",
                confidence=Confidence.MEDIUM,
            ),
            finding(
                "root-login-allowed", "Root may log in with a password", Severity.MEDIUM, Exposure(Reach.PRIVATE, (Hop("listens on 0.0.0.0:22"),)),
                Asset("host", "host", "this host"), Risk.SYS_HOST,
                (HostEvidence("sshd effective configuration", "sshd -T", "permitrootlogin yes"),), Fix("Set PermitRootLogin no."),
                persona=Persona.PEDANTIC,
            ),
        ),
        inventory=(
            Seen(VLLM.key, "model", "vllm", "0.6.3", "image tag v0.6.3", "deep", "internet", ("127.0.0.1:8000",), ("declared", "observed")),
            Seen(JUPYTER.key, "notebook", "jupyter-server", None, "image name", "deep", "cluster", ("notebook:8888",), ("declared",)),
            Seen(MLFLOW.key, "127.0.0.1:5000", "mlflow", "2.9.2", "GET /version", "deep", "loopback", ("127.0.0.1:5000",), ("observed",)),
            Seen("compose:deploy/compose.yaml#cache", "cache", "redis", "7.2", "image tag 7.2", "basic", "cluster", (), ("declared",)),
        ),
        could_not_read=(
            Unread("charts/model/values.yaml", "line 4, column 2: mapping expected", partial=True, remedy="Mend the YAML and scan again."),
            Unread("http://127.0.0.1:9000", "no answer within 5 s"),
        ),
        files=6,
        endpoints=2,
        joined=("model (deploy/compose.yaml) and 127.0.0.1:8000 are one: the declared port is the one that answered.",),
        attack_paths=(ATTACK_PATH,),
    )  # fmt: skip


def empty_result():
    return ScanResult((".",), (), (), (), (), 3, 0)


def drills_before():
    url = "http://127.0.0.1:8000"
    return (
        DrillResult(
            "no-key",
            "A chat request without a key.",
            Risk.DEP_AUTH,
            url,
            Verdict.PRESENT,
            "200 with an answer",
            212,
            0.04,
        ),
        DrillResult(
            "large-header",
            "One header of 64 KiB.",
            Risk.DOS_HEADER,
            url,
            Verdict.PRESENT,
            "200: 64 KiB accepted",
            65700,
            0.02,
        ),
        DrillResult(
            "huge-n", "A request for 10,000 answers.", Risk.DOS_COST, url, Verdict.UNKNOWN, "connection reset", 260, 1.5
        ),
    )


def drills_after():
    url = "http://127.0.0.1:8080"
    return (
        DrillResult(
            "no-key", "A chat request without a key.", Risk.DEP_AUTH, url, Verdict.ABSENT, "401 key-missing", 212, 0.01
        ),
        DrillResult(
            "large-header",
            "One header of 64 KiB.",
            Risk.DOS_HEADER,
            url,
            Verdict.ABSENT,
            "431 header-too-large",
            16384,
            0.01,
        ),
    )


def alerts():
    return (
        Alert(
            "ssh-password-spray", "One source tried 14 accounts in 6 minutes", Risk.TTP_SPRAY, Severity.HIGH, Confidence.HIGH, 1760000000.0,
            1760000360.5, {"source": ("203.0.113.9",), "principal": ("root", "admin", "ubuntu", "git", "test", "oracle")}, 14,
            ("Oct  9 08:53:20 gpu1 sshd[991]: Failed password for root from 203.0.113.9 port 4022 ssh2",), "Block 203.0.113.9 and check its successes.",
        ),
        Alert(
            "memory-bound-reached", "The detection forgot its oldest 1,000 sources", Risk.DOS_DIVERSION, Severity.INFO, Confidence.HIGH,
            1760000100.0, 1760000100.0, {}, 1, (),
        ),
    )  # fmt: skip


def differences():
    return (
        Difference(
            "changed",
            "model",
            "exposure",
            "loopback",
            "internet",
            Risk.TTP_DRIFT,
            Severity.HIGH,
            "published port 0.0.0.0:8000 in deploy/compose.yaml:12",
        ),
        Difference(
            "missing",
            "guard",
            "service",
            "listening on 8080",
            "",
            Risk.TTP_DRIFT,
            Severity.MEDIUM,
            "nothing answers on 127.0.0.1:8080",
        ),
    )


def with_every_text(value, replace):
    """A copy of a noun in which every free text went through ``replace``. Enumerations and numbers stay."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return replace(value)
    if isinstance(value, tuple):
        return tuple(with_every_text(v, replace) for v in value)
    if isinstance(value, dict):
        return {with_every_text(k, replace): with_every_text(v, replace) for k, v in value.items()}
    if is_dataclass(value):
        return type(value)(
            **{f.name: with_every_text(getattr(value, f.name), replace) for f in fields(value) if f.init}
        )
    return value
