"""What a component's rights and a container's contents open: stores, accounts, the machine, the cluster. Pure.

A tracking server reads and writes its stores for its callers; a gateway spends its providers' keys for them; notebooks and
orchestrators run their callers' code, so the whole container is theirs. An inference server does none of this: its callers get
answers, not its environment.
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.redact import names_a_secret
from undercroft.model.risk import Risk
from undercroft.scan.addresses import BUCKETS, DATABASES, Address, Ground, addresses, texts
from undercroft.scan.graph import Running, Text, Workload
from undercroft.scan.passwords import Strength, strength
from undercroft.scan.reachable import STORES
from undercroft.scan.ways import Kind, Place, Way
from undercroft.scan.ways_cloud import role_of
from undercroft.scan.ways_rights import rights

RUNS_CODE = frozenset({"notebook", "orchestration", "compute"})
"""Kinds of the catalogue whose users run code by design."""
_SUFFIX = re.compile(
    r"_?(?:ROOT_)?(?:PASSWORD|PASSWD|PASS|PWD|API_?KEY|API_TOKEN|AUTH_TOKEN|TOKEN|SECRET_ACCESS_KEY|SECRET_KEY|ACCESS_KEY|SECRET|KEY)$"
)
_ENDPOINT = ("HOST", "HOSTNAME", "URL", "URI", "ENDPOINT", "ENDPOINT_URL", "SERVER", "ADDR", "ADDRESS", "SERVICE_HOST", "BASE", "API_BASE", "BASE_URL", "API_URL", "API_BASE_URL", "API_ENDPOINT")  # fmt: skip
_OBJECT_STORE = re.compile(r"^(?:\w*_)?(?:S3|AWS|MINIO)(?:_\w*)?_(?:ENDPOINT(?:_URL)?|URL|HOST|SERVER)(?:_S3)?$")
_OBJECT_KEY = re.compile(r"^(?:\w*_)?(?:AWS|S3|MINIO)_(?:SECRET_ACCESS_KEY|SECRET_KEY|SECRET|ROOT_PASSWORD)$")
_ACCOUNTS = (
    (re.compile(r"^(?:HF|HUGGING_?FACE(?:_?HUB)?)(?:_API)?_(?:TOKEN|API_KEY)$"), "the Hugging Face account, with its private models"),
    (re.compile(r"^AWS_SECRET_ACCESS_KEY$"), "the AWS account of that key"),
    (re.compile(r"^(?:GOOGLE_CREDENTIALS|GCP_SA_KEY|GCLOUD_SERVICE_KEY|GOOGLE_APPLICATION_CREDENTIALS_JSON)$"), "the Google Cloud project of that key"),
    (re.compile(r"^(?:(?:AZURE|ARM)_CLIENT_SECRET|AZURE_CREDENTIALS|AZURE_STORAGE_(?:CONNECTION_STRING|KEY|ACCOUNT_KEY))$"), "the Azure subscription of that key"),
    (re.compile(r"^WANDB_API_KEY$"), "the W&B account, with its runs and artefacts"),
    (re.compile(r"^DATABRICKS_TOKEN$"), "the Databricks workspace"),
    (re.compile(r"^(?:GITHUB|GH|GITLAB)_TOKEN$"), "the repositories of that token"),
)  # fmt: skip
_PROVIDER = re.compile(
    r"^(?P<name>OPENAI|AZURE_OPENAI|ANTHROPIC|GEMINI|COHERE|MISTRAL|GROQ|TOGETHER|TOGETHERAI|OPENROUTER|FIREWORKS|FIREWORKS_AI|DEEPSEEK|"
    r"REPLICATE|PERPLEXITY|XAI|NVIDIA)_API_(?:KEY|TOKEN)$"
)


def account(name: str) -> str:
    """The account that a variable's name stands for, in words; empty for any other."""
    provider = _PROVIDER.match(name)
    if provider is not None:
        return f"the {provider['name'].replace('_', ' ').title().replace('Openai', 'OpenAI')} account and its bill"
    return next((words for pattern, words in _ACCOUNTS if pattern.match(name)), "")


def named(workload: Workload, running: Running | None = None) -> str:
    """A workload for people: ``MLflow (tracking)``."""
    product = (running or workload.running[0]).fact.name if running or workload.running else ""
    return f"{product} ({workload.asset.name})" if product else workload.asset.name


