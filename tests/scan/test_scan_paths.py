"""Attack paths: what leads where, what nearly does, and that a search never loops or grows without bound."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.model.evidence import FileEvidence
from undercroft.model.exposure import Exposure, Reach
from undercroft.model.result import AttackPath, ScanResult
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.report import json as as_json
from undercroft.scan import paths
from undercroft.scan.addresses import Address, Ground, addresses
from undercroft.scan.graph import Graph
from undercroft.scan.run import Request, scan
from undercroft.scan.ways import Entry, Kind, Place, Way

NOTEBOOK = "services:\n  lab:\n    image: quay.io/jupyter/scipy-notebook:2025-03-14\n    command: start-notebook.py --IdentityProvider.token='TOKEN'\n    ports: ['PORT']\nMORE"
DATABASE = "  store:\n    image: postgres:16.4\n    environment: {POSTGRES_PASSWORD: Zk39xPq7LmT2vB8w}\n"


def notebook(more: str = "", token: str = "", port: str = "8888:8888", rest: str = "") -> str:
    return NOTEBOOK.replace("TOKEN", token).replace("PORT", port).replace("MORE", more + rest)


def run(folder: Path, **files: str) -> ScanResult:
    for name, text in files.items():
        path = folder / {"compose": "compose.yaml", "workflow": ".github/workflows/a.yml", "terraform": "main.tf"}.get(
            name, f"{name}.yaml"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    result = scan(Request((str(folder),)), dict(loader.load().components)).result
    assert result.could_not_read == ()
    return result


def walks(result: ScanResult) -> list[str]:
    return [" → ".join(step.what for step in path.steps) for path in result.attack_paths]


def goals(result: ScanResult) -> set[str]:
    return {path.steps[-1].what for path in result.attack_paths}


URL = "    environment: {DATABASE_URL: 'postgresql://u:Zk39xPq7LmT2vB8w@HOST:5432/x'}\n"


def test_a_password_in_a_notebooks_environment_leads_to_the_database_it_names(tmp_path: Path) -> None:
    result = run(tmp_path, compose=notebook(URL.replace("HOST", "store"), rest=DATABASE))
    (path,) = result.attack_paths
    assert [step.what for step in path.steps] == [
        "private network", "Jupyter Server without authentication (lab)", "commands in the container of lab",
        "the password for store in DATABASE_URL", "the data in PostgreSQL (store)",
    ]  # fmt: skip
    assert path.severity is Severity.HIGH
    assert path.risks[0] is Risk.MIS_ADMIN
    assert [e.line for e in path.steps[3].evidence if isinstance(e, FileEvidence)] == [6]


@pytest.mark.parametrize(
    ("what", "compose"),
    [
        ("a notebook that asks for a token", notebook(URL.replace("HOST", "store"), token="${T:?}", rest=DATABASE)),
        ("a notebook on loopback", notebook(URL.replace("HOST", "store"), port="127.0.0.1:8888:8888", rest=DATABASE)),
        ("a port whose address nobody resolves", notebook(URL.replace("HOST", "store"), port="${WHERE}:8888", rest=DATABASE)),
    ],
)  # fmt: skip
def test_no_path_starts_where_nobody_comes_in(what: str, compose: str, tmp_path: Path) -> None:
    assert walks(run(tmp_path, compose=compose)) == [], what


def test_a_password_for_another_host_does_not_lead_to_the_database_beside_it(tmp_path: Path) -> None:
    result = run(tmp_path, compose=notebook(URL.replace("HOST", "elsewhere"), rest=DATABASE))
    assert goals(result) == set()


def test_a_service_of_another_file_is_another_deployment(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "compose.yaml").write_text("services:\n" + DATABASE)
    assert goals(run(tmp_path, compose=notebook(URL.replace("HOST", "store")))) == set()


def test_a_password_leads_to_a_database_outside_the_scan_by_its_full_name(tmp_path: Path) -> None:
    result = run(tmp_path, compose=notebook(URL.replace("HOST", "db.example.org")))
    assert goals(result) == {"the postgresql database at db.example.org"}


def test_a_key_is_joined_with_the_endpoint_of_the_same_name(tmp_path: Path) -> None:
    beside = "    environment: {QDRANT_URL: 'http://vectors:6333', QDRANT_API_KEY: Zk39xPq7LmT2vB8w}\n"
    store = (
        "  vectors:\n    image: qdrant/qdrant:v1.12.4\n    environment: {QDRANT__SERVICE__API_KEY: Zk39xPq7LmT2vB8w}\n"
    )
    assert goals(run(tmp_path, compose=notebook(beside, rest=store))) == {"the data in Qdrant (vectors)"}


def test_a_key_of_another_name_is_not(tmp_path: Path) -> None:
    beside = "    environment: {QDRANT_URL: 'http://vectors:6333', APP_API_KEY: Zk39xPq7LmT2vB8w}\n"
    store = (
        "  vectors:\n    image: qdrant/qdrant:v1.12.4\n    environment: {QDRANT__SERVICE__API_KEY: Zk39xPq7LmT2vB8w}\n"
    )
    assert goals(run(tmp_path, compose=notebook(beside, rest=store))) == set()


def test_a_model_servers_callers_do_not_read_its_environment(tmp_path: Path) -> None:
    compose = "services:\n  m:\n    image: vllm/vllm-openai:v0.8.5\n    command: --model m\n    ports: ['8000:8000']\n    environment: {HF_TOKEN: hf_3kW9sPqLr7TzXbVn2Mc8}\n"
    assert walks(run(tmp_path, compose=compose)) == []


def test_a_notebooks_users_do(tmp_path: Path) -> None:
    result = run(tmp_path, compose=notebook("    environment: {HF_TOKEN: hf_3kW9sPqLr7TzXbVn2Mc8}\n"))
    assert goals(result) == {"the Hugging Face account, with its private models"}
    assert "hf_3kW9" not in repr(result)


def test_a_tracking_server_gives_its_stores_away(tmp_path: Path) -> None:
    compose = "services:\n  t:\n    image: ghcr.io/mlflow/mlflow:v2.22.0\n    command: mlflow server --host 0.0.0.0 --backend-store-uri postgresql://m:Zk39xPq7LmT2vB8w@store/m --artifacts-destination s3://acme-models\n    ports: ['5000:5000']\n"
    assert goals(run(tmp_path, compose=compose + DATABASE)) == {
        "the data in PostgreSQL (store)",
        "the bucket acme-models",
    }


def test_a_gateway_spends_its_providers_keys_for_anybody(tmp_path: Path) -> None:
    compose = "services:\n  g:\n    image: ghcr.io/berriai/litellm:main-v1.50.0\n    command: --port 4000\n    ports: ['4000:4000']\n    environment: {OPENAI_API_KEY: '${OPENAI_API_KEY}', TOTAL: '3'}\n"
    assert goals(run(tmp_path, compose=compose)) == {"the OpenAI account and its bill"}
    own = compose.replace("TOTAL: '3'", "OPENAI_API_BASE: 'http://vllm:8000/v1'")
    assert goals(run(tmp_path, compose=own)) == set(), "the key is for a server of one's own"


def test_the_runtimes_socket_leads_to_every_store_of_the_machine(tmp_path: Path) -> None:
    socket = "    volumes: ['/var/run/docker.sock:/var/run/docker.sock']\n"
    walked = walks(run(tmp_path, compose=notebook(socket, rest=DATABASE)))
    assert walked == [
        "private network → Jupyter Server without authentication (lab) → commands in the container of lab → the machine that runs compose.yaml → the data in PostgreSQL (store)"
    ]
    harmless = "    volumes: ['./work:/home/jovyan/work']\n"
    assert walks(run(tmp_path, compose=notebook(harmless, rest=DATABASE))) == []


def test_a_published_store_with_a_password_from_outside_is_no_way_in(tmp_path: Path) -> None:
    published = "services:\n" + DATABASE + "    ports: ['5432:5432']\n"
    assert walks(run(tmp_path, compose=published.replace("Zk39xPq7LmT2vB8w", "'${P:?}'"))) == []


def test_a_password_that_stands_in_the_files_weighs_less_than_one_that_is_guessed(tmp_path: Path) -> None:
    published = "services:\n" + DATABASE + "    ports: ['5432:5432']\n"
    (leaked,) = run(tmp_path, compose=published).attack_paths
    (guessed,) = run(tmp_path, compose=published.replace("Zk39xPq7LmT2vB8w", "postgres")).attack_paths
    assert (leaked.severity, guessed.severity) == (Severity.MEDIUM, Severity.HIGH)
    assert "Zk39xPq7LmT2vB8w" not in repr(leaked)


POD = """\
apiVersion: v1
kind: Pod
metadata: {name: lab, namespace: ml, labels: {app: lab}}
spec:
  serviceAccountName: ACCOUNT
  containers:
    - name: lab
      image: quay.io/jupyter/scipy-notebook:2025-03-14
      args: [start-notebook.py, "--IdentityProvider.token="]
