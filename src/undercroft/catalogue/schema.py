"""The shape of a component's knowledge. A YAML file that does not fit is refused with its file and field.

Three rules keep the catalogue honest. Every fact names its ``source`` (a key of ``sources``). Every default says for
which versions it holds. What was not verified on a running product is not claimed to be: ``verified`` lists the versions
that were, and ``depth`` tells users how much to expect.
"""

from typing import Any, Literal

import msgspec


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A catalogue record: immutable, and a misspelt field is an error instead of a silence."""


class Source(Strict, frozen=True, kw_only=True):
    """Where a fact comes from."""

    title: str
    """What the source is, such as *vLLM documentation, "vllm serve" arguments*."""
    url: str = ""
    """Its public address; empty for an observation of our own, whose ``title`` then says on what."""
    version: str = ""
    """Version of the product the source speaks of."""


class Verified(Strict, frozen=True, kw_only=True):
    """A version on which the facts were seen to hold."""

    version: str
    how: str
    """What was run and looked at, in words."""


class Package(Strict, frozen=True, kw_only=True):
    """A package that contains the component."""

    ecosystem: Literal["PyPI", "npm", "Go", "Maven", "crates.io", "Debian"]
    """OSV's name for the ecosystem."""
    name: str
    same_version: bool = True
    """Whether its version is the component's own. JupyterLab 4 runs on Jupyter Server 2: then the version stays unknown."""
    source: str


class Image(Strict, frozen=True, kw_only=True):
    """A container image that runs the component."""

    repository: str
    """Repository in full, such as ``docker.io/vllm/vllm-openai``. A trailing ``*`` matches any ending."""
    version_tag: str = ""
    """How a tag says the component's version: ``v{version}`` or ``{version}-gpu``; ``*`` is any text. Empty: the tag does not say."""
    command_prefix: tuple[str, ...] = ()
    """The image's own entrypoint and command as argv, to which ``args`` are appended or which a command replaces."""
    entrypoint: bool = True
    """Whether ``command_prefix`` is an ENTRYPOINT (a Compose ``command`` is appended) or a CMD (it is replaced)."""
    config: dict[str, Any] = {}
    """What the image's own configuration file sets, by the keys of ``Spelling.config``. A flag or a mounted file wins over it."""
    source: str


class Command(Strict, frozen=True, kw_only=True):
    """A command line that starts the component."""

    argv: tuple[str, ...]
    """The leading words, basename of the program first: ``[vllm, serve]``, ``[python, -m, mlflow, server]``. ``*`` is any one word.
    ``python`` also matches ``python3`` and ``python3.N``."""
    source: str


class Port(Strict, frozen=True, kw_only=True):
    """A port the component listens on unless told otherwise."""

    number: int
    role: Literal["inference", "administration", "data", "metrics", "internal", "web"]
    protocol: Literal["http", "grpc", "redis", "postgres", "tcp"] = "http"
    setting: str = ""
    """Name of the setting that moves it."""
    source: str


class Spelling(Strict, frozen=True, kw_only=True):
    """One way of writing a setting down. Exactly one of ``flag``, ``env``, ``config``, ``positional``."""

    flag: str = ""
    """Command-line flag with its dashes: ``--api-key``."""
    env: str = ""
    """Environment variable."""
    config: str = ""
    """Key in the component's own configuration file, dotted: ``c.ServerApp.token`` is written ``ServerApp.token``."""
    positional: int = 0
    """Position after the command's own words, counted from 1."""
    takes: Literal["value", "nothing", "list"] = "value"
    """Whether a flag is followed by a value, stands alone, or by several values."""
    means: Any = None
    """For a flag that stands alone: the setting's value when it is there (``true`` when not given)."""
    values: dict[str, Any] = {}
    """Written value → the setting's value, where they differ: ``{"*": any}``. Unlisted values pass as they are."""
    since: str = ""
    """First version that knows this spelling, where known."""
    until: str = ""
    """Last version that knows it, where known."""
    source: str


class Default(Strict, frozen=True, kw_only=True):
    """What the component does when nobody says."""

    value: Any
    """The value in the setting's own terms; ``null`` means not set; ``generated`` marks a secret made at start."""
    versions: str = ""
    """The versions it holds for, as a PEP 440 specifier; empty for every version ever released, as far as the source knows."""
    source: str