def inside(workload: Workload) -> Place:
    """The container of a workload, with everything in it."""
    return Place(Kind.INSIDE, workload.asset.key, f"commands in the container of {workload.asset.name}", workload)


def service(workload: Workload, running: Running, how: str) -> Place:
    """A component for whoever may use it. ``how``: what lets them, such as ``without authentication``."""
    what = f"{running.fact.name} {how} ({workload.asset.name})"
    return Place(Kind.SERVICE, f"{workload.asset.key}#{running.fact.slug}", what, workload, running)


def data(workload: Workload) -> Place | None:
    """What a workload keeps for others; ``None`` when it is no store."""
    store = next((r for r in workload.running if r.fact.kind in STORES), None)
    return Place(Kind.DATA, workload.asset.key, f"the data in {named(workload, store)}", workload) if store else None


def head(workload: Workload) -> tuple[Evidence, ...]:
    """Where a workload stands."""
    return (workload.head,) if workload.head is not None else ()


def _cited(*found: Text) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(text.evidence for text in found if text.evidence is not None))


def _stores(ground: Ground, workload: Workload, address: Address) -> Iterator[Place]:
    """The stores an address means: workloads of the same deployment, a bucket, or a database elsewhere."""
    if address.scheme in BUCKETS:
        bucket = ground.buckets.get(address.host)
        yield Place(Kind.DATA, f"bucket:{bucket.asset.key if bucket else address.host}", f"the bucket {address.host}")
        return
    found = [each for each in ground.named(workload, address.host) if each is not workload]
    for each in found:
        if (place := data(each)) is not None:
            yield place
    if not found and address.scheme in DATABASES and "." in address.host:
        yield Place(Kind.DATA, f"{address.scheme}:{address.host}", f"the {address.scheme} database at {address.host}")


def _served(ground: Ground, workload: Workload) -> Iterator[tuple[Place, str, Text]]:
    """Every store that the start of a workload names, with the variable that names it."""
    own = any(_OBJECT_STORE.match(name) for name in workload.environment)
    for name, text in texts(workload):
        bare = name != "its arguments" and name.endswith(_ENDPOINT)
        for address in addresses(text.value, bare=bare):
            if address.scheme in BUCKETS and own:
                continue  # it lives in the object store that the endpoint names
            for place in _stores(ground, workload, address):
                yield place, name, text


def _secrets(workload: Workload) -> Iterator[tuple[str, Text]]:
    """Variables that hold a credential, whether it is written out or comes from elsewhere."""
    for name, text in workload.environment.items():
        there = text.value is None or (text.value and strength(name, text.value) is not Strength.EMPTY)
        if there and (names_a_secret(name) or account(name)):
            yield name, text


def _opened(ground: Ground, workload: Workload, name: str, text: Text) -> Iterator[Way]:
    """What a credential in a variable opens, by the endpoint that stands beside it, or by the only place it can be for."""
    environment = workload.environment
    if _OBJECT_KEY.match(name):
        beside = [n for n in environment if _OBJECT_STORE.match(n)]
    else:
        prefix = _SUFFIX.sub("", name)
        spelt = (
            {f"{prefix}{gap}{end}" for end in _ENDPOINT for gap in ("_", "")} if prefix and prefix != name else set()
        )
        beside = [n for n in environment if n in spelt]
    for endpoint in beside:
        for address in addresses(environment[endpoint].value, bare=True):
            for place in _stores(ground, workload, address):
                yield Way(
                    place, f"{endpoint} says where it is accepted", _cited(environment[endpoint], text), Risk.SYS_STORE
                )
    if beside:
        return
    if name == "AWS_SECRET_ACCESS_KEY" and text.value and strength(name, text.value) is not Strength.UNKNOWN:
        return  # a default of some object store, which nobody names
    if words := account(name):
        place = Place(Kind.ACCOUNT, f"{words}:{workload.asset.key}:{name}", words)
        yield Way(place, f"that is what {name} is for", _cited(text), Risk.MIS_CRED)
        if name == "AWS_SECRET_ACCESS_KEY":
            for store, variable, where in _served(ground, workload):
                if store.key.startswith("bucket:"):
                    yield Way(
                        store, f"{variable} names the bucket the key is used for", _cited(where, text), Risk.SYS_STORE
                    )


