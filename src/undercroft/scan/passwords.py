"""How good a written credential is: a documented default, an example nobody replaced, predictable, or none of these. Pure.

A value made of the words that stand in manuals and templates is tried before anything is guessed, whatever it is joined with:
``change-me``, ``mlflow_password`` and ``super-secret-key-2`` are the same find. So a value is taken apart into words, and it is
an example when every part is one.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from undercroft.model.redact import is_literal_secret


class Strength(StrEnum):
    """What a value is, from worst to best."""

    EMPTY = "empty"
    """Nothing is asked for."""
    DEFAULT = "default"
    """A documented default, an example, or one of the words that head every list."""
    PREDICTABLE = "predictable"
    """Short, repeated or in sequence."""
    UNKNOWN = "unknown"
    """Nothing speaks against it."""


# Words of manuals, templates and password lists, with the products of the field, whose names serve as their own passwords.
_VOCABULARY = """
    a abc abcd access accesskey account admin administrator airflow alice all an and anthropic any api apikey app application at
    auth authentication aws azure base be bob bot ceph change changed changeit changeme channel char character characters chars
    claude clickhouse client cluster code cohere cookie create credential credentials customer dagster dashboard data database db
    default demo dev developer development docker dummy elastic elasticsearch encrypt encrypted encryption enter even example
    fake fernet fill flask flower flowise foo foobar for from gemini generate generated github gitlab google grafana groq guest
    hard hash hello here hex hf huggingface id in influxdb insecure insert internal is it its jupyter jwt jwtsecret kafka keep
    key keys kong langfuse least length letmein litellm llm local localhost logflare long longer love machine mailpassword
    manager master me metrics milvus min minimum minio minioadmin mistral ml mlflow model mongo mongodb more must my mypassword
    mysecret mysql n8n neo4j new nexus ngc nifi no not nvidia of ollama only openai openssl openwebui operator or oracle owner
    pass passcode passphrase passwd password pg phrase placeholder please portkey postgres postgresdb postgresql prefect private
    prod production project provider public put pw pwd qdrant qwerty rabbit rabbitmq rand random ray read reader redis replace
    replaceme replication replicator required role root rootroot runner rustfs s3 salt sample seaweedfs secret secretkey secrets
    secure server service session set should sign signing sk slack some something staging store string strong supabase super
    supersecret supersecure superset superuser sys system tbd temp temporary test tester testing the this to todo token toor
    traefik unsafe update updated use user username users value very vllm wandb weak weaviate web webui welcome with word worker
    write writer x xxx y you your yours yourself z zenml