class SettingFact(Strict, frozen=True, kw_only=True):
    """A setting: what it is, how it is written, what it is when nobody writes it."""

    about: str
    """One sentence: what it does to security."""
    type: Literal["secret", "boolean", "integer", "number", "string", "list", "address", "path"]
    spellings: tuple[Spelling, ...] = ()
    """Every way of writing it, in order of precedence: the first that is found decides."""
    defaults: tuple[Default, ...]
    """At least one. Several, disjoint, where the default changed."""


class Rule(Strict, frozen=True, kw_only=True):
    """One line of a derivation: when all conditions hold, the derived setting has this value."""

    when: dict[str, Any] = {}
    """Setting → literal, list of literals, ``set`` (a non-empty value), ``empty`` (set to nothing), ``unset`` or ``off`` (``empty``
    or ``unset``). Empty: always."""
    value: Any
    note: str = ""


class Derivation(Strict, frozen=True, kw_only=True):
    """A setting every component has, computed from settings only this one has. The first rule that holds decides."""

    about: str
    rules: tuple[Rule, ...]
    source: str


class Endpoint(Strict, frozen=True, kw_only=True):
    """A path the component answers on."""

    path: str
    """Raw path; ``{name}`` is one segment, a trailing ``{rest}`` any remainder."""
    methods: tuple[str, ...]
    cls: Literal["inference", "administration", "data", "telemetry", "health", "documentation", "web"] = msgspec.field(
        name="class"
    )
    """What it is for: the guard's default-deny list opens ``inference`` and ``health`` alone."""
    api: str = ""
    """Body schema, as ``<api>.<operation>``: ``openai.chat``."""
    protected: Literal["yes", "no", "unknown"] = "unknown"
    """Whether the component's own authentication, when switched on, covers it."""
    mutates: bool = False
    """Whether a call changes state. Probes never send such calls."""
    since: str = ""
    until: str = ""
    source: str


class ApiProfile(Strict, frozen=True, kw_only=True):
    """The API the component speaks, for the guard."""

    api: Literal["openai", "kserve-v2", "tensorflow-serving", "mlflow-invocations", "ollama", "tgi", "admin"]
    unit: str
    """What cost is counted in."""
    extras: dict[str, str] = {}
    """Body fields beyond the API's own that this server knows → JSON type (``integer``, ``number``, ``string``, ``boolean``, ``array``,
    ``object``, ``any``). They pass; others are dropped and reported."""
    source: str


class Expect(Strict, frozen=True, kw_only=True):
    """What an answer must look like. Every given condition must hold."""

    status: tuple[int, ...] = ()
    """One of these."""
    header: dict[str, str] = {}
    """Header name, lower case → regular expression that must be found in its value."""
    title: str = ""
    """Regular expression found in the HTML title."""
    body: str = ""
    """Regular expression found in the body's first 64 KiB."""
    json: dict[str, str] = {}
    """Path (``data.0.owned_by``, ``[]`` is not supported) → regular expression that must match the value's text in full."""
    absent: str = ""
    """Regular expression that must not be found in the body."""


class Exchange(Strict, frozen=True, kw_only=True):
    """A read-only question and the answer expected of this component."""

    method: Literal["GET", "HEAD", "OPTIONS", "POST"] = "GET"
    path: str
    body: str = ""
    """For a documented read call that is a POST; the ``source`` of the fingerprint must say so."""
    headers: dict[str, str] = {}
    expect: Expect


class VersionRead(Strict, frozen=True, kw_only=True):
    """Where an answer tells the version."""

    exchange: int = 0
    """Index of the exchange in the fingerprint."""
    json: str = ""
    """Path of the value, or"""
    header: str = ""
    """name of a header, or"""
    pattern: str = ""
    """regular expression with one group, over the text found (or over the body when neither is given)."""
    certainty: Literal["exact", "range", "unknown"] = "exact"
    note: str = ""
    """For ``range`` and ``unknown``: why it cannot be trusted more."""


class Fingerprint(Strict, frozen=True, kw_only=True):
    """A conversation by which the component is recognised on the wire. All exchanges must answer as expected."""

    name: str
    specificity: Literal["product", "family", "hint"]
    """``product``: nothing else answers so. ``family``: it speaks this API. ``hint``: worth a closer look, never a verdict."""
    exchanges: tuple[Exchange, ...]
    version: VersionRead | None = None
    source: str


class Answer(Strict, frozen=True, kw_only=True):
    """One possible answer to a setting's question, and what it means."""

    expect: Expect
    value: Any
    note: str = ""


