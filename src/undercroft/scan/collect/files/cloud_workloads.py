"""What cloud resources run: containers of ECS, Cloud Run, container groups, SageMaker and Kubernetes resources, as workloads.

So that a model server on Fargate is judged by the same checks as one in Compose.
"""

from collections.abc import Iterator, Mapping

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.scan.cloud import Estate, Field, Resource
from undercroft.scan.cloud_access import openings
from undercroft.scan.collect.files.cloud_environment import environment
from undercroft.scan.graph import Listener, Text, Workload
from undercroft.scan.identify import Started, binds_to_loopback, identify, ports
from undercroft.scan.words import split

_CONTAINERS = {
    "aws_ecs_task_definition": ("container_definitions",),
    "google_cloud_run_v2_service": ("template", "containers"),
    "google_cloud_run_v2_job": ("template", "template", "containers"),
    "google_cloud_run_service": ("template", "spec", "containers"),
    "azurerm_container_group": ("container",),
    "azurerm_container_app": ("template", "container"),
    "aws_sagemaker_model": ("primary_container",),
    "kubernetes_deployment": ("spec", "template", "spec", "container"),
    "kubernetes_deployment_v1": ("spec", "template", "spec", "container"),
    "kubernetes_stateful_set": ("spec", "template", "spec", "container"),
    "kubernetes_stateful_set_v1": ("spec", "template", "spec", "container"),
    "kubernetes_pod": ("spec", "container"),
    "kubernetes_pod_v1": ("spec", "container"),
    "aws_apprunner_service": ("source_configuration", "image_repository"),
}
"""Type → where its containers are described."""


def _text(value: Field | None) -> Text | None:
    if value is None or value.members is not None or value.items is not None:
        return None
    return Text(
        value.text if value.known else None,
        value.place.evidence,
        value.place.span if value.literal else None,
        value.reason,
        value.literal,
    )


def _words(container: Field, *keys: str) -> tuple[Text, ...] | None:
    for key in keys:
        found = container.get(key)
        if found is None:
            continue
        if found.items is not None:
            return tuple(text for item in found.each() if (text := _text(item)) is not None)
        text = _text(found)
        return split(text) if text is not None else None
    return None


def _exposures(estate: Estate) -> dict[str, Exposure]:
    """Security group id → who its rules let in."""
    found: dict[str, Exposure] = {}
    for opening in openings(estate):
        if not opening.anyone:
            continue
        hop = Hop(
            f"{opening.resource.id.rpartition('//')[2]} opens {opening.ports} to {opening.source.text}",
            opening.source.place.evidence,
        )
        for group in (opening.resource, *estate.named_by(opening.resource.body)):
            found.setdefault(group.id, Exposure(Reach.INTERNET, (hop,)))
    return found


def _annotations(service: Resource) -> Iterator[tuple[str, Field]]:
    found = service.get("metadata", "annotations")
    yield from ((found.members or {}).items() if found is not None else ())


def _exposure(estate: Estate, resource: Resource, groups: Mapping[str, Exposure]) -> Exposure:
    type_ = resource.type
    if type_.startswith("kubernetes_"):
        labels = resource.get("spec", "template", "metadata", "labels") or resource.get("metadata", "labels")
        for service in estate.of("kubernetes_service", "kubernetes_service_v1"):
            kind, selector = service.get("spec", "type"), service.get("spec", "selector")
            if kind is None or kind.text not in {"LoadBalancer", "NodePort"} or selector is None or labels is None:
                continue
            wanted, own = selector.members or {}, labels.members or {}
            if wanted and all(key in own and own[key].text == value.text for key, value in wanted.items()):
                hop = (Hop(f"{service.asset.name} type {kind.text}", kind.place.evidence),)
                inside = any("internal" in f"{key} {value.text}".lower() for key, value in _annotations(service))
                if kind.text == "NodePort" or inside:
                    return Exposure(Reach.PRIVATE, hop)
                return Exposure(Reach.INTERNET, hop)
        return Exposure(Reach.CLUSTER, (), "inside the cluster; Services are not followed here")
    if type_ == "azurerm_container_group":
        kind = resource.get("ip_address_type")
        if kind is None or kind.text.lower() == "public":
            return Exposure(
                Reach.INTERNET,
                (Hop("container group with a public address", (kind.place if kind else resource.place).evidence),),
            )
        return Exposure(Reach.PRIVATE, (), "container group inside a subnet")
    if type_.startswith("google_cloud_run"):
        ingress = resource.get("ingress")
        if ingress is not None and ingress.known and ingress.text.lower().rpartition("_")[2] != "all":
            return Exposure(Reach.PRIVATE, (Hop(f"ingress {ingress.text}", ingress.place.evidence),))
        for binding in estate.naming(resource):
            members = [*binding.all("member"), *binding.all("members")]
            if any(m.text == "allUsers" for m in members):
                return Exposure(Reach.INTERNET, (Hop("allUsers may invoke it", members[0].place.evidence),))
        return Exposure(
            None, (), "Cloud Run asks for an identity unless allUsers may invoke it; no binding in these files says so"
        )
    if type_ == "aws_ecs_task_definition":
        for service in estate.naming(resource, "aws_ecs_service"):
            network = service.get("network_configuration")
            public = network.get("assign_public_ip") if network is not None else None
            for group in estate.named_by(network):
                if group.id in groups and public is not None and public.boolean:
                    return groups[group.id]
        return Exposure(None, (), "which load balancer and security group lead to it is not in these files")
    return Exposure(None, (), "nothing read so far says who can reach it")


def workloads(estate: Estate, components: Mapping[str, ComponentFact]) -> Iterator[Workload]:
    """Every container of every resource that runs some."""
    groups: dict[str, Exposure] | None = None
    for type_, path in _CONTAINERS.items():
        for resource in estate.of(type_):
            groups = _exposures(estate) if groups is None else groups
            holder = resource.body
            for key in path[:-1]:
                holder = holder.get(key) or Field(resource.place)
            containers = holder.get(path[-1])
            if containers is None:
                continue
            for container in (*containers.each(), *(c for d in containers.documents for c in d.each())):
                if container.members is not None:
                    yield _workload(estate, resource, container, components, _exposure(estate, resource, groups))


def _workload(
    estate: Estate, resource: Resource, container: Field, components: Mapping[str, ComponentFact], exposure: Exposure
) -> Workload:
    name = container.get("name")
    head = container.place.evidence
    started = Started(
        head,
        _text(container.get("image") or container.get("image_identifier")),
        _words(
            container,
            "entryPoint",
            "entry_point",
            "command" if resource.type.startswith(("google_", "kubernetes_")) else "entrypoint",
        ),
        _words(container, "args")
        if resource.type.startswith(("google_", "kubernetes_"))
        else _words(container, "command", "commands"),
        {key: text for key, value in environment(container) if (text := _text(value)) is not None},
    )
    words, running = identify(started, components)
    roles = ports(running)
    loopback = binds_to_loopback(running)
    reach = Exposure(Reach.LOOPBACK, (), "the component binds to loopback") if loopback else exposure
    listeners = tuple(Listener(port, role, reach) for port, role in roles.items())
    shown = name.text if name is not None and name.text else resource.name
    asset = Asset(
        f"{resource.asset.key}/{shown}",
        "workload",
        f"{resource.asset.name} {shown}",
        tuple(r.component for r in running),
    )
    del estate
    return Workload(
        asset,
        "terraform",
        head,
        started.image,
        words,
        started.environment,
        {},
        running,
        listeners,
        {},
        resource.place.file,
    )
