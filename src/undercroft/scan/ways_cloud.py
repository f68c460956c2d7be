"""What a cloud opens: stores that let everybody in, and what the role of a container may do. Pure.

A public address alone starts no path: for a database the firewall in front of it has to be open to everybody as well, and its
password has to be known.
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure, Hop, Reach
from undercroft.model.risk import Risk
from undercroft.scan.addresses import Ground
from undercroft.scan.checks import public_bucket
from undercroft.scan.cloud import Estate, Resource
from undercroft.scan.cloud_access import Statement, openings, statements
from undercroft.scan.graph import Workload
from undercroft.scan.passwords import Strength, strength, written_out
from undercroft.scan.ways import Entry, Kind, Place, Way

_SWITCHES = ("switches ", "lets its containers ")
"""What the check of public buckets says of a safety net taken away, which opens nothing by itself."""
_READS = re.compile(r"(?i)^(?:\*|s3:(?:\*|get\*|getobject\*?))$")
_PORTS = {"postgres": 5432, "aurora-postgresql": 5432, "mysql": 3306, "mariadb": 3306, "aurora-mysql": 3306}


def _bucket(ground: Ground, estate: Estate, resource: Resource) -> Place:
    """The bucket that an access list, a policy or a grant is about."""
    holder = resource.get("bucket")
    named = next((r for r in estate.named_by(holder) if r.type in {"aws_s3_bucket", "google_storage_bucket"}), None)
    if named is None and holder is not None and holder.known:
        named = ground.buckets.get(holder.text.lower())
    return place(named or resource)


def place(bucket: Resource) -> Place:
    """A bucket as somewhere to get to."""
    name = bucket.get("bucket") or bucket.get("name")
    shown = name.text if name is not None and name.known and name.text else bucket.asset.name
    return Place(Kind.DATA, f"bucket:{bucket.asset.key}", f"the bucket {shown}")


def _buckets(ground: Ground) -> Iterator[Entry]:
    for hit in public_bucket.examine(ground.graph):
        if hit.locator.startswith(_SWITCHES):
            continue
        for estate in ground.graph.cloud:
            for resource in estate.resources:
                if resource.asset.key == hit.asset.key:
                    way = Way(_bucket(ground, estate, resource), "it lets everybody in", hit.evidence, Risk.SYS_STORE)
                    yield Entry("internet", hit.exposure, hit.evidence, way)


def _databases(estate: Estate) -> Iterator[Entry]:
    open_groups: dict[str, tuple[Evidence, int, int]] = {}
    for rule in openings(estate):
        if rule.anyone and rule.low is not None and rule.high is not None and rule.protocol in {"tcp", "all"}:
            for group in (rule.resource, *estate.named_by(rule.resource.body)):
                open_groups.setdefault(group.id, (rule.source.place.evidence, rule.low, rule.high))
    for resource in estate.of("aws_db_instance"):
        public, password, user, engine = (
            resource.get(k) for k in ("publicly_accessible", "password", "username", "engine")
        )
        if (
            public is None
            or public.boolean is not True
            or password is None
            or not password.known
            or not written_out(password.text)
        ):
            continue
        port = _PORTS.get(engine.text if engine is not None else "", 0)
        worth = strength("password", password.text, (user.text,) if user is not None and user.known else ())
        for group in estate.named_by(resource.get("vpc_security_group_ids")):
            door = open_groups.get(group.id)
            if door is not None and door[1] <= port <= door[2] and worth is not Strength.EMPTY:
                hops = (
                    Hop("publicly accessible", public.place.evidence),
                    Hop(f"{group.asset.name} is open to everybody", door[0]),
                )
                there = Place(Kind.DATA, resource.asset.key, f"the data in {resource.asset.name}")
                way = Way(there, "its password stands in the files", password.evidence, Risk.MIS_CRED)
                yield Entry(
                    "internet",
                    Exposure(Reach.INTERNET, hops),
                    (public.place.evidence, door[0]),
                    way,
                    worth is Strength.UNKNOWN,
                )
                break


def entries(ground: Ground) -> Iterator[Entry]:
    """Stores of a cloud that the internet reads."""
    if ground.graph.cloud:
        yield from _buckets(ground)
    for estate in ground.graph.cloud:
        yield from _databases(estate)


def _policies(estate: Estate, role: Resource) -> Iterator[Statement]:
    """Allowing statements of a role: its own, those put on it, and those of policies attached to it."""
    holders = [*role.all("inline_policy"), *(each.body for each in estate.naming(role, "aws_iam_role_policy"))]
    for attached in estate.naming(role, "aws_iam_role_policy_attachment"):
        holders += [each.body for each in estate.named_by(attached.get("policy_arn"))]
    for holder in holders:
        yield from statements(estate, holder.get("policy"))


def _granted(ground: Ground, estate: Estate, role: Resource) -> Iterator[Way]:
    for attached in estate.naming(role, "aws_iam_role_policy_attachment"):
        arn = attached.get("policy_arn")
        if arn is not None and arn.text.endswith("/AdministratorAccess"):
            yield _everything(role, arn.evidence)
    for statement in _policies(estate, role):
        if statement.conditional or statement.inverted:
            continue
        everywhere = [r for r in statement.resources if r.text in {"*", "arn:aws:s3:::*"}]
        whole = [a for a in statement.actions if a.text in {"*", "*:*"}]
        reads = [a for a in statement.actions if _READS.match(a.text)]
        if whole and everywhere:
            yield _everything(role, whole[0].evidence)
        for action in reads[:1]:
            for resource in statement.resources:
                found = {b.asset.key: b for b in estate.named_by(resource) if b.type == "aws_s3_bucket"}
                named = re.match(r"arn:aws:s3:::([^/*]+)", resource.text)
                if named is not None and (bucket := ground.buckets.get(named[1].lower())) is not None:
                    found.setdefault(bucket.asset.key, bucket)
                if resource in everywhere:
                    found |= {b.asset.key: b for b in estate.of("aws_s3_bucket")}
                for bucket in found.values():
                    evidence = tuple(dict.fromkeys((*action.evidence, *resource.evidence)))
                    yield Way(place(bucket), f"{role.asset.name} may read it", evidence, Risk.SYS_STORE)


def _everything(role: Resource, evidence: tuple[Evidence, ...]) -> Way:
    what = "every right in the AWS account"
    return Way(
        Place(Kind.CONTROL, f"cloud:{role.asset.key}", what),
        f"{role.asset.name} allows every action",
        evidence,
        Risk.SYS_STORE,
    )


def role_of(ground: Ground, workload: Workload) -> Iterator[Way]:
    """From a container of ECS to what its task's role may do."""
    for estate in ground.graph.cloud if workload.format == "terraform" else ():
        for task in estate.of("aws_ecs_task_definition"):
            if not workload.asset.key.startswith(f"{task.asset.key}/"):
                continue
            given = task.get("task_role_arn")
            for role in estate.named_by(given):
                if given is None or role.type != "aws_iam_role":
                    continue
                ways = tuple(_granted(ground, estate, role))
                if ways:
                    there = Place(Kind.CREDENTIAL, f"role:{role.asset.key}", f"the role {role.asset.name}", ways=ways)
                    yield Way(there, "the platform hands its keys to the container", given.evidence, Risk.SYS_STORE)