def credentials(ground: Ground, workload: Workload) -> Iterator[Way]:
    """From a container to the credentials in it that lead somewhere."""
    for name, text in _secrets(workload):
        ways = tuple(_opened(ground, workload, name, text))
        if ways:
            place = Place(Kind.CREDENTIAL, f"{workload.asset.key}#{name}", f"{name} in its environment", ways=ways)
            yield Way(place, "whoever runs commands there reads it", _cited(text), Risk.MIS_CRED)
    for name, text in texts(workload):
        for address in addresses(text.value):
            ways = tuple(
                Way(each, "the password stands in the address", _cited(text), Risk.SYS_STORE)
                for each in (_stores(ground, workload, address) if address.secret else ())
            )
            if ways:
                what = f"the password for {address.host} in {name}"
                place = Place(Kind.CREDENTIAL, f"{workload.asset.key}#{name}@{address.host}", what, ways=ways)
                yield Way(place, "whoever runs commands there reads it", _cited(text), Risk.MIS_CRED)


def _neighbours(ground: Ground, workload: Workload) -> Iterator[Way]:
    """Stores the container names that ask nobody."""
    for place, name, text in _served(ground, workload):
        for running in place.workload.running if place.workload is not None else ():
            setting = running.settings.get("authentication")
            if running.fact.kind in STORES and setting is not None and setting.known and setting.value == "off":
                how = f"{name} says where it is, and {running.fact.name} asks for no password"
                yield Way(place, how, tuple(dict.fromkeys((*_cited(text), *setting.evidence))), Risk.SYS_STORE)


def _volumes(workload: Workload) -> Iterator[Way]:
    for mount in workload.mounts:
        if mount.kind in {"claim", "nfs", "bucket"} and mount.source:
            place = Place(Kind.DATA, f"{mount.kind}:{workload.namespace}:{mount.source}", f"the volume {mount.source}")
            yield Way(place, f"it is mounted at {mount.target or 'a path'}", (mount.source_evidence,), Risk.SYS_STORE)


def _used(ground: Ground, place: Place) -> Iterator[Way]:
    """What somebody gets who may use a component."""
    workload, running = place.workload, place.running
    if workload is None or running is None:
        return
    kind, evidence = running.fact.kind, running.component.evidence or head(workload)
    if kind in STORES and (own := data(workload)) is not None:
        yield Way(own, "it answers whoever gets in", evidence, Risk.SYS_STORE)
    if kind == "tracking":
        elsewhere = list(_served(ground, workload))
        for store, name, text in elsewhere:
            yield Way(store, f"it reads and writes there for its callers, by {name}", _cited(text), Risk.MIS_MLOPS)
        if not elsewhere:
            kept = Place(
                Kind.DATA, workload.asset.key, f"the runs and models that {named(workload, running)} keeps", workload
            )
            yield Way(kept, "it answers whoever gets in", evidence, Risk.MIS_MLOPS)
    if kind == "gateway":
        for name, text in _secrets(workload):
            if _PROVIDER.match(name) and not {f"{_SUFFIX.sub('', name)}_{end}" for end in _ENDPOINT} & set(
                workload.environment
            ):
                bill = Place(Kind.ACCOUNT, f"{workload.asset.key}#{name}", account(name))
                yield Way(bill, f"it spends {name} for its callers", _cited(text), Risk.DOS_WALLET)
    if kind in RUNS_CODE:
        yield Way(inside(workload), "it runs code for whoever may use it", evidence, Risk.MIS_MLOPS)


def onward(ground: Ground, place: Place) -> Iterator[Way]:
    """Every way from a place, in a fixed order."""
    yield from place.ways
    match place.kind:
        case Kind.SERVICE:
            yield from _used(ground, place)
        case Kind.INSIDE if place.workload is not None:
            yield from credentials(ground, place.workload)
            yield from _neighbours(ground, place.workload)
            yield from _volumes(place.workload)
            yield from rights(ground, place.workload)
            yield from role_of(ground, place.workload)
        case Kind.CONTROL:
            for each in place.members:
                if (kept := data(each)) is not None:
                    yield Way(kept, "it runs there", head(each), Risk.SYS_STORE)
                yield Way(inside(each), "it runs there", head(each), Risk.SYS_ORCH)