"""
_WORDS = frozenset(_VOCABULARY.split())
_SEQUENCES = (
    "0123456789012345678909876543210", "0123456789abcdef0123456789abcdef", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm",
    "zyxwvutsrqponmlkjihgfedcba",
)  # fmt: skip
_DOCUMENTED = frozenset({
    "sk-1234", "toor", "12341234",
})  # fmt: skip
_EXAMPLES = re.compile(
    r"""(?ix) ^(?: <[^>]*> | \[[^\]]*\] | [x*.]{3,} | (?:\.\.\.|…) | none | null | empty | todo | tbd | n/?a | not[-_ ]?(?:set|used|needed)
        | dummy(?:[-_]?\w+)? | placeholder | (?:sk|hf|ghp|gsk|nvapi|xai|r8|tvly|lsv2|pcsk|key|token)[-_]?[x*.]{2,}[\w*.\-]* )$"""
)
_ISSUED = re.compile(
    r"""(?ix) (?:^|_) (?: openai|open_ai|anthropic|claude|hf|hugging_?face|huggingfacehub|azure|google|gemini|vertex|cohere|mistral|groq
        |deepseek|together|fireworks|replicate|perplexity|openrouter|xai|voyage|jina|serper?|serpapi|tavily|brave|bing|tmdb|nvidia|ngc
        |nim|github|gitlab|gh|slack|discord|telegram|twilio|sendgrid|stripe|wandb|comet|neptune|langchain|langsmith|pinecone|cloudflare
        |databricks|snowflake|datadog|dd|sentry|newrelic|elevenlabs|deepgram|firecrawl|notion|linear|npm|pypi|docker|dockerhub|kaggle
        |civitai|tunnel|ngrok|vastai|runpod|watsonx|dashscope|zhipuai|moonshot|baidu|qianfan|modelscope|llama_cloud|assemblyai ) _?"""
)
_SIGNING = re.compile(
    r"""(?i)(?:jwt|cookie|session|nextauth|auth|encryption|enc|fernet|signing|csrf|webui|django|flask|app|webserver|internal|hash)_?(?:secret|key|salt)"""
    r"""|secret_?key|_salt$|^salt$|fernet|secret_key_base"""
)


def issued(name: str) -> bool:
    """Whether a credential of this name is made by a provider, so that an example value opens nothing."""
    return _ISSUED.search(name) is not None


def signs(name: str) -> bool:
    """Whether a value of this name signs or encrypts, so that its length decides and not how often it may be tried."""
    return _SIGNING.search(name) is not None


def _segments(run: str, words: frozenset[str]) -> bool:
    """Whether letters and digits without a break between them are known words and short numbers, from end to end."""
    reachable = [True] + [False] * len(run)
    for end in range(1, len(run) + 1):
        for start in range(max(0, end - 16), end):
            part = run[start:end]
            if reachable[start] and (part in words or (part.isdigit() and (len(part) <= 4 or _sequence(part)))):
                reachable[end] = True
                break
    return reachable[-1]


def _sequence(text: str) -> bool:
    return any(text in s for s in _SEQUENCES) or len(set(text)) == 1


@lru_cache(maxsize=4096)
def _example(value: str, extra: frozenset[str]) -> bool:
    runs = re.findall(r"[a-z0-9]+", re.sub(r"p[a@4][s$5]{2}w[o0]rd", "password", value.lower()))
    if not runs or len(value) > 200:
        return False
    words = _WORDS | extra
    return all(_segments(run, words) for run in runs) and re.search(r"[a-z]{3}|^\d{1,12}$", value.lower()) is not None


def _demo_token(value: str) -> bool:
    """Whether a JWT says itself that it was issued for a demonstration."""
    parts = value.split(".")
    if len(parts) != 3 or not value.startswith("eyJ"):
        return False
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(payload, dict) and any(
        re.search(r"(?i)\b(demo|example|test|sample)\b", str(payload.get(k, ""))) for k in ("iss", "aud")
    )


def predictable(name: str, value: str) -> str:
    """Why a value can be guessed, in words; empty when nothing speaks for it."""
    low = value.lower()
    if len(value) >= 4 and (
        len(set(low)) <= 2 or any(len(value) >= 2 * n and low == (low[:n] * len(low))[: len(low)] for n in range(1, 5))
    ):
        return "one pattern repeated"
    if len(value) >= 6 and _sequence(low):
        return "a sequence of neighbouring keys"
    if re.fullmatch(r"([0-9a-z])\1{3,}([0-9a-z])\2{3,}", low):
        return "two characters repeated"
    if signs(name) and len(value) < 16:
        return f"{len(value)} characters, where a key that signs needs 32"
    if re.search(r"(?i)pass(word|wd)?$|pwd$", name) and len(value) < 8:
        return f"{len(value)} characters"
    return ""


def placeholder(value: str) -> bool:
    """Whether a value says that there is none yet: ``<your token>``, ``xxx``, ``sk-...``."""
    return _EXAMPLES.match(value.strip()) is not None


def strength(name: str, value: str, known: Iterable[str] = (), defaults: Iterable[str] = ()) -> Strength:
    """What a credential's value is. ``known``: user and product names beside it; ``defaults``: what the product documents.

    A place holder for something that only a provider can issue is no credential at all: ``Strength.EMPTY``.
    """
    text = value.strip().strip("\"'")
    if not text or (placeholder(text) and not re.search(r"(?i)pass|secret_?key|salt|encryption", name)):
        return Strength.EMPTY
    names = frozenset(k.lower() for k in known if k)
    if text in frozenset(defaults) or text in _DOCUMENTED or text.lower() in names:
        return Strength.DEFAULT
    user, slash, rest = text.partition("/")
    if slash and re.search(r"(?i)_auth$", name):  # user/password in one, as Neo4j's image takes it
        return strength("password", rest, (*names, user), defaults)
    if _demo_token(text):
        return Strength.DEFAULT
    if _example(text, names):
        return Strength.EMPTY if issued(name) and not re.search(r"(?i)^aws|s3|minio", name) else Strength.DEFAULT
    return Strength.PREDICTABLE if predictable(name, text) else Strength.UNKNOWN


def written_out(value: str) -> bool:
    """Whether a value stands for itself: no reference, no switch, no template, no path to a file."""
    text = value.strip().strip("\"'")
    if re.match(r"\$2[abxy]?\$\d\d\$", text):  # bcrypt: a hash serves whoever has it to guess at leisure
        return True
    return is_literal_secret(text) and not re.match(
        r"^(?:/[\w.\-]+)+$|^(?:\$|%|!|\{\{|arn:|vault:|sops:|ENC\[|op://|projects/)|^(?:<%|@)", text
    )
