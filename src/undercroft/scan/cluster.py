"""Nouns of a cluster beyond what runs in it: mounts, rights, scaling, sources of models. Meaning, not syntax."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence
from undercroft.model.exposure import UNKNOWN_EXPOSURE, Exposure
from undercroft.model.setting import Setting
from undercroft.scan.graph import Span


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume as a container sees it."""

    kind: str
    """``host-path``, ``claim``, ``nfs``, ``csi``, ``bucket``, ``secret``, ``config-map``, ``memory``, ``scratch`` or ``other``."""
    source: str
    """Path on the host, name of the claim, ``server:/path`` …; empty where there is none."""
    target: str
    """Path in the container."""
    read_only: bool | None
    """``None`` when it cannot be resolved."""
    evidence: Evidence
    """Where the mount says whether it may be written, else where it stands."""
    source_evidence: Evidence
    """Where the volume stands."""
    writable: Setting | None = None
    """``readOnly`` as it is written; ``None`` when nobody wrote it."""
    span: Span | None = None
    """The written ``readOnly`` of the mount."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a role."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    groups: tuple[str, ...]
    names: tuple[str, ...]
    """Names it is limited to; empty for every one."""
    evidence: Evidence
    places: Mapping[str, Evidence] = field(default_factory=dict)
    """Where ``verbs``, ``resources`` and each of their words stand."""


@dataclass(frozen=True, slots=True)
class Role:
    """A Role or ClusterRole."""

    asset: Asset
    name: str
    namespace: str
    """Empty for a ClusterRole."""
    rules: tuple[Rule, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Binding:
    """Who is given a role."""

    asset: Asset
    role: str
    role_kind: str
    namespace: str
    """Empty for a ClusterRoleBinding."""
    subjects: tuple[tuple[str, str, str], ...]
    """(kind, namespace, name)."""
    evidence: Evidence
    """Where the role is named."""


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """What adds replicas by itself."""

    asset: Asset
    what: str
    """``HorizontalPodAutoscaler``, ``ScaledObject``, ``Knative``, ``values`` …"""
    target: str
    """Name of the workload it scales; empty when it is part of it."""
    maximum: int | None
    """Ceiling; ``None`` when there is none."""
    known: bool
    """Whether the ceiling can be read from the files."""
    accelerators: bool
    """Whether each replica takes an accelerator, as far as that is written beside it."""
    evidence: Evidence
    span: Span | None = None
    """The ceiling, for a fix."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a server takes its model from."""

    asset: Asset
    uri: str
    evidence: Evidence
    exposure: Exposure = UNKNOWN_EXPOSURE


@dataclass(frozen=True, slots=True)
class Switch:
    """A setting of a chart, an operator or an annotation that says in so many words that a protection is off, or on."""

    asset: Asset
    path: str
    """Dotted key."""
    meaning: str
    """``authentication``, ``tls`` or ``debug``: what it switches."""
    on: bool
    evidence: Evidence
    span: Span | None = None
    """The value, when it is a plain boolean."""
    active: bool = True
    """Whether the part it belongs to is switched on."""


@dataclass(frozen=True, slots=True)
class Retag:
    """An image that an overlay names anew."""

    name: str
    """As the base writes it, without a tag."""
    value: str
    """What runs instead."""
    evidence: Evidence
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """A Kustomization: which files it takes, and what it changes in them."""

    folder: str
    """Its folder, relative to the scanned root; empty for the root itself."""
    resources: tuple[str, ...]
    """Files and folders, relative to the scanned root."""
    patches: tuple[str, ...]
    """Files of patches, relative to the scanned root."""
    images: tuple[Retag, ...]
