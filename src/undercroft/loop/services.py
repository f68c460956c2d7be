"""Which things of a graph count as services, and what is known of each. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from undercroft.model.asset import Certainty
from undercroft.model.evidence import EndpointEvidence, Evidence
from undercroft.model.setting import Setting
from undercroft.scan.graph import Graph, Running, Workload
from undercroft.scan.join import place

_DEPLOYED = frozenset({"compose", "kubernetes", "live"})
"""Formats that say something runs. An image description runs nothing by itself."""


@dataclass(frozen=True, slots=True)
class Found:
    """A service somebody deployed or that answers."""

    workload: Workload
    running: Running | None
    """The component; ``None`` where the catalogue does not recognise it."""

    @property
    def slug(self) -> str | None:
        return self.running.component.slug if self.running else None

    @property
    def product(self) -> str:
        return self.running.fact.name if self.running else "an unrecognised server"

    @property
    def names(self) -> tuple[str, ...]:
        """What it can be called in an expected file, shortest first: its own name without kind, container or namespace (for
        something only seen on the network its product or port), with its component, in full, and by its asset's key."""
        asset, slug = self.workload.asset, self.slug or "unrecognised"
        if self.workload.format == "live":
            port = self.addresses[0].rpartition(":")[2] if self.addresses else ""
            return (self.slug or f"unrecognised-{port}", f"{slug}-{port}", asset.key)
        own = asset.name.partition(" (")[0].rpartition("/")[2]
        return (own, f"{own}-{slug}", asset.name, f"{asset.name}-{slug}", asset.key, f"{asset.key}-{slug}")

    @property
    def name(self) -> str:
        """Its shortest name."""
        return self.names[0]

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a for listener in self.workload.listeners for a in listener.addresses))

    @property
    def places(self) -> frozenset[str]:
        """Its addresses in one spelling each."""
        return frozenset(place(address) for address in self.addresses)

    @property
    def answered(self) -> bool:
        """Whether something answered, rather than only standing in a file."""
        if self.workload.format == "live":
            return True
        observed = self.running.observed.values() if self.running else ()
        return any(isinstance(evidence, EndpointEvidence) for setting in observed for evidence in setting.evidence)

    @property
    def version(self) -> tuple[str | None, str]:
        """The exact version, or ``None`` with the reason why it is not known."""
        if self.running is None:
            return None, "the product is not recognised"
        component = self.running.component
        return (component.version if component.certainty is Certainty.EXACT else None), component.reason

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return (self.workload.head,) if self.workload.head else ()

    def switch(self, name: str) -> tuple[bool | None, Setting | None]:
        """Whether a setting such as ``authentication`` is on; ``None`` where nobody can say."""
        if self.running is None:
            return None, None
        setting = self.running.setting(name)
        if not setting.known or setting.value is None:
            return None, setting
        return setting.value not in ("off", False), setting

    @property
    def digest(self) -> str | None:
        image = self.workload.image.value if self.workload.image else None
        return image.partition("@")[2] or None if image else None


def found(graph: Graph) -> Iterator[Found]:
    """Every recognised component that is deployed or answers, and everything unrecognised that listens, by its asset's key."""
    for workload in sorted(graph.workloads, key=lambda w: w.asset.key):
        if workload.format not in _DEPLOYED:
            continue
        if workload.running:
            yield from (Found(workload, running) for running in workload.running)
        elif workload.listeners:
            yield Found(workload, None)
