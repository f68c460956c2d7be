"""What is expected is read strictly: a rule that is silently not checked is worse than none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.loop.expected import MAX_BYTES, ExpectedError, load, parse, require_components


def services(body):
    return f"version: 1\nservices:\n  llm:\n    component: vllm\n{body}"


def test_a_full_service_is_read():
    read = parse(
        services(
            "    version: '>=0.8,<0.9'\n    exposure: private network\n    authentication: on\n    tls: 'off'\n"
            "    addresses: ['127.0.0.1:8000', '[::1]:8000']\n    image: sha256:abc\n"
        ),
        "expected.yaml",
    ).services["llm"]
    assert (read.specifier, read.exposure, read.authentication, read.tls) == (
        ">=0.8,<0.9",
        "private network",
        True,
        "off",
    )
    assert read.addresses == ("127.0.0.1:8000", "[::1]:8000")


def test_an_exact_version_becomes_an_equality():
    assert parse(services("    version: 0.8.5\n"), "e").services["llm"].specifier == "==0.8.5"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (services("    autentication: on\n"), r"e.yaml: services.llm: .*unknown field `autentication`.*the fields are component, version"),
        (services("    exposure: world\n"), r"e.yaml: services.llm: .*'world'.*exposure"),
        (services("    authentication: maybe\n"), r"e.yaml: services.llm: .*authentication"),
        (services("    version: 2.9\n"), r"e.yaml: services.llm: .*version"),
        (services("    version: about two\n"), r"e.yaml: services.llm.version: 'about two' is neither"),
        (services("    addresses: [localhost]\n"), r"services.llm.addresses: 'localhost' is no host:port"),
        (services("    addresses: ['a:70000']\n"), r"services.llm.addresses: 'a:70000'"),
        (services("    image: latest\n"), r"services.llm.image: 'latest' is no digest"),
        (services("    component: mlflow\n"), r"e.yaml:5:5: component is given twice"),
        (services("  llm:\n    component: vllm\n"), r"e.yaml:5:3: llm is given twice"),
        ("version: 1\nservices:\n  llm: {}\n", r"services.llm: .*missing required field `component`"),
        ("version: 1\nservices:\n  llm: text\n", r"services.llm: "),
        ("version: 1\nservices:\n  1: {component: vllm}\n", r"services.1: a service's name is text"),
        ("version: 1\nservices: {}\nowner: me\n", r"e.yaml: .*unknown field `owner`.*the fields are version, services"),
        ("version: 2\nservices: {}\n", r"e.yaml: version: this program reads version 1"),
        ("version: true\nservices: {}\n", r"e.yaml: version: this program reads version 1"),
        ("version: 1\n", r"e.yaml: services: a mapping"),
        ("- 1\n", r"e.yaml: a mapping with version: 1"),
        ("", r"e.yaml: a mapping with version: 1"),
        ("a: [\n", r"e.yaml:2:1: "),
        ("a: !!python/object:os.system {}\n", r"e.yaml:1:4: "),
        ("version: 1\nservices: &a\n  x: *a\n", r"e.yaml:2:11: "),
        ("[" * 3000, r"e.yaml: "),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_place(text, place):
    with pytest.raises(ExpectedError, match=place):
        parse(text, "e.yaml")


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        refusal = "" if parse(text, "e.yaml") else "nothing"
    except ExpectedError as error:
        refusal = str(error)
    assert refusal == "" or refusal.startswith("e.yaml")


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ExpectedError, match="undercroft expect"):
        load(tmp_path / "expected.yaml")


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "expected.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ExpectedError, match="larger than"):
        load(path)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "expected.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(ExpectedError, match="byte 3 is not UTF-8"):
        load(path)


def test_a_component_nobody_knows_is_refused_by_name():
    with pytest.raises(
        ExpectedError, match=r"e.yaml: services.llm.component: 'vllm' is none; there are mlflow, unrecognised"
    ):
        require_components(parse(services(""), "e.yaml"), ["mlflow"], "e.yaml")
