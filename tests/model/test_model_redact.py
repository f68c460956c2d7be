"""Secrets are masked where text is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.model.evidence import EXCERPT, EndpointEvidence, FileEvidence, HostEvidence
from undercroft.model.redact import MASK, is_literal_secret, names_a_secret, redact

CANARY = "Zk39xPq7LmT2vB"


@pytest.mark.parametrize(
    "line",
    [
        f"POSTGRES_PASSWORD: {CANARY}",
        f"  - MYSQL_ROOT_PASSWORD={CANARY}",
        f'"password": "{CANARY}",',
        f"--api-key={CANARY}",
        f"--api-key {CANARY}",
        f'["--token", "{CANARY}"]',
        f"postgresql://mlflow:{CANARY}@db/mlflow",
        f"Authorization: Bearer {CANARY}",
        f"hf_{CANARY}{CANARY}",
        f"key sk-{CANARY} in prose",
        f"export AWS_SECRET_ACCESS_KEY={CANARY}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"c.ServerApp.token = '{CANARY}'",
        f'api_key = "{CANARY} with a blank"',
        f"requirepass {CANARY}",
    ],
)
def test_a_written_secret_is_masked(line: str) -> None:
    assert CANARY not in redact(line)
    assert MASK in redact(line)


@pytest.mark.parametrize(
    "line",
    [
        'JUPYTER_TOKEN: ""',
        "--IdentityProvider.token=",
        "HF_TOKEN: ${HF_TOKEN:?}",
        "- HF_TOKEN=$(HF_TOKEN)",
        "password: {{ .Values.password }}",
        "token: ${{ secrets.TOKEN }}",
        "max_tokens: 4096",
        "--max-num-batched-tokens 4096",
        "secretName: model-tls",
        "automountServiceAccountToken: false",
        "the token is written elsewhere",
        "image: vllm/vllm-openai:v0.8.5",
    ],
)
def test_what_is_no_secret_stays_readable(line: str) -> None:
    assert redact(line) == line


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40))
def test_a_known_value_never_survives(value: str) -> None:
    if is_literal_secret(value) and value not in MASK:
        shown = FileEvidence("f", 1, 1, f"before {value} after", (value,)).text
        assert value not in shown.replace(MASK, "")


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_every_kind_of_evidence_masks_and_cuts() -> None:
    long = f"password={CANARY} " + "x" * 1000
    for text in (
        FileEvidence("f", 1, 1, long).text,
        EndpointEvidence("http://h", "GET /", long).response,
        HostEvidence("fact", "command", long).text,
    ):
        assert CANARY not in text
        assert len(text) == EXCERPT


def test_evidence_forgets_the_values_it_was_told() -> None:
    assert CANARY not in repr(FileEvidence("f", 1, 1, f"x {CANARY}", (CANARY,)))


@pytest.mark.parametrize(
    "name", ["MYSQL_PASSWORD", "HF_TOKEN", "api-key", "OPENAI_API_KEY", "client_secret", "fernet_key"]
)
def test_a_name_says_that_it_holds_a_secret(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name", ["max_tokens", "TOKENIZER", "secretName", "tokenizer_path", "PASSWORD_FILE", "imagePullSecrets", "user"]
)
def test_a_name_says_that_it_holds_none(name: str) -> None:
    assert not names_a_secret(name)
