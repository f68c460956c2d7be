"""What is deployed, in one graph, whatever format it was written in or answered from.

Collectors fill it, checks ask it. A workload that was declared in a file and answered on the network is one node with
both views: ``settings`` hold what was declared, ``observed`` what it answered.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset, Component
from undercroft.model.evidence import Evidence, FileEvidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure
from undercroft.model.setting import Origin, Setting

if TYPE_CHECKING:  # they are made of the nouns below
    from undercroft.scan.builds import Build
    from undercroft.scan.cloud import Estate
    from undercroft.scan.cluster import Autoscaler, Binding, ModelSource, Mount, Overlay, Role, Switch
    from undercroft.scan.feed import Feed
    from undercroft.scan.hosts import HostSetting
    from undercroft.scan.inventory import Package
    from undercroft.scan.pipelines import Pipeline
    from undercroft.scan.proxies import Proxy
    from undercroft.scan.scripts import Script
    from undercroft.scan.variables import VariableFile


UNRESOLVED = "\ue000"
"""Stands in a command for a variable that could not be resolved, until the command is split into words. No file of the field holds it."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line in a scanned file, so that a fix can replace exactly it."""

    file: str
    """Path relative to the scanned root."""
    line: int
    """Line, from 1."""
    start: int
    """First column, from 1."""
    end: int
    """Column behind the last one."""
    digest: str
    """``undercroft.model.fix.line_digest`` of the line."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text somebody wrote: a word of a command, a variable's value, an image name."""

    value: str | None
    """The text after interpolation; ``None`` where it cannot be resolved."""
    evidence: Evidence | None = None
    """Where it stands."""
    span: Span | None = None
    """The scalar as it is written, quotes included, when it stands on one line."""
    reason: str = ""
    """Why it is not resolved: ``variable HF_TOKEN is set neither in .env nor by default``."""
    literal: bool = True
    """Whether it is written out at this place, rather than coming from a variable or another object."""
    fallback: str = ""
    """Variable whose fallback the value is, when it is one: ``X`` for ``${X:-value}``. The value is then published with the file."""
    uses: tuple[str, ...] = ()
    """Variables from outside the file that the text is put together from."""


@dataclass(frozen=True, slots=True)
class Running:
    """A recognised component and its settings, declared and observed."""

    component: Component
    fact: ComponentFact
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """What the files say, defaults included. Empty for something only seen on the network."""
    observed: Mapping[str, Setting] = field(default_factory=dict)
    """What it answered. Empty for something only read in files."""

    def setting(self, name: str) -> Setting:
        """The setting as it is: observed where that is known, declared otherwise, unknown where neither tells."""
        seen, declared = self.observed.get(name), self.settings.get(name)
        if seen is not None and seen.known:
            return seen
        if declared is not None:
            return declared
        return seen or Setting(name, None, Origin.UNKNOWN, self.component.evidence, "nothing read so far tells")


