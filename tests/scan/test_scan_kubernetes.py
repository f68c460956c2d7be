"""Kubernetes: exposures come from objects in other files, settings from the container before its pod."""

from pathlib import Path

import pytest

from undercroft.catalogue import loader
from undercroft.model.exposure import Reach
from undercroft.scan.collect.files import collect
from undercroft.scan.graph import Graph

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: llm, namespace: ml}
spec:
  template:
    metadata: {labels: {app: llm}}
    spec:
      securityContext: {runAsUser: 1000}
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.8.5
          args: ["--model", "m", "--host", "0.0.0.0"]
          ports: [{containerPort: 8000, name: http}]
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: llm, namespace: ml, annotations: {ANNOTATIONS}}
spec:
  type: TYPE
  selector: {app: llm}
  ports: [{port: 80, targetPort: TARGET}]
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge, namespace: ml}
spec:
  rules:
    - http: {paths: [{path: /, backend: {service: {name: llm, port: {number: 80}}}}]}
"""


def service(type_: str, target: str = "8000", annotations: str = "") -> str:
    return SERVICE.replace("TYPE", type_).replace("TARGET", target).replace("ANNOTATIONS", annotations)


def graph(tmp_path: Path, *files: str) -> Graph:
    for i, text in enumerate(files):
        (tmp_path / f"{i}.yaml").write_text(text)
    return collect.collect([tmp_path], dict(loader.load().components))[0]


@pytest.mark.parametrize(
    ("route", "reach"),
    [
        ((), Reach.CLUSTER),
        ((service("ClusterIP"),), Reach.CLUSTER),
        ((service("NodePort"),), Reach.PRIVATE),
        ((service("LoadBalancer"),), Reach.INTERNET),
        ((service("LoadBalancer", "http"),), Reach.INTERNET),
        (
            (service("LoadBalancer", annotations='"service.beta.kubernetes.io/azure-load-balancer-internal": "true"'),),
            Reach.PRIVATE,
        ),
        ((service("LoadBalancer", "9000"),), Reach.CLUSTER),
        ((service("LoadBalancer").replace("namespace: ml", "namespace: web"),), Reach.CLUSTER),
        ((service("LoadBalancer").replace("{app: llm}", "{app: web}"),), Reach.CLUSTER),
        ((service("ClusterIP"), INGRESS), Reach.INTERNET),
        ((service("ClusterIP"), INGRESS.replace("name: llm", "name: web")), Reach.CLUSTER),
    ],
)
def test_a_route_in_another_file_says_who_gets_in(route: tuple[str, ...], reach: Reach, tmp_path: Path) -> None:
    workload = graph(tmp_path, DEPLOYMENT, *route).workloads[0]
    assert workload.exposure.reach is reach


def test_the_path_names_the_objects_that_make_it(tmp_path: Path) -> None:
    workload = graph(tmp_path, DEPLOYMENT, service("ClusterIP"), INGRESS).workloads[0]
    assert [hop.what for hop in workload.exposure.path] == ["Ingress/edge", "Service/llm type ClusterIP"]


def test_a_server_on_loopback_is_not_opened_by_a_service(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace("0.0.0.0", "127.0.0.1")
    assert graph(tmp_path, text, service("LoadBalancer")).workloads[0].exposure.reach is Reach.LOOPBACK


def test_a_container_has_its_own_security_context_before_its_pods(tmp_path: Path) -> None:
    own = DEPLOYMENT.replace("          args:", "          securityContext: {runAsUser: 0}\n          args:")
    shared = graph(tmp_path, DEPLOYMENT).workloads[0].granted("user")
    (tmp_path / "own").mkdir()
    mine = graph(tmp_path / "own", own).workloads[0].granted("user")
    assert shared is not None
    assert mine is not None
    assert (shared.value, mine.value) == ("1000", "0")


def test_a_key_from_a_secret_counts_as_set_and_one_from_a_config_map_as_unknown(tmp_path: Path) -> None:
    env = "          env: [{name: VLLM_API_KEY, valueFrom: {REF: {name: llm, key: k}}}]\n"
    for ref, known in (("secretKeyRef", True), ("configMapKeyRef", False)):
        folder = tmp_path / ref
        folder.mkdir()
        running = graph(folder, DEPLOYMENT + env.replace("REF", ref)).workloads[0].running[0]
        setting = running.setting("authentication")
        assert setting.known is known
        if known:
            assert setting.value == "on"


def test_objects_in_a_list_are_read_like_objects_in_files(tmp_path: Path) -> None:
    indented = "\n".join("    " + line for line in DEPLOYMENT.splitlines())
    text = "apiVersion: v1\nkind: List\nitems:\n  -\n" + indented + "\n"
    assert [w.asset.name for w in graph(tmp_path, text).workloads] == ["Deployment/llm (vllm)"]


def test_init_containers_listen_to_nobody(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace("containers:", "initContainers:")
    assert graph(tmp_path, text).workloads[0].listeners == ()
