"""The risk register: the 27 rows that findings, policies and detections point at.

The ids are stable interfaces: they stand in reports, suppression files and dashboards. A row is never renamed.
"""

from enum import StrEnum


class Risk(StrEnum):
    """A row of the register; the value is the id that people see."""

    SYS_HOST = "SYS-HOST"
    SYS_NET = "SYS-NET"
    SYS_ORCH = "SYS-ORCH"
    SYS_STORE = "SYS-STORE"
    SYS_CICD = "SYS-CICD"
    MIS_PORT = "MIS-PORT"
    MIS_ADMIN = "MIS-ADMIN"
    MIS_CRED = "MIS-CRED"
    MIS_HEADERS = "MIS-HEADERS"
    MIS_MLOPS = "MIS-MLOPS"
    MIS_ARTIFACT = "MIS-ARTIFACT"
    DEP_AUTH = "DEP-AUTH"
    DEP_TLS = "DEP-TLS"
    DEP_INPUT = "DEP-INPUT"
    DEP_EXTRACT = "DEP-EXTRACT"
    DEP_PRIVATE = "DEP-PRIVATE"
    DEP_GATE = "DEP-GATE"
    DOS_FLOOD = "DOS-FLOOD"
    DOS_COST = "DOS-COST"
    DOS_HEADER = "DOS-HEADER"
    DOS_WALLET = "DOS-WALLET"
    DOS_DIVERSION = "DOS-DIVERSION"
    TTP_VULN = "TTP-VULN"
    TTP_SPRAY = "TTP-SPRAY"
    TTP_BRUTE = "TTP-BRUTE"
    TTP_PROBE = "TTP-PROBE"
    TTP_DRIFT = "TTP-DRIFT"


RISK_TITLES: dict[Risk, str] = {
    Risk.SYS_HOST: "Hardware, host and operating system",
    Risk.SYS_NET: "Network configuration and firewall rules",
    Risk.SYS_ORCH: "Container orchestration",
    Risk.SYS_STORE: "Storage for training data and artefacts",
    Risk.SYS_CICD: "Pipelines that push models",
    Risk.MIS_PORT: "Open ports on serving endpoints",
    Risk.MIS_ADMIN: "Exposed administration interfaces",
    Risk.MIS_CRED: "Default or hard-coded credentials",
    Risk.MIS_HEADERS: "Missing security headers, wildcard CORS",
    Risk.MIS_MLOPS: "MLOps platform abuse",
    Risk.MIS_ARTIFACT: "Tampered model artefacts and training data",
    Risk.DEP_AUTH: "No authentication on inference endpoints",
    Risk.DEP_TLS: "No encryption in transit",
    Risk.DEP_INPUT: "No input validation",
    Risk.DEP_EXTRACT: "Systematic querying to copy a model",
    Risk.DEP_PRIVATE: "Public endpoints that should be private",
    Risk.DEP_GATE: "Nothing checks a deployment before production",
    Risk.DOS_FLOOD: "Request floods",
    Risk.DOS_COST: "Few requests, maximal work",
    Risk.DOS_HEADER: "Oversized or endlessly dripped headers and bodies",
    Risk.DOS_WALLET: "Autoscaling turns a flood into a bill",
    Risk.DOS_DIVERSION: "A flood that hides a second, quiet intrusion",
    Risk.TTP_VULN: "Outdated components with known vulnerabilities",
    Risk.TTP_SPRAY: "Password spraying",
    Risk.TTP_BRUTE: "Brute force of passwords, tokens and keys",
    Risk.TTP_PROBE: "Configuration probing",
    Risk.TTP_DRIFT: "What was deployed is not what was expected",
}
"""What each row is called in reports."""