@dataclass(frozen=True, slots=True)
class Listener:
    """A port something answers on."""

    port: int | None
    """Port inside the workload; ``None`` where it cannot be resolved."""
    role: str = ""
    """The catalogue's word for it: ``inference``, ``administration``, ``data`` …; empty when the catalogue does not know the port."""
    exposure: Exposure = UNKNOWN_EXPOSURE
    """Who can reach it."""
    addresses: tuple[str, ...] = ()
    """``host:port`` at which a scanner on the same machine would find it, declared or observed."""
    span: Span | None = None
    """Where the publication is written, for a fix."""
    evidence: Evidence | None = None
    """Where the port is written or was seen."""
    address_span: Span | None = None
    """Where the publication names the host's address, when that is a value of its own."""
    name: str = ""
    """Kubernetes name of the port, by which a Service may refer to it."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that runs, or an image or file that will."""

    asset: Asset
    format: str
    """``compose``, ``kubernetes``, ``dockerfile`` or ``live``; what a fix has to be written in."""
    head: Evidence | None
    """The place that declares it: evidence for whatever is *missing*."""
    image: Text | None = None
    words: tuple[Text, ...] = ()
    """The whole command line as far as it is known, entrypoint first."""
    environment: Mapping[str, Text] = field(default_factory=dict)
    """Variable → value."""
    container: Mapping[str, Setting] = field(default_factory=dict)
    """What the platform grants it: ``privileged``, ``host-network``, ``memory-limit`` …; filled by every collector that can know."""
    running: tuple[Running, ...] = ()
    listeners: tuple[Listener, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Kubernetes pod labels, for selectors."""
    namespace: str = ""
    """Kubernetes namespace, or the Compose project's file."""
    spans: Mapping[str, Span] = field(default_factory=dict)
    """Places fixes may want, by name."""
    mounts: "tuple[Mount, ...]" = ()
    """Volumes it mounts, where the format has them."""

    @property
    def exposure(self) -> Exposure:
        """The widest exposure of its listeners; unknown when it has none."""
        widest = UNKNOWN_EXPOSURE
        for listener in self.listeners:
            widest = listener.exposure if widest is UNKNOWN_EXPOSURE else widest.wider(listener.exposure)
        return widest

    def granted(self, name: str) -> Setting | None:
        """What the platform grants under this name; ``None`` where the format has no such notion."""
        return self.container.get(name)


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential written out in a manifest that is no workload, such as a Kubernetes Secret."""

    asset: Asset
    name: str
    """Key that holds it."""
    text: Text
    encoded: bool = True
    """Whether the value may be base64, as in a Secret's ``data``."""
    format: str = "kubernetes"
    """``kubernetes``, or ``helm`` for a chart's values."""
    users: frozenset[str] = frozenset()
    """User names written beside it."""
    documented: frozenset[str] = frozenset()
    """Values some product documents as its default and that are too long to be anything else."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A network policy: which pods it holds, as labels."""

    name: str
    namespace: str
    selector: Mapping[str, str]
    evidence: Evidence | None
    known: bool = True
    """Whether the selector can be read; one that cannot may hold any pod."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way into a cluster: a Service or an Ingress."""

    kind: str
    """``Service`` or ``Ingress``."""
    name: str
    namespace: str
    type: str
    """Type of a Service: ``ClusterIP``, ``NodePort``, ``LoadBalancer`` …; empty for an Ingress."""
    internal: bool
    """Whether an annotation keeps its load balancer inside the network."""
    selector: Mapping[str, str]
    """Pod labels a Service selects."""
    ports: Mapping[str, str]
    """For a Service: service port → target port or its name."""
    backends: tuple[str, ...]
    """For an Ingress: names of the Services behind it."""
    evidence: Evidence
    spans: Mapping[str, Span] = field(default_factory=dict)
    """Places fixes may want, by name."""
    asset: Asset | None = None
    """The object itself, for what is wrong with it whoever stands behind."""
    parents: tuple[str, ...] = ()
    """For an HTTPRoute or a VirtualService: names of the Gateways it hangs on."""
    tls: Setting | None = None
    """Whether the way in is encrypted; ``None`` where the object does not decide it."""
    stated: bool = False
    """Whether the file says in so many words that it is public, such as by an internet-facing scheme."""
    identity: bool = False
    """Whether an annotation asks callers who they are before they are let through."""
    limited: bool = False
    """Whether it lets in named source addresses alone."""
    open_ranges: Evidence | None = None
    """Where its list of source addresses names the whole internet."""
    port_places: Mapping[str, Evidence] = field(default_factory=dict)
    """For a Service: port and target port → where the entry stands."""


@dataclass(frozen=True, slots=True)
class Graph:
    """All of it, or the part of it that one file tells. Every field is a tuple, so that parts are joined field by field."""

    workloads: tuple[Workload, ...] = ()
    routes: tuple[Route, ...] = ()
    policies: tuple[Policy, ...] = ()
    secrets: tuple[Secret, ...] = ()
    variables: "tuple[VariableFile, ...]" = ()
    builds: "tuple[Build, ...]" = ()
    scripts: "tuple[Script, ...]" = ()
    """Commands that run: start-up scripts, ``RUN`` lines, steps of pipelines."""
    pipelines: "tuple[Pipeline, ...]" = ()
    roles: "tuple[Role, ...]" = ()
    bindings: "tuple[Binding, ...]" = ()
    autoscalers: "tuple[Autoscaler, ...]" = ()
    switches: "tuple[Switch, ...]" = ()
    overlays: "tuple[Overlay, ...]" = ()
    sources: "tuple[ModelSource, ...]" = ()
    """Where servers take their models from, when a resource of its own says it."""
    cloud: "tuple[Estate, ...]" = ()
    """Cloud resources, one estate for each root of Terraform and each template of CloudFormation."""

    proxies: "tuple[Proxy, ...]" = ()
    host_settings: "tuple[HostSetting, ...]" = ()
    packages: "tuple[Package, ...]" = ()
    """Packages that files list; ``inventory.installed`` adds those that commands and components tell of."""
    feeds: "tuple[Feed, ...]" = ()
    """What is known about vulnerabilities: one feed, or none when nothing was looked up."""

    @classmethod
    def joined(cls, parts: "Iterable[Graph]") -> "Graph":
        """Several parts as one graph, in their order."""
        every = tuple(parts)
        return cls(**{f.name: tuple(item for part in every for item in getattr(part, f.name)) for f in fields(cls)})

    def components(self) -> Iterator[tuple[Workload, Running]]:
        """Every recognised component with the workload it runs in."""
        for workload in self.workloads:
            for running in workload.running:
                yield workload, running

    def declared(self) -> Iterator[Workload]:
        """Workloads that stand in a file."""
        return (w for w in self.workloads if isinstance(w.head, FileEvidence))

    def selecting(self, workload: Workload) -> Iterator[Policy]:
        """Network policies whose selector matches the workload's labels."""
        for policy in self.policies:
            if policy.namespace == workload.namespace and all(
                workload.labels.get(k) == v for k, v in policy.selector.items()
            ):
                yield policy
