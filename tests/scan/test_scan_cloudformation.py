"""CloudFormation: functions in both spellings, what stays unknown, and the words both formats share."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.scan.cloud import Estate, Field
from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.cloudformation_names import snake, type_name
from undercroft.scan.collect.files.collect import collect
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.formats import cloudformation, terraform_plan
from undercroft.scan.collect.files.source import Source
from undercroft.scan.run import Request, scan


def _estate(folder: Path, text: str, name: str = "template.yaml") -> Estate:
    (folder / name).write_text(text)
    graph, unread, _, _ = collect([folder], dict(loader.load().components))
    assert unread == []
    (estate,) = graph.cloud
    return estate


def _value(folder: Path, value: str) -> Field:
    text = (
        "Parameters:\n  Given: {Type: String, Default: models}\n  Open: {Type: String}\n  Many: {Type: CommaDelimitedList, Default: 'a, b'}\n"
        "Mappings: {Regions: {eu: {ami: ami-1}}}\nResources:\n  Other: {Type: AWS::S3::Bucket}\n  Thing:\n    Type: AWS::EC2::Instance\n"
        f"    Properties:\n      V: {value}\n"
    )
    found = next(_estate(folder, text).of("aws_instance")).get("v")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("!Ref Given", "models"),
        ("{Ref: Given}", "models"),
        ("!Sub 's3://${Given}/x'", "s3://models/x"),
        ("{'Fn::Sub': ['${A}-${Given}', {A: b}]}", "b-models"),
        ("!Join ['-', [a, !Ref Given]]", "a-models"),
        ("!FindInMap [Regions, eu, ami]", "ami-1"),
        ("!If [Prod, 'yes', 'yes']", "yes"),
        ("true", True),
        ("'22'", "22"),
    ],
)
def test_a_function_is_worth_what_the_template_says(tmp_path: Path, value: str, expected: object) -> None:
    found = _value(tmp_path, value)
    assert (found.value, found.known) == (expected, True)


@pytest.mark.parametrize(
    "value",
    ["!Ref Open", "!Ref AWS::Region", "!GetAtt Other.Arn", "!Sub '${AWS::Region}'", "!ImportValue x", "!If [Prod, a, b]", "!Select [0, !GetAZs '']", "!FindInMap [Regions, !Ref AWS::Region, ami]"],
)  # fmt: skip
def test_what_is_decided_later_is_unknown_and_says_why(tmp_path: Path, value: str) -> None:
    found = _value(tmp_path, value)
    assert not found.known
    assert found.reason


def test_a_list_in_a_parameter_is_a_list(tmp_path: Path) -> None:
    assert [item.value for item in _value(tmp_path, "!Ref Many").each()] == ["a", "b"]


def test_a_reference_names_its_resource(tmp_path: Path) -> None:
    assert _value(tmp_path, "!GetAtt Other.Arn").references == ("Other",)


def test_a_property_that_is_taken_back_is_absent(tmp_path: Path) -> None:
    text = "Resources:\n  Thing:\n    Type: AWS::EC2::Instance\n    Properties:\n      V: !Ref AWS::NoValue\n"
    assert next(_estate(tmp_path, text).of("aws_instance")).get("v") is None


def test_json_reads_like_yaml(tmp_path: Path) -> None:
    text = '{"Resources": {"Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"PubliclyAccessible": true}}}}'
    found = next(_estate(tmp_path, text, "stack.json").of("aws_db_instance")).get("publicly_accessible")
    assert found is not None
    assert found.boolean is True


@pytest.mark.parametrize(
    ("name", "word"),
    [("DBInstanceClass", "db_instance_class"), ("CidrIp", "cidr_ipv4"), ("KmsKeyId", "kms_key_id"), ("FromPort", "from_port"), ("SSLPolicy", "ssl_policy")],
)  # fmt: skip
def test_a_property_has_terraform_s_name(name: str, word: str) -> None:
    assert snake(name) == word


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("AWS::EC2::SecurityGroup", "aws_security_group"),
        ("AWS::SageMaker::NotebookInstance", "aws_sagemaker_notebook_instance"),
        ("AWS::S3::Bucket", "aws_s3_bucket"),
        ("AWS::EKS::Cluster", "aws_eks_cluster"),
        ("AWS::ECS::TaskDefinition", "aws_ecs_task_definition"),
        ("Custom::Thing", "Custom::Thing"),
    ],
)
def test_a_type_has_terraform_s_name(name: str, word: str) -> None:
    assert type_name(name) == word


def test_a_manifest_of_kubernetes_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  note: AWS::S3::Bucket among Resources\n"
    )
    graph, _, _, _ = collect([tmp_path], {})
    assert graph.cloud == ()


def test_a_written_secret_is_found_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        "Parameters:\n  DbPassword: {Type: String, NoEcho: true, Default: canaryONE7hJq2LmPz0}\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n"
        "    Properties:\n      MasterUserPassword: canaryTWO7hJq2LmPz0\n      PubliclyAccessible: true\n  Td:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n"
        "      ContainerDefinitions:\n        - Name: c\n          Image: c\n          Environment:\n            - Name: API_TOKEN\n              Value: canaryTHREE7hJq2LmPz0\n"
    )
    result = scan(Request((str(tmp_path),)), dict(loader.load().components)).result
    assert "canary" not in repr(result)
    lines = {e.line for f in result.findings if f.check in {"hardcoded-secret", "default-credential"} for e in f.evidence if hasattr(e, "line")}  # fmt: skip
    assert {2, 7, 17} <= lines


def test_aliases_of_aliases_cost_no_more_than_they_may(tmp_path: Path) -> None:
    laughs = "".join(f"  A{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 20))
    text = f"X:\n  A0: &a0 [lol]\n{laughs}Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      V: *a19\n"
    assert len(list(_estate(tmp_path, text).of("aws_s3_bucket"))) == 1


PIECES = st.sampled_from([
    "Resources:", "AWS::S3::Bucket", "\n", "  ", "    ", "Type: ", "Properties:", "!Ref ", "!Sub ", "!GetAtt ", "!If [", "]", "{", "}", "${", "- ",
    "Fn::Join: ", "Parameters:", "Default: ", "A", ": ", "'", '"', "&a ", "*a", "<<: ", "!Join ['', ", "1", "null", "!FindInMap [", "Mappings:",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(PIECES, max_size=50).map(lambda parts: "Resources:\n  A:\n    Type: AWS::S3::Bucket\n" + "".join(parts))
)
def test_any_template_is_read_or_refused(text: str) -> None:
    file = File(Source.of("template.yaml", text), lambda _: None)
    try:
        graph = cloudformation.collect(file, {})
    except tree.Unreadable:
        return
    assert all(r.place.line <= text.count("\n") + 1 for estate in graph.cloud for r in estate.resources)


@settings(max_examples=200, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["resources", "address", "type", "values", "child_modules", "root_module", "name"]), inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
def test_any_plan_is_read(value: object) -> None:
    import json

    text = json.dumps(
        {
            "terraform_version": "1",
            "planned_values": {"root_module": value},
            "resource_changes": value,
            "configuration": value,
        }
    )
    try:
        graph = terraform_plan.collect(File(Source.of("plan.json", text), lambda _: None), {})
    except tree.Unreadable:
        return
    assert len(graph.cloud) == 1
