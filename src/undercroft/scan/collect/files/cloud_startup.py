"""Start-up scripts of machines: the shell text a cloud runs on first boot, read like any other script.

Scripts in files of their own are found as files; only what is written inside the configuration is read here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_access import openings
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.formats import shell
from undercroft.scan.collect.files.source import Source
from undercroft.scan.collect.files.tree import Unreadable
from undercroft.scan.graph import Graph, Workload

_TYPES = (
    "aws_instance", "aws_launch_template", "aws_launch_configuration", "aws_spot_instance_request", "google_compute_instance",
    "google_compute_instance_template", "azurerm_linux_virtual_machine", "google_workbench_instance",
)  # fmt: skip
_BEGINS_BELOW = re.compile(r"(?:<<[-~]?\s*\w+|[|>][+-]?)\s*$")
"""Lines behind which a text of several lines begins: a here-document of HCL, a block of YAML."""


def _texts(resource: Resource) -> Iterator[Field]:
    for holder in (resource.body, resource.get("launch_template_data")):
        for key in ("user_data", "metadata_startup_script", "custom_data", "user_data_base64"):
            found = holder.get(key) if holder is not None else None
            if found is not None:
                yield found
    for key in ("startup-script", "user-data"):
        found = resource.get("metadata", key)
        if found is not None:
            yield found


def _reached(estate: Estate, machine: Resource, workload: Workload) -> Workload:
    """The workload with its listeners opened to the internet, where the machine's security groups do so."""
    public = machine.get("associate_public_ip_address")
    if public is not None and public.boolean is False:
        return workload
    groups = {group.id for group in estate.named_by(machine.body)}
    if not groups:
        return workload
    open_ = [
        o for o in openings(estate) if o.anyone and o.resource.id in groups and o.low is not None and o.high is not None
    ]
    listeners = []
    for listener in workload.listeners:
        ports = {
            listener.port,
            *(int(a.rpartition(":")[2]) for a in listener.addresses if a.rpartition(":")[2].isdigit()),
        }
        by = next((o for o in open_ if any(p is not None and (o.low or 0) <= p <= (o.high or 0) for p in ports)), None)
        exposure = listener.exposure
        if by is not None and exposure.reach is Reach.PRIVATE:
            hop = Hop(f"{by.resource.asset.name} opens {by.ports} to {by.source.text}", by.source.place.evidence)
            said = "" if public is not None else "whether the machine has a public address depends on its subnet"
            exposure = Exposure(Reach.INTERNET, (hop, *exposure.path), said)
        listeners.append(replace(listener, exposure=exposure))
    return replace(workload, listeners=tuple(listeners))


def startup(estate: Estate, sources: Mapping[str, Source], components: Mapping[str, ComponentFact]) -> Graph:
    """What the start-up scripts of an estate do and start, with the lines they stand on."""
    parts = []
    for resource in estate.of(*_TYPES):
        for script in _texts(resource):
            source, text = sources.get(script.place.file), script.text
            if (
                source is None
                or "\n" not in text
                or not _BEGINS_BELOW.search(script.place.text)
                or not text.lstrip().startswith("#!")
            ):
                continue
            if "sh" not in text.lstrip().partition("\n")[0]:
                continue
            moved = Source(source.path, "\n" * script.place.line + text, source.lines)
            try:
                read = shell.collect(File(moved, lambda _: None), components)
            except Unreadable:
                continue  # the configuration itself was read; a script that is none says nothing
            parts.append(replace(read, workloads=tuple(_reached(estate, resource, w) for w in read.workloads)))
    return Graph.joined(parts)