---
apiVersion: v1
kind: Service
metadata: {name: lab, namespace: ml}
spec: {type: LoadBalancer, selector: {app: lab}, ports: [{port: 80, targetPort: 8888}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cache, namespace: data, labels: {app: cache}}
spec: {containers: [{name: cache, image: "redis:7.2.4", args: [redis-server, --requirepass, $(P)], env: [{name: P, valueFrom: {secretKeyRef: {name: s, key: p}}}]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: wide}
subjects: [{kind: ServiceAccount, name: lab, namespace: ml}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ROLE}
"""


def pod(account: str = "lab", role: str = "cluster-admin") -> str:
    return POD.replace("ACCOUNT", account).replace("ROLE", role)


def test_an_account_with_every_right_leads_to_every_store_of_the_cluster(tmp_path: Path) -> None:
    result = run(tmp_path, deployment=pod())
    assert goals(result) == {"the data in Redis (Pod/cache (cache))"}
    (path,) = result.attack_paths
    assert path.steps[0].what == "internet"
    assert path.severity is Severity.CRITICAL
    assert path.steps[3].what == "every right in the cluster"


@pytest.mark.parametrize(
    ("what", "manifest"),
    [
        ("another account", pod(account="other")),
        ("a role that reads", pod(role="view")),
        ("no token in the pod", pod().replace("  serviceAccountName: lab", "  serviceAccountName: lab\n  automountServiceAccountToken: false")),
        ("the account of another namespace", pod().replace("name: lab, namespace: ml}]", "name: lab, namespace: other}]")),
    ],
)  # fmt: skip
def test_an_account_without_rights_leads_nowhere(what: str, manifest: str, tmp_path: Path) -> None:
    assert goals(run(tmp_path, deployment=manifest)) == set(), what


def test_rights_in_one_namespace_end_there(tmp_path: Path) -> None:
    manifest = pod().replace(
        "kind: ClusterRoleBinding\nmetadata: {name: wide}", "kind: RoleBinding\nmetadata: {name: wide, namespace: ml}"
    )
    assert goals(run(tmp_path, deployment=manifest)) == {"every right in namespace ml"}


def test_a_volume_of_a_reached_container_is_reached(tmp_path: Path) -> None:
    manifest = pod(role="view").replace(
        '      args: [start-notebook.py, "--IdentityProvider.token="]\n',
        '      args: [start-notebook.py, "--IdentityProvider.token="]\n      volumeMounts: [{name: d, mountPath: /data}]\n'
        "  volumes: [{name: d, persistentVolumeClaim: {claimName: training-data}}]\n",
    )
    assert goals(run(tmp_path, deployment=manifest)) == {"the volume training-data"}


WORKFLOW = """\
on: EVENT
permissions: {contents: read}
jobs:
  build:
    runs-on: ubuntu-24.04
    env: {AWS_SECRET_ACCESS_KEY: "${{ secrets.AWS }}"}
    steps:
      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - run: make
"""


def test_a_forks_code_beside_a_cloud_key_leads_to_the_cloud(tmp_path: Path) -> None:
    result = run(tmp_path, workflow=WORKFLOW.replace("EVENT", "pull_request_target"))
    assert goals(result) == {"the AWS account of that key"}
    assert result.attack_paths[0].severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("what", "workflow"),
    [
        ("an event without secrets", WORKFLOW.replace("EVENT", "pull_request")),
        ("no key", WORKFLOW.replace("EVENT", "pull_request_target").replace("AWS_SECRET_ACCESS_KEY", "COLOUR")),
        ("a key in another job", WORKFLOW.replace("EVENT", "pull_request_target").replace('    env: {AWS_SECRET_ACCESS_KEY: "${{ secrets.AWS }}"}\n', "") + '  other:\n    runs-on: ubuntu-24.04\n    env: {AWS_SECRET_ACCESS_KEY: "${{ secrets.AWS }}"}\n    steps: [{run: ls}]\n'),
    ],
)  # fmt: skip
def test_a_pipeline_without_both_is_no_path(what: str, workflow: str, tmp_path: Path) -> None:
    assert walks(run(tmp_path, workflow=workflow)) == [], what


def test_an_open_bucket_is_one_step_away(tmp_path: Path) -> None:
    bucket = 'resource "aws_s3_bucket" "m" {\n  bucket = "acme-models"\n}\nresource "aws_s3_bucket_acl" "m" {\n  bucket = aws_s3_bucket.m.id\n  acl = "ACL"\n}\n'
    assert walks(run(tmp_path, terraform=bucket.replace("ACL", "public-read"))) == ["internet → the bucket acme-models"]
    assert walks(run(tmp_path, terraform=bucket.replace("ACL", "private"))) == []


RDS = """\
resource "aws_security_group" "db" {
  name = "db"
  ingress {
    from_port   = PORT
    to_port     = PORT
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_db_instance" "db" {
  engine                 = "postgres"
  username               = "mlflow"
  password               = "mlflow"
  publicly_accessible    = PUBLIC
  vpc_security_group_ids = [aws_security_group.db.id]
}
"""


@pytest.mark.parametrize(("port", "public", "found"), [("5432", "true", 1), ("443", "true", 0), ("5432", "false", 0)])
def test_a_public_database_needs_an_open_firewall_too(port: str, public: str, found: int, tmp_path: Path) -> None:
    assert len(walks(run(tmp_path, terraform=RDS.replace("PORT", port).replace("PUBLIC", public)))) == found


TASK = """\
resource "aws_s3_bucket" "lake" {
  bucket = "acme-lake"
}
resource "aws_iam_role" "task" {
  name = "task"
}
resource "aws_iam_role_policy" "task" {
  role   = aws_iam_role.task.id
  policy = jsonencode({Statement = [{Effect = "Allow", Action = "ACTION", Resource = "arn:aws:s3:::acme-lake/*"}]})
}
resource "aws_security_group" "open" {
  ingress {
    from_port   = 8888
    to_port     = 8888
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_ecs_service" "lab" {
  task_definition = aws_ecs_task_definition.lab.arn
  network_configuration {
    security_groups  = [aws_security_group.open.id]
    assign_public_ip = true
  }
}
resource "aws_ecs_task_definition" "lab" {
  task_role_arn         = aws_iam_role.task.arn
  container_definitions = jsonencode([{name = "lab", image = "quay.io/jupyter/scipy-notebook:2025-03-14", command = ["start-notebook.py", "--IdentityProvider.token="]}])
}
"""


def test_the_role_of_a_reached_container_leads_to_the_lake_it_reads(tmp_path: Path) -> None:
    assert goals(run(tmp_path, terraform=TASK.replace("ACTION", "s3:GetObject"))) == {"the bucket acme-lake"}
    assert goals(run(tmp_path, terraform=TASK.replace("ACTION", "s3:PutObject"))) == set()


def test_paths_survive_the_report_and_an_older_report_has_none(tmp_path: Path) -> None:
    result = run(tmp_path, compose=notebook(URL.replace("HOST", "store"), rest=DATABASE))
    text = as_json.render(result)
    assert as_json.parse(text).attack_paths == result.attack_paths != ()
    older = json.loads(text)
    del older["attack_paths"]
    assert as_json.parse(json.dumps(older)).attack_paths == ()


def test_the_same_tree_gives_the_same_paths(tmp_path: Path) -> None:
    compose = notebook(URL.replace("HOST", "store"), rest=DATABASE)
    assert run(tmp_path, compose=compose).attack_paths == run(tmp_path, compose=compose).attack_paths


def test_a_password_with_an_at_sign_is_never_taken_for_a_host() -> None:
    assert addresses("postgresql://u:pa@ss/wo@rd@store/x") == ()
    assert addresses("postgresql+psycopg2://u:secret@store:5432/x") == (Address("postgresql", "store", secret=True),)


@given(st.text(alphabet="abc:/@.-s3$ {}'\"", max_size=80))
def test_no_text_breaks_the_reading_of_addresses(text: str) -> None:
    for address in addresses(text, bare=True):
        assert address.host
        assert "@" not in address.host


HERE = FileEvidence("compose.yaml", 1, 1, "x")


def _ways(links: list[tuple[int, int]], kinds: list[Kind], bare: set[int]) -> dict[int, list[Way]]:
    """A graph of numbered places; places in ``bare`` are reached without evidence."""
    found: dict[int, list[Way]] = {}
    for start, end in links:
        place = Place(kinds[end], str(end), f"place {end}")
        found.setdefault(start, []).append(Way(place, "", () if end in bare else (HERE,), Risk.SYS_NET))
    return found


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=60),
    st.lists(st.sampled_from(list(Kind)), min_size=12, max_size=12),
    st.sets(st.integers(0, 11), max_size=4),
)
def test_paths_never_loop_and_are_bounded(
    monkeypatch: pytest.MonkeyPatch, links: list[tuple[int, int]], kinds: list[Kind], bare: set[int]
) -> None:
    ways = _ways(links, kinds, bare)
    monkeypatch.setattr(paths, "onward", lambda _ground, place: iter(ways.get(int(place.key), ())))
    ground = Ground.of(Graph())
    start = Way(Place(kinds[0], "0", "place 0"), "", (HERE,), Risk.SYS_NET)
    entry = Entry("internet", Exposure(Reach.INTERNET), (HERE,), start)
    monkeypatch.setattr(paths, "entries", lambda _ground: [entry])
    found = paths.attack_paths(Graph())
    assert len(found) <= paths.PATHS
    for path in found:
        names = [step.what for step in path.steps]
        assert len(names) == len(set(names)) <= paths.HOPS + 1
        assert all(step.evidence for step in path.steps)
    assert list(paths.trails(ground, entry, {})) == list(paths.trails(ground, entry, {}))


def test_a_trail_stops_after_six_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [Kind.INSIDE] * 5 + [Kind.DATA, Kind.DATA]
    ways = _ways([(n, n + 1) for n in range(6)], kinds, set())
    monkeypatch.setattr(paths, "onward", lambda _ground, place: iter(ways.get(int(place.key), ())))
    start = Way(Place(Kind.INSIDE, "0", "place 0"), "", (HERE,), Risk.SYS_NET)
    found = list(paths.trails(Ground.of(Graph()), Entry("internet", Exposure(Reach.INTERNET), (HERE,), start), {}))
    assert [trail[-1].to.key for trail in found] == ["5"]


def test_no_more_than_fifty_paths_come_out_of_many_doors(tmp_path: Path) -> None:
    services = "".join(
        f"  v{n}:\n    image: qdrant/qdrant:v1.12.4\n    ports: ['{7000 + n}:6333']\n" for n in range(60)
    )
    found: tuple[AttackPath, ...] = run(tmp_path, compose=f"services:\n{services}").attack_paths
    assert len(found) == paths.PATHS
