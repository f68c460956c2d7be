"""What a host is told to do: the settings of its services and kernel, from configuration files or from the running system."""

from dataclasses import dataclass

from undercroft.model.asset import Asset
from undercroft.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class HostSetting:
    """One setting of a host's service."""

    asset: Asset
    service: str
    """``sshd``, ``kernel``, ``nfs``, ``smb`` or ``firewall``."""
    name: str
    """The setting's own name, lower case: ``passwordauthentication``, ``kernel.kptr_restrict``."""
    value: str
    evidence: Evidence
