"""Something answers everybody.

What it does
    Finds model servers, gateways, notebooks, dashboards and tracking servers whose own authentication is off: switched off explicitly, or
    never switched on where the product starts without it.

Why it matters
    Whoever reaches a notebook server runs code as its user. Whoever reaches a tracking server reads and replaces models. Whoever
    reaches an inference endpoint spends the accelerator's time, and the bill is yours.

How to fix it
    Switch the product's own authentication on where it has one, bind it to loopback where nobody else needs it, or put a guard
    with identity in front (``undercroft guard``). The finding names the setting.

Unknown
    A token that comes from a variable nobody resolves here is unknown, not safe: say where it comes from, or scan the endpoint.
"""

from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Reach
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.setting import Origin, Setting
from undercroft.model.verdict import Severity, Verdict
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Graph, Running, Workload
from undercroft.scan.reachable import STORES, places

CHECK = Check(
    title="No authentication",
    severity=Severity.CRITICAL,
    risk=Risk.DEP_AUTH,
    references=("CWE-306", "OWASP A07:2025", "ATT&CK T1190", "ATLAS AML.T0049"),
    examples=(
        Example(
            "a notebook started with an empty token, published on every interface",
            "present",
            """\
services:
  notebook:
    image: quay.io/jupyter/scipy-notebook:2025-03-14
    command: start-notebook.py --IdentityProvider.token=''
    ports:
      - "8888:8888"
""",
        ),
        Example(
            "the same notebook with the token it makes for itself",
            "absent",
            """\
services:
  notebook:
    image: quay.io/jupyter/scipy-notebook:2025-03-14
    command: start-notebook.py
    ports:
      - "8888:8888"
""",
        ),
        Example(
            "vLLM without an API key behind a Service",
            "present",
            """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: llm}
spec:
  template:
    metadata: {labels: {app: llm}}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.8.5
          args: ["--model", "facebook/opt-125m"]
""",
            file="deployment.yaml",
        ),
        Example(
            "vLLM with an API key from a Secret",
            "absent",
            """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: llm}
spec:
  template:
    metadata: {labels: {app: llm}}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.8.5
          args: ["--model", "facebook/opt-125m"]
          env:
            - name: VLLM_API_KEY
              valueFrom: {secretKeyRef: {name: llm, key: api-key}}
""",
            file="deployment.yaml",
        ),
        Example(
            "a key that comes from a variable nobody sets",
            "unknown",
            """\
services:
  model:
    image: vllm/vllm-openai:v0.8.5
    command: --model facebook/opt-125m --api-key ${MODEL_KEY}
    ports:
      - "8000:8000"
""",
        ),
    ),
)

_ADMIN_KINDS = frozenset({"notebook", "tracking", "orchestration", "dashboard"})


def _how(setting: Setting) -> str:
    return "switched off" if setting.origin is Origin.EXPLICIT else "off by default"


def _fix(workload: Workload, running: Running) -> Fix:
    name = running.fact.name
    # The word or variable that switches authentication off, when it is one written scalar: a Compose reference can stand in its place.
    setting = running.settings.get("authentication")
    if setting is not None and setting.origin is Origin.EXPLICIT and workload.format == "compose":
        variable = f"{running.fact.slug.upper().replace('-', '_')}_TOKEN"
        places = {e.where for e in setting.evidence}
        # Words of one command share a place, so the flag in front of an empty one has to be one that takes a token.
        before = ("token", *((word.value or "").lower() for word in workload.words))
        words = [w for flag, w in zip(before, workload.words, strict=False) if w.value != "" or flag.endswith("token")]
        for text in (*workload.environment.values(), *words):
            if text.span is None or text.evidence is None or text.evidence.where not in places or not text.literal:
                continue
            if text.value == "":
                reference = f"${{{variable}:?set a long random token}}"
                if text in words or getattr(text.evidence, "column", 0) == text.span.start:  # not the end of NAME=
                    reference = f'"{reference}"'
                return Fix(
                    f"Take the token of {name} from the environment",
                    (replaced(text.span, reference),),
                    f"set {variable}",
                )
            if text.value is not None and text.value.lower().endswith("token="):
                new = f'"{text.value}${{{variable}:?set a long random token}}"'
                return Fix(
                    f"Take the token of {name} from the environment", (replaced(text.span, new),), f"set {variable}"
                )
    return Fix(f"Switch on the authentication of {name}, bind it to loopback, or put a guard with identity in front")


def _merely_built(workload: Workload, running: Running) -> bool:
    """Whether this is an image that leaves it to whoever runs it: nothing in it starts or opens the component, or switches a guard off."""
    if workload.format != "dockerfile":
        return False
    base = workload.image.evidence if workload.image is not None else None
    told = [
        s
        for name in ("authentication", "bind")
        if (s := running.settings.get(name)) is not None and s.origin is Origin.EXPLICIT
    ]
    if any(word.literal and word.evidence not in {base, workload.head, None} for word in workload.words):
        return False
    return not any(e not in {base, workload.head} for s in told for e in s.evidence)


def _openings(workload: Workload, running: Running) -> tuple[Evidence, ...]:
    """Where it is written who reaches the component: its publications, and the address it binds to."""
    bind = running.settings.get("bind")
    written = bind.evidence if bind is not None and bind.origin is Origin.EXPLICIT else ()
    opened = (e for x in workload.listeners if (x.exposure.reach or 0) >= Reach.PRIVATE for e in places(x))
    return (*opened, *written)


def examine(graph: Graph) -> Iterator[Hit]:
    """Every component with a setting ``authentication`` that is off or cannot be known. Stores have a check of their own."""
    for workload, running in graph.components():
        if running.fact.kind in STORES or _merely_built(workload, running):
            continue
        if "authentication" not in running.fact.derived and "authentication" not in running.fact.settings:
            continue
        setting = running.setting("authentication")
        name, exposure = running.fact.name, workload.exposure
        risk = Risk.MIS_ADMIN if running.fact.kind in _ADMIN_KINDS else Risk.DEP_AUTH
        evidence = setting.evidence or running.component.evidence
        if setting.known and setting.value == "off":
            seen = running.observed.get("authentication")
            answered = seen is not None and seen.known
            title = (
                f"{name} answers without authentication"
                if answered
                else f"{name} runs without authentication ({_how(setting)})"
            )
            extra = running.settings.get("authentication")
            both = (
                *evidence,
                *(extra.evidence if answered and extra is not None else ()),
                *_openings(workload, running),
            )
            yield Hit(
                workload.asset,
                title,
                tuple(dict.fromkeys(both)),
                _fix(workload, running),
                exposure,
                f"{running.fact.slug}:authentication",
                severity=Severity.HIGH if workload.format == "dockerfile" else None,
                risk=risk,
            )
        elif not setting.known:
            yield Hit(
                workload.asset, f"Whether {name} asks for authentication cannot be known", evidence,
                Fix("Say where the credential comes from, or scan the running endpoint"), exposure, f"{running.fact.slug}:authentication",
                Verdict.UNKNOWN, setting.reason, risk=risk,
            )  # fmt: skip