class WireSetting(Strict, frozen=True, kw_only=True):
    """A question whose answer tells a setting of the running component. The first answer that fits decides; none: unknown."""

    setting: str
    exchange: Exchange
    """The question; its own ``expect`` stays empty."""
    answers: tuple[Answer, ...]
    source: str


class LogFormat(Strict, frozen=True, kw_only=True):
    """A line the component logs."""

    name: str
    pattern: str
    """Regular expression with named groups: ``source``, ``method``, ``path``, ``status``, ``time``, ``principal`` …"""
    sample: str
    """A line as the product wrote it."""
    lacks: str = ""
    """What a detection would need and this line does not have."""
    source: str


class DocumentedCredential(Strict, frozen=True, kw_only=True):
    """A credential the product documents or ships as its default. Public by nature; compared with, never shown."""

    user: str = ""
    """Account, empty where there is none."""
    secret: str
    """Password, token or key as documented."""
    setting: str = ""
    """Setting or environment variable it is the default of, where there is one."""
    active: bool = False
    """Whether a fresh installation accepts it without anybody configuring it."""
    versions: str = ""
    """The versions it holds for, as a PEP 440 specifier; empty: all, as far as the source knows."""
    source: str


class ConfigFile(Strict, frozen=True, kw_only=True):
    """A configuration file of the component's own, whose keys are ``Spelling.config``."""

    name: str
    """File name with ``*`` as wildcard: ``jupyter_*_config.py``, ``airflow.cfg``, ``config.properties``."""
    format: Literal["python", "ini", "properties", "yaml", "toml", "json", "conf", "pbtxt", "env"]
    """``python``: assignments such as ``c.ServerApp.token = ''``. ``conf``: a key and its value on a line (redis.conf)."""
    requires: tuple[str, ...] = ()
    """Keys of which one must be there before the file counts as this component's; needed for common names."""
    source: str


class Resource(Strict, frozen=True, kw_only=True):
    """An object of an orchestrator or a cloud that *is* this component."""

    system: Literal["kubernetes", "terraform", "cloudformation"]
    type: str
    """``serving.kserve.io/InferenceService`` (group/Kind), ``aws_sagemaker_endpoint``, ``AWS::SageMaker::Endpoint``. ``*`` as wildcard at the end."""
    source: str


class Chart(Strict, frozen=True, kw_only=True):
    """A Helm chart that installs the component."""

    name: str
    """Chart name as in ``Chart.yaml`` or a dependency: ``jupyterhub``, ``qdrant``."""
    source: str


class ComponentFact(Strict, frozen=True, kw_only=True):
    """All that is known about one product."""

    slug: str
    name: str
    kind: Literal[
        "model-server",
        "gateway",
        "notebook",
        "tracking",
        "orchestration",
        "vector-store",
        "store",
        "dashboard",
        "platform",
        "system",
    ]
    summary: str
    """What it is and what it means when a stranger can reach it, in two sentences."""
    depth: Literal["deep", "basic"]
    """``deep``: settings, endpoints, wire and logs were worked through. ``basic``: it is recognised, with the generic facts."""
    verified: tuple[Verified, ...] = ()
    sources: dict[str, Source]
    packages: tuple[Package, ...] = ()
    images: tuple[Image, ...] = ()
    commands: tuple[Command, ...] = ()
    config_files: tuple[ConfigFile, ...] = ()
    resources: tuple[Resource, ...] = ()
    charts: tuple[Chart, ...] = ()
    credentials: tuple[DocumentedCredential, ...] = ()
    ports: tuple[Port, ...] = ()
    settings: dict[str, SettingFact] = {}
    derived: dict[str, Derivation] = {}
    endpoints: tuple[Endpoint, ...] = ()
    profile: ApiProfile | None = None
    fingerprints: tuple[Fingerprint, ...] = ()
    wire_settings: tuple[WireSetting, ...] = ()
    logs: tuple[LogFormat, ...] = ()


class ApiFact(Strict, frozen=True, kw_only=True):
    """An API that several products speak, for a guard in front of a server that is not itself a component."""

    slug: str
    name: str
    summary: str
    unit: str
    """What cost is counted in."""
    sources: dict[str, Source]
    endpoints: tuple[Endpoint, ...]
    """The default-deny list."""


class Snapshot(Strict, frozen=True, kw_only=True):
    """The compiled catalogue: what ships."""

    digest: str
    """Digest of the sources it was made from."""
    components: dict[str, ComponentFact]
    detections: dict[str, str] = {}
    """Slug → text of the Sigma rule file."""
    apis: dict[str, ApiFact] = {}
    """Slug → API description."""
