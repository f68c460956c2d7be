"""What a written credential is worth."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.scan.passwords import Strength, issued, predictable, signs, strength, written_out


@pytest.mark.parametrize(
    "value",
    [
        "changeme", "change-me", "changePassword", "mlflow_password", "super-secret-key-2", "your-super-secret-and-long-postgres-password",
        "adminadmin", "s3admin", "toor", "minio123", "P@ssw0rd!", "LOCALONLYREDIS", "this_password_is_insecure_and_should_be_updated",
        "12341234", "'my-secret'",
    ],
)  # fmt: skip
def test_the_words_of_manuals_are_a_default_however_they_are_joined(value: str) -> None:
    assert strength("DB_PASSWORD", value) is Strength.DEFAULT


@pytest.mark.parametrize(
    "value", ["7hJq2LmPz0", "correct-horse-battery-staple", "pUBnBOY80SnXgjibTYM9ZWNzY2xreNGQok", "give-pytest-control"]
)
def test_a_value_of_other_words_is_no_default(value: str) -> None:
    assert strength("DB_PASSWORD", value) is Strength.UNKNOWN


def test_a_password_equal_to_the_user_beside_it_is_a_default() -> None:
    assert strength("DB_PASSWORD", "zebrafish", ("zebrafish",)) is Strength.DEFAULT
    assert strength("DB_PASSWORD", "zebrafish", ("giraffe",)) is Strength.UNKNOWN


def test_user_and_password_in_one_are_taken_apart() -> None:
    assert strength("NEO4J_AUTH", "neo4j/password") is Strength.DEFAULT
    assert strength("NEO4J_AUTH", "neo4j/q7Zp2mXvK9") is Strength.UNKNOWN


def test_an_example_of_a_key_that_only_a_provider_makes_is_no_credential() -> None:
    assert strength("OPENAI_API_KEY", "your-openai-api-key") is Strength.EMPTY
    assert strength("HF_TOKEN", "hf_xxxxxxxx") is Strength.EMPTY
    assert strength("LITELLM_MASTER_KEY", "sk-1234") is Strength.DEFAULT


def _token(**claims: str) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + ".c2lnbmF0dXJl"
    )


def test_a_token_that_says_it_is_for_a_demonstration_is_a_default() -> None:
    assert strength("SERVICE_ROLE_KEY", _token(iss="acme-demo")) is Strength.DEFAULT
    assert strength("SERVICE_ROLE_KEY", _token(iss="acme")) is Strength.UNKNOWN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_TOKEN", "ab12ab12ab12"),
        ("API_TOKEN", "dddd4444"),
        ("API_TOKEN", "qwertyuiop"),
        ("JWT_SECRET", "q7Zp2mXv"),
        ("DB_PASSWORD", "tr7q"),
    ],
)
def test_patterns_and_short_keys_are_predictable(name: str, value: str) -> None:
    assert predictable(name, value)


def test_the_length_counts_where_a_value_signs_and_not_where_a_provider_made_it() -> None:
    assert signs("NEXTAUTH_SECRET")
    assert not signs("API_TOKEN")
    assert not predictable("AZURE_API_KEY", "sk-123")
    assert issued("AZURE_API_KEY")


@pytest.mark.parametrize(
    "value", ["${X}", "$X", "{{ x }}", "/run/secrets/db", "arn:aws:secretsmanager:eu", "vault:secret/x", ""]
)
def test_a_reference_is_not_written_out(value: str) -> None:
    assert not written_out(value)


@given(st.text(max_size=300), st.text(max_size=300), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_judged(name: str, value: str, users: list[str]) -> None:
    assert strength(name, value, users) in Strength
    predictable(name, value)
