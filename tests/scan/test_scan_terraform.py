"""Terraform: what values come to, what stays unknown, and what hostile files cost."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.model.exposure import Reach
from undercroft.model.verdict import Verdict
from undercroft.scan.cloud import Estate, Resource
from undercroft.scan.collect.files import hcl, tree
from undercroft.scan.collect.files.collect import collect
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph
from undercroft.scan.run import Request, scan


def _graph(folder: Path, **files: str) -> Graph:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_tfvars", ".tfvars").replace("_tf", ".tf").replace(
            "_json", ".json"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    graph, unread, _, _ = collect([folder], dict(loader.load().components))
    assert unread == []
    return graph


def _estate(folder: Path, **files: str) -> Estate:
    (estate,) = _graph(folder, **files).cloud
    assert estate.pending == ()
    return estate


def _one(estate: Estate, type_: str) -> Resource:
    (found,) = estate.of(type_)
    return found


def _value(folder: Path, expression: str, more: str = "") -> tuple[object, bool]:
    estate = _estate(folder, main_tf=f'{more}\nresource "aws_x" "a" {{\n  v = {expression}\n}}\n')
    found = _one(estate, "aws_x").body.members["v"]  # type: ignore[index] - a block has members
    return ([i.value for i in found.items] if found.items is not None else found.value), found.known


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("5", 5),
        ("-5", -5.0),
        ('"a"', "a"),
        ('"a\\"b$${c}"', 'a"b${c}'),
        ("true && !false", True),
        ("!var.off && local.table.a == 1", True),
        ("(local.table).b", 2),
        ("1 + 2 * 3", 7.0),
        ('2 > 1 ? "yes" : "no"', "yes"),
        ("var.named", "models"),
        ('"s3://${var.named}/${local.prefix}"', "s3://models/raw"),
        ("local.ports", [22, 80]),
        ("concat(local.ports, [443])", [22, 80, 443]),
        ("[for p in local.ports : p if p != 22]", [80]),
        ("local.table.b", 2),
        ('local.table["a"]', 1),
        ('lookup(local.table, "c", 3)', 3),
        ("local.ports[1]", 80),
        ("length(local.ports)", 2),
        ('upper("a")', "A"),
        ('format("%s-%d", "a", 3)', "a-3"),
        ('coalesce("", "b")', "b"),
        ('var.nothing == null ? "public" : "private"', "public"),
        ('merge(local.table, {b = 9})["b"]', 9),
        ("<<-EOF\n  hello ${var.named}\nEOF", "  hello models\n"),
        ('join(",", local.ports)', "22,80"),
    ],
)  # fmt: skip
def test_an_expression_is_worth_what_terraform_says(tmp_path: Path, expression: str, value: object) -> None:
    more = (
        'variable "named" {\n  default = "models"\n}\nvariable "off" {\n  default = false\n}\nvariable "nothing" {\n  default = null\n}\n'
        'locals {\n  prefix = "raw"\n  ports = [22, 80]\n  table = { a = 1, b = 2 }\n}\n'
    )
    assert _value(tmp_path, expression, more) == (value, True)


@pytest.mark.parametrize(
    "expression",
    [
        "var.given", "data.aws_vpc.a.id", "aws_vpc.b.id", "module.c.d", '"${var.given}/32"', "var.given ? 1 : 2", "timestamp()",
        "local.own", "merge(var.given, {a = 1})", "each.value", "var.given[0]", "path.module", "provider::azurerm::f(var.given)",
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_unknown_and_says_why(tmp_path: Path, expression: str) -> None:
    more = 'variable "given" {}\nlocals {\n  own = local.own\n}\n'
    estate = _estate(tmp_path, main_tf=f'{more}resource "aws_x" "a" {{\n  v = {expression}\n}}\n')
    found = _one(estate, "aws_x").get("v")
    assert found is not None
    assert not found.known
    assert found.reason


def test_a_variable_file_goes_over_a_default_and_an_unnamed_one_does_not(tmp_path: Path) -> None:
    main = 'variable "a" {\n  default = "default"\n}\nresource "aws_x" "r" {\n  v = var.a\n}\n'
    assert _one(_estate(tmp_path, main_tf=main, prod_tfvars='a = "prod"\n'), "aws_x").get("v").text == "default"  # type: ignore[union-attr] - written above
    assert _one(_estate(tmp_path, terraform_tfvars='a = "given"\n'), "aws_x").get("v").text == "given"  # type: ignore[union-attr] - written above


def test_a_module_is_read_with_what_its_call_gives(tmp_path: Path) -> None:
    estate = _estate(
        tmp_path,
        main_tf='module "db" {\n  source = "./modules/db"\n  public = true\n  group = aws_security_group.g.id\n}\nresource "aws_security_group" "g" {}\n',
        modules__db__main_tf='variable "public" {\n  default = false\n}\nvariable "group" {}\nresource "aws_db_instance" "d" {\n  publicly_accessible = var.public\n  vpc_security_group_ids = [var.group]\n}\n',
    )
    database = _one(estate, "aws_db_instance")
    assert database.get("publicly_accessible").boolean is True  # type: ignore[union-attr] - written above
    assert [r.type for r in estate.named_by(database.get("vpc_security_group_ids"))] == ["aws_security_group"]
    assert database.place.file == "modules/db/main.tf"


def test_an_output_of_a_module_leads_back_to_its_resource(tmp_path: Path) -> None:
    estate = _estate(
        tmp_path,
        main_tf='module "net" {\n  source = "./net"\n}\nresource "aws_instance" "i" {\n  vpc_security_group_ids = [module.net.group]\n}\n',
        net__main_tf='resource "aws_security_group" "g" {}\noutput "group" {\n  value = aws_security_group.g.id\n}\n',
    )
    assert [r.name for r in estate.named_by(_one(estate, "aws_instance").body)] == ["g"]


def test_modules_that_call_each_other_in_a_ring_end(tmp_path: Path) -> None:
    estate = _estate(
        tmp_path,
        a__main_tf='module "b" {\n  source = "../b"\n}\nresource "aws_x" "a" {}\n',
        b__main_tf='module "a" {\n  source = "../a"\n}\nresource "aws_x" "b" {}\n',
    )
    assert {r.name for r in estate.of("aws_x")} == {"a", "b"}


def test_a_module_that_is_not_in_the_tree_stays_a_call(tmp_path: Path) -> None:
    estate = _estate(tmp_path, main_tf='module "eks" {\n  source = "terraform-aws-modules/eks/aws"\n  size = 3\n}\n')
    (module,) = estate.modules()
    assert (module.type, module.get("size").number) == ("terraform-aws-modules/eks/aws", 3)  # type: ignore[union-attr] - written above


def test_nothing_outside_the_root_is_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"Statement": []}')
    root = tmp_path / "root"
    estate = _estate(
        root,
        main_tf='resource "aws_x" "a" {\n  v = file("../secret.json")\n}\nmodule "m" {\n  source = "../other"\n}\n',
    )
    assert not _one(estate, "aws_x").get("v").known  # type: ignore[union-attr] - written above


def test_a_policy_in_a_here_document_has_its_own_lines(tmp_path: Path) -> None:
    text = 'resource "aws_iam_policy" "p" {\n  policy = <<EOF\n{\n  "Statement": [{\n    "Effect": "Allow",\n    "Action": "s3:*",\n    "Resource": "*"\n  }]\n}\nEOF\n}\n'
    (tmp_path / "main.tf").write_text(text)
    result = scan(Request((str(tmp_path),)), dict(loader.load().components)).result
    (found,) = [f for f in result.findings if f.check == "iam-overbroad"]
    assert [(e.line, e.text) for e in found.evidence if hasattr(e, "line")] == [
        (6, '"Action": "s3:*",'),
        (7, '"Resource": "*"'),
    ]


def test_a_model_server_on_fargate_is_judged_like_one_in_compose(tmp_path: Path) -> None:
    graph = _graph(
        tmp_path,
        main_tf='resource "aws_ecs_task_definition" "t" {\n  container_definitions = jsonencode([{ name = "ollama", image = "ollama/ollama:0.5.0" }])\n}\n'
        'resource "aws_security_group" "g" {\n  ingress {\n    from_port = 11434\n    to_port = 11434\n    protocol = "tcp"\n    cidr_blocks = ["0.0.0.0/0"]\n  }\n}\n'
        'resource "aws_ecs_service" "s" {\n  task_definition = aws_ecs_task_definition.t.arn\n  network_configuration {\n    assign_public_ip = true\n    security_groups = [aws_security_group.g.id]\n  }\n}\n',
    )
    (workload,) = graph.workloads
    assert [r.fact.slug for r in workload.running] == ["ollama"]
    assert workload.exposure.reach is Reach.INTERNET


def test_a_start_up_script_is_read_with_the_lines_it_stands_on(tmp_path: Path) -> None:
    graph = _graph(
        tmp_path,
        main_tf='resource "aws_instance" "i" {\n  user_data = <<-EOF\n    #!/bin/bash\n    docker run -d -p 11434:11434 ollama/ollama:0.5.0\n  EOF\n}\n',
    )
    (workload,) = graph.workloads
    assert [r.fact.slug for r in workload.running] == ["ollama"]
    assert getattr(workload.head, "line", None) == 4


SECRETS = """\
provider "aws" {
  secret_key = "canaryONE7hJq2LmPz0"
}
variable "db_password" {
  default = "canaryTWO7hJq2LmPz0"
}
locals {
  settings = { api_key = "canaryTHREE7hJq2LmPz0" }
}
resource "helm_release" "a" {
  set {
    name  = "auth.password"
    value = "canaryFOUR7hJq2LmPz0"
  }
}
resource "aws_ecs_task_definition" "t" {
  container_definitions = <<EOF
[{"name": "c", "environment": [{"name": "DB_PASSWORD", "value": "canaryFIVE7hJq2LmPz0"}]}]
EOF
}
"""


def test_a_written_secret_is_found_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(SECRETS)
    (tmp_path / "terraform.tfvars").write_text('auth_token = "canarySIX7hJq2LmPz0"\n')
    observed = scan(Request((str(tmp_path),)), dict(loader.load().components))
    assert "canary" not in repr(observed.result)
    lines = {e.line for f in observed.result.findings if f.check in {"hardcoded-secret", "default-credential"} for e in f.evidence if hasattr(e, "line")}  # fmt: skip
    assert {2, 5, 8, 13, 18} <= lines


def test_a_plan_in_one_line_shows_none_of_its_secrets(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(
        '{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [{"address": "aws_db_instance.a", '
        '"mode": "managed", "type": "aws_db_instance", "name": "a", "values": {"publicly_accessible": true, "password": "canaryONE7hJq2LmPz0", '
        '"note": "canaryTWO7hJq2LmPz0", "env": "[{\\"name\\": \\"API_TOKEN\\", \\"value\\": \\"canaryTHREE7hJq2LmPz0\\"}]"}, '
        '"sensitive_values": {"note": true}}]}}}'
    )
    result = scan(Request((str(tmp_path),)), dict(loader.load().components)).result
    assert any(f.check == "public-database" for f in result.findings)
    assert "canary" not in repr(result)


def test_what_a_plan_will_only_know_later_is_unknown(tmp_path: Path) -> None:
    estate = _estate(
        tmp_path,
        plan_json='{"terraform_version": "1.9.0", "planned_values": {"root_module": {"resources": [{"address": "aws_db_instance.a", "type": "aws_db_instance", "name": "a", "values": {}}]}},'
        ' "resource_changes": [{"address": "aws_db_instance.a", "change": {"after_unknown": {"publicly_accessible": true}}}]}',
    )
    found = _one(estate, "aws_db_instance").get("publicly_accessible")
    assert found is not None
    assert not found.known


def test_a_fix_takes_its_finding_away(tmp_path: Path) -> None:
    path = tmp_path / "main.tf"
    path.write_text(
        'resource "aws_db_instance" "a" {\n  publicly_accessible = true\n}\nresource "aws_sagemaker_notebook_instance" "n" {\n  name = "n"\n}\n'
    )
    checks = ("public-database", "notebook-root-access", "no-encryption-at-rest")
    for check in checks:
        found = next(f for f in scan(Request((str(tmp_path),)), {}).result.findings if f.check == check and f.fix.edits)
        (edit,) = found.fix.edits
        lines = path.read_text().split("\n")
        line = lines[edit.line - 1]
        lines[edit.line - 1] = line[: edit.start - 1] + edit.new + line[edit.end - 1 :]
        path.write_text("\n".join(lines))
        assert found.fingerprint not in {f.fingerprint for f in scan(Request((str(tmp_path),)), {}).result.findings}


def _file(text: str) -> File:
    return File(Source.of("main.tf", text), lambda _: None)


@pytest.mark.parametrize(
    "text",
    ["resource {{{", 'resource "a" "b" {\n  c = \n}\n', "a = " + "[" * 10_000, "a = " + "(" * 10_000, "a = <<EOF\nnever ends"],
)  # fmt: skip
def test_a_file_that_is_no_hcl_is_unreadable_and_says_where(text: str) -> None:
    with pytest.raises(tree.Unreadable, match=r"line \d+"):
        hcl.parse(_file(text))


def test_a_very_long_chain_of_operators_is_unknown_and_not_the_end(tmp_path: Path) -> None:
    _, known = _value(tmp_path, " + ".join(["1"] * 3000))
    assert not known


def test_a_list_that_holds_itself_many_times_over_stays_small(tmp_path: Path) -> None:
    more = "".join(f"  a{i} = [local.a{i + 1}, local.a{i + 1}, local.a{i + 1}]\n" for i in range(55))
    estate = _estate(
        tmp_path, main_tf=f'locals {{\n{more}  a55 = ["x"]\n}}\nresource "aws_x" "a" {{\n  v = local.a0\n}}\n'
    )
    assert _one(estate, "aws_x").body.weight < 100_000


def test_columns_count_characters_behind_other_letters(tmp_path: Path) -> None:
    estate = _estate(tmp_path, main_tf='resource "aws_x" "a" {\n  tags = { "ключ" = "é", v = true }\n}\n')
    found = _one(estate, "aws_x").get("tags", "v")
    assert found is not None
    assert (found.place.line, found.place.column) == (2, 30)


PIECES = st.sampled_from([
    'resource "aws_x" "a" {', "}", "{", "[", "]", "(", ")", '"', "${", "%{if a}", "<<EOF\n", "EOF\n", "a = ", "var.a", "local.b", "for x in ",
    ":", "=>", "...", "\n", " ", "1", "true", "null", "?", "&&", "dynamic", 'variable "a"', "default", "\\", "\x00", "é", "/*", "#", "[*]", ".0",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    from undercroft.scan.collect.files.formats import terraform

    try:
        graph = terraform.link(terraform.collect(_file(text), {}))
    except tree.Unreadable:
        return
    for estate in graph.cloud:
        assert not estate.pending
        for resource in estate.resources:
            assert resource.place.line <= text.count("\n") + 1


def test_an_unknown_source_is_said_and_not_rounded(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "a" {}\nresource "aws_security_group" "g" {\n  ingress {\n    from_port = 22\n    to_port = 22\n    protocol = "tcp"\n    cidr_blocks = var.a\n  }\n}\n'
    )
    (found,) = [f for f in scan(Request((str(tmp_path),)), {}).result.findings if f.check == "open-security-group"]
    assert found.verdict is Verdict.UNKNOWN
    assert "variable a" in found.settled_by
