"""Users of a managed notebook are root.

What it does
    Finds SageMaker notebook instances where root access is on, which is the default.

Why it matters
    Whoever runs a cell owns the machine: agents and monitoring can be stopped, lifecycle scripts changed, and the role's credentials
    used by whatever a package brought along.

How to fix it
    ``root_access = "Disabled"``; lifecycle configurations still run as root and may install what everybody needs.
"""

from collections.abc import Iterator

from undercroft.model.exposure import UNKNOWN_EXPOSURE
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.cloud_fixes import added, changed
from undercroft.scan.graph import Graph

_SAMPLE = 'resource "aws_sagemaker_notebook_instance" "a" {\n  name = "n"\n  EXTRA\n}\n'

CHECK = Check(
    title="Root in a managed notebook",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_HOST,
    references=("CWE-250", "OWASP A01:2025", "ATT&CK T1078.004", "https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-root-access.html"),
    weighed=False,
    examples=(
        Example("root access, said", "present", _SAMPLE.replace("EXTRA", 'root_access = "Enabled"'), file="main.tf"),
        Example("root access by default", "present", _SAMPLE.replace("EXTRA", ""), file="main.tf"),
        Example("in CloudFormation", "present", "Resources:\n  Notebook:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties:\n      RootAccess: Enabled\n", file="template.yaml"),
        Example("root access switched off", "absent", _SAMPLE.replace("EXTRA", 'root_access = "Disabled"'), file="main.tf"),
        Example("a value nobody gives", "absent", 'variable "root" {}\n' + _SAMPLE.replace("EXTRA", "root_access = var.root"), file="main.tf"),
    ),
)  # fmt: skip


def examine(graph: Graph) -> Iterator[Hit]:
    """Notebook instances with root access, said or by default."""
    for estate in graph.cloud:
        for resource in estate.of("aws_sagemaker_notebook_instance"):
            access = resource.get("root_access")
            if access is not None and access.text != "Enabled":
                continue
            evidence = access.evidence if access is not None else (resource.place.evidence,)
            edits = changed(access, '"Disabled"') if access is not None else added(resource, 'root_access = "Disabled"')
            title = f"Users of {resource.asset.name} are root" + ("" if access else " by default")
            yield Hit(resource.asset, title, evidence, Fix("Switch root access off", edits), UNKNOWN_EXPOSURE, "root")
