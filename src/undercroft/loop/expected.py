"""What ought to be deployed and reachable, as somebody wrote it down: ``expected.yaml``.

A field that is left out is not compared. A misspelt one is an error, because a rule that is silently not checked is worse
than none.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from undercroft.model.exposure import Reach

REACHES = {reach.label: reach for reach in Reach}
"""The words for ``exposure``."""
UNRECOGNISED = "unrecognised"
"""The word for ``component`` where the catalogue does not know the product."""
MAX_BYTES = 1024 * 1024
"""Largest file that is read."""
Switch = bool | Literal["on", "off"]
"""YAML reads a bare ``on`` as true; both are meant."""


class ExpectedError(ValueError):
    """The file cannot be used. The message names file, field and remedy."""


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One service."""

    component: str
    """Slug of the catalogue, or ``unrecognised``."""
    version: str | None = None
    """A version, or a PEP 440 specifier such as ``>=2.9,<3``."""
    exposure: Literal["loopback", "host", "cluster", "private network", "internet"] | None = None
    """The widest circle that may reach it."""
    authentication: Switch | None = None
    tls: Switch | None = None
    addresses: tuple[str, ...] = ()
    """Every ``host:port`` at which it answers, as seen from the machine that scans."""
    image: str | None = None
    """Digest of the image, ``sha256:…``."""

    @property
    def specifier(self) -> str:
        """``version`` as a specifier; empty when it is not given."""
        if self.version is None:
            return ""
        try:
            return f"=={Version(self.version)}"
        except InvalidVersion:
            return self.version


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    version: Literal[1]
    services: dict[str, Service]


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which otherwise lets the second of two equal keys win without a word."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        if key.value in seen:
            raise yaml.constructor.ConstructorError(None, None, f"{key.value} is given twice", key.start_mark)
        seen.add(key.value)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _document(text: str, name: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ExpectedError(f"{name}{where}: {error.problem or 'no YAML'}; mend the file") from error
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise ExpectedError(f"{name}: no YAML that can be used ({type(error).__name__}); mend the file") from error


def _converted(value: Any, shape: Any, place: str) -> Any:
    try:
        return msgspec.convert(value, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        reason = str(error) if isinstance(error, msgspec.ValidationError) else "nested without end"
        fields = ", ".join(field.name for field in msgspec.structs.fields(shape))
        raise ExpectedError(f"{place}: {reason.replace('`$.', '`')}; the fields are {fields}") from error


def parse(text: str, name: str) -> Expected:
    """The text of an ``expected.yaml``. Raises :class:`ExpectedError` with the place of the first thing that does not fit."""
    document = _document(text, name)
    if not isinstance(document, dict):
        raise ExpectedError(f"{name}: a mapping with version: 1 and services: is wanted; undercroft expect drafts one")
    if document.get("version") != 1 or isinstance(document.get("version"), bool):
        raise ExpectedError(f"{name}: version: this program reads version 1; write version: 1")
    services = document.get("services")
    if not isinstance(services, dict):
        raise ExpectedError(
            f"{name}: services: a mapping from names to services is wanted; undercroft expect drafts one"
        )
    read = {}
    for key, value in services.items():
        place = f"{name}: services.{key}"
        if not isinstance(key, str):
            raise ExpectedError(f"{place}: a service's name is text; put it in quotes")
        read[key] = _checked(_converted(value, Service, place), place)
    _converted({**document, "services": {}}, Expected, name)
    return Expected(version=1, services=read)


def _checked(service: Service, place: str) -> Service:
    try:
        SpecifierSet(service.specifier)
    except InvalidSpecifier as error:
        raise ExpectedError(
            f"{place}.version: {service.version!r} is neither a version nor a specifier; write 2.9.2 or >=2.9,<3"
        ) from error
    for address in service.addresses:
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
            raise ExpectedError(f"{place}.addresses: {address!r} is no host:port; write it like 127.0.0.1:8000")
    if service.image is not None and not service.image.startswith("sha256:"):
        raise ExpectedError(f"{place}.image: {service.image!r} is no digest; write sha256: and its 64 digits")
    return service


def require_components(expected: Expected, slugs: Iterable[str], name: str) -> None:
    """Every component is one the catalogue knows, or ``unrecognised``. Raises :class:`ExpectedError`: a misspelt slug would
    otherwise read as drift for ever."""
    known = (*sorted(slugs), UNRECOGNISED)
    for service, want in expected.services.items():
        if want.component not in known:
            raise ExpectedError(
                f"{name}: services.{service}.component: {want.component!r} is none; there are {', '.join(known)}"
            )


def load(path: Path) -> Expected:
    """The file at ``path``. Raises :class:`ExpectedError`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ExpectedError(
            f"{path}: {error.strerror}; undercroft expect --from TARGET --output {path} drafts one"
        ) from error
    if len(data) > MAX_BYTES:
        raise ExpectedError(f"{path}: larger than {MAX_BYTES} bytes; split it and compare each part")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExpectedError(f"{path}: byte {error.start} is not UTF-8; store the file as UTF-8") from error
    return parse(text, path.name)
