"""An expression is pasted into a script.

What it does
    Finds expressions inside ``run`` whose value may hold anything: inputs, outputs of other steps and jobs, branch and tag names.

Why it matters
    What is pasted is read by the shell as code. Today the value may come from a trusted place; the script does not say so and will not
    notice when that changes.

How to fix it
    Hand the value over in ``env`` and use the variable, quoted.
"""

import re
from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Persona, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.quoting import handed_over

_FILE = ".github/workflows/a.yml"
_SAMPLE = (
    "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo EXPRESSION\n"
)

CHECK = Check(
    title="Expression pasted into a script",
    severity=Severity.LOW,
    risk=Risk.SYS_CICD,
    references=("CWE-94", "OWASP A05:2025", "CICD-SEC-4"),
    weighed=False,
    confidence=Confidence.LOW,
    persona=Persona.PEDANTIC,
    examples=(
        Example("a branch's name", "present", _SAMPLE.replace("EXPRESSION", "${{ github.ref_name }}"), file=_FILE),
        Example("an input of a composite action", "present", "inputs: {tag: {}}\nruns:\n  using: composite\n  steps:\n    - run: docker tag ${{ inputs.tag }}\n      shell: bash\n", file="action.yml"),
        Example("a commit's hash", "absent", _SAMPLE.replace("EXPRESSION", "${{ github.sha }}"), file=_FILE),
        Example("a variable", "absent", _SAMPLE.replace("EXPRESSION", '"$GITHUB_REF_NAME"'), file=_FILE),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")
_OPEN = re.compile(
    r"^(?:inputs\.|github\.event\.inputs\.|github\.ref_name$|github\.ref$|github\.event\.ref$|github\.base_ref$|steps\.[\w-]+\.outputs\.|needs\.[\w-]+\.outputs\.)"
)


def examine(graph: Graph) -> Iterator[Hit]:
    """Expressions with values of other origin: one finding a step."""
    for pipeline in graph.pipelines:
        for job, step in pipeline.steps():
            found = [expression for expression in step.expressions if _OPEN.match(expression.text)]
            if found:
                yield Hit(
                    pipeline.asset, f"{found[0].text} is pasted into the script of {step.name}", tuple(dict.fromkeys(e.evidence for e in found)),
                    handed_over(step, found[0]), _ANYWHERE, f"{job.id}:{step.name}",
                )  # fmt: skip
