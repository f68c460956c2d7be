"""Text that a stranger writes is pasted into a script.

What it does
    Finds expressions inside ``run`` (and the code of script actions) whose value somebody without rights to the repository chooses:
    titles, bodies and comments, branch names of pull requests, commit messages and authors, page names, the actor's name.

Why it matters
    The expression is filled in before the shell reads the line, so ``"; curl … | sh; "`` in a title becomes a command, with the job's
    token and secrets. Events such as ``pull_request_target`` or ``issue_comment`` bring both to a stranger's text.

How to fix it
    Hand the value over in ``env`` and use the variable, quoted: ``env: {TITLE: ${{ … }}}`` and ``"$TITLE"``.

Unknown
    Values that come from other steps are the business of ``ci-expression-in-shell``.
"""

import re
from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.graph import Graph
from undercroft.scan.pipelines import PRIVILEGED, PUBLIC, Calls
from undercroft.scan.quoting import handed_over

_FILE = ".github/workflows/a.yml"
_SAMPLE = 'on: EVENT\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - name: say\n        run: echo "EXPRESSION"\n'


def _sample(event: str, expression: str) -> str:
    return _SAMPLE.replace("EVENT", event).replace("EXPRESSION", expression)


CHECK = Check(
    title="Stranger's text pasted into a script",
    severity=Severity.HIGH,
    risk=Risk.SYS_CICD,
    references=(
        "CWE-94", "CWE-78", "OWASP A05:2025", "ATT&CK T1059", "CICD-SEC-4",
        "https://docs.github.com/en/actions/concepts/security/script-injections",
    ),
    weighed=False,
    examples=(
        Example("the title of an issue", "present", _sample("issues", "${{ github.event.issue.title }}"), file=_FILE),
        Example("the branch of a pull request", "present", _sample("pull_request_target", "${{ github.head_ref }}"), file=_FILE),
        Example("a commit's message", "present", _sample("push", "${{ github.event.head_commit.message }}"), file=_FILE),
        Example("in a script action", "present", "on: issue_comment\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/github-script@0123456789abcdef0123456789abcdef01234567\n        with:\n          script: console.log(`${{ github.event.comment.body }}`)\n", file=_FILE),
        Example("through a call", "present", "on: workflow_call\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ github.event.issue.body }}\n", file=_FILE, more=((".github/workflows/b.yml", "on: issues\npermissions: {}\njobs:\n  b:\n    uses: ./.github/workflows/a.yml\n"),)),
        Example("a number", "absent", _sample("issues", "${{ github.event.issue.number }}"), file=_FILE),
        Example("a commit's hash", "absent", _sample("pull_request_target", "${{ github.event.pull_request.head.sha }}"), file=_FILE),
        Example("handed over by the environment", "absent", _sample("issues", "$TITLE").replace("        run", "        env:\n          TITLE: ${{ github.event.issue.title }}\n        run"), file=_FILE),
        Example("a comparison, whose result is true or false", "absent", _sample("issues", "${{ github.event.issue.title == 'x' }}"), file=_FILE),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")
# Contexts GitHub documents as possibly attacker-controlled ("Script injections"), by what they end in.
_TAINTED = re.compile(
    r"""github\.(?: head_ref
      | event\.(?: issue\.(?:title|body) | discussion\.(?:title|body) | comment\.body | review\.body | review_comment\.body
        | pull_request\.(?:title|body|head\.(?:ref|label|repo\.default_branch|repo\.description|repo\.homepage))
        | pages(?:\[\d+\]|\.\*|\.\d+)\.page_name
        | (?:head_commit|commits(?:\[\d+\]|\.\*)|workflow_run\.head_commit)\.(?:message|author\.(?:email|name))
        | workflow_run\.(?:head_branch|display_title|head_repository\.description|pull_requests(?:\[\d+\]|\.\*)\.head\.ref) ) )""",
    re.VERBOSE,
)
_NAMES = re.compile(r"^github\.(?:actor|triggering_actor|event\.sender\.login)$")
_HARMLESS = re.compile(r"==|!=|\bcontains\(|\bstartsWith\(|\bendsWith\(|\bhashFiles\(")


def examine(graph: Graph) -> Iterator[Hit]:
    """Expressions with such values, weighed by who can cause the pipeline to run and with what rights."""
    calls = Calls.of(graph.pipelines)
    for pipeline in graph.pipelines:
        events: set[str] | None = None
        for job, step in pipeline.steps():
            for number, expression in enumerate(step.expressions):
                tainted = _TAINTED.search(expression.text)
                named = _NAMES.match(expression.text)
                if (tainted is None and named is None) or _HARMLESS.search(expression.text):
                    continue
                if events is None:
                    events = {entry.event for entry in calls.entries(pipeline)}
                if named is not None:
                    severity = Severity.LOW
                elif events & PRIVILEGED or not events:
                    severity = Severity.HIGH
                else:
                    severity = Severity.MEDIUM if events & PUBLIC else Severity.LOW
                yield Hit(
                    pipeline.asset, f"{expression.text} is pasted into the script of {step.name}", (expression.evidence,),
                    handed_over(step, expression), _ANYWHERE, f"{job.id}:{step.name}:{expression.text}:{number}", severity=severity,
                )  # fmt: skip
