"""nginx configuration: servers that pass requests on become proxies. nginx's own tokenizer for Python (crossplane) reads it.

Directive names and inheritance are nginx's documentation's (https://nginx.org/en/docs/, BSD-2-Clause).
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crossplane import lexer

from undercroft.catalogue.schema import ComponentFact
from undercroft.model.asset import Asset
from undercroft.scan.collect.files import tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph
from undercroft.scan.proxies import Door, Passage, Proxy

_AUTH = frozenset({"auth_basic", "auth_request", "auth_jwt", "auth_jwt_key_file", "auth_digest", "oauth2_proxy"})
_LIMITS = frozenset({"limit_req", "limit_conn"})
_PASSES = frozenset({"proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass"})
_STEERING = re.compile(r"\$(?:http_(?!host\b|upgrade\b)(?P<header>\w+)|arg_(?P<argument>\w+)|cookie_(?P<cookie>\w+))")
MAX_DEPTH = 50
"""Blocks within blocks; nginx itself knows five levels."""


@dataclass(slots=True)
class Directive:
    """One directive, with its block where it has one."""

    name: str
    arguments: list[str]
    line: int
    block: "list[Directive]" = field(default_factory=list)


def _directives(source: Source) -> list[Directive]:
    top: list[Directive] = []
    stack: list[list[Directive]] = [top]
    words: list[tuple[str, int]] = []
    try:
        for word, line, quoted in lexer._balance_braces(lexer._lex_file_object(io.StringIO(source.text))):  # noqa: SLF001 - crossplane's file-free entry
            if quoted or word not in {"{", "}", ";"}:
                if not word.startswith("#") or quoted:
                    words.append((word, line))
            elif word == "}":
                stack.pop()
                words = []
            else:
                directive = Directive(
                    words[0][0] if words else "", [w for w, _ in words[1:]], words[0][1] if words else line
                )
                stack[-1].append(directive)
                words = []
                if word == "{":
                    stack.append(directive.block)
                    if len(stack) > MAX_DEPTH:
                        raise tree.Unreadable(f"line {line}: blocks nested deeper than {MAX_DEPTH}")
    except lexer.NgxParserSyntaxError as error:
        raise tree.Unreadable(f"line {error.lineno}: {error.strerror}") from None
    return top


def wants(path: str, paths: frozenset[str]) -> bool:  # noqa: ARG001 - the signature of a format
    """``*.conf`` files in places nginx keeps them, and files called after it."""
    low = path.lower()
    return low.endswith((".conf", ".conf.template", ".nginx")) or low.rpartition("/")[2].startswith("nginx")


def _blocks(directives: list[Directive], name: str) -> Iterator[tuple[Directive, list[Directive]]]:
    """Every block of this name with the directives of the blocks around it, nearest last."""
    for directive in directives:
        if directive.name == name:
            yield directive, directives
        elif directive.block and directive.name in {"http", "stream"}:
            for found, _ in _blocks(directive.block, name):
                yield found, directive.block


def _authenticates(directives: list[Directive]) -> bool:
    for d in directives:
        if d.name in _AUTH and d.arguments[:1] != ["off"]:
            return True
        if d.name == "ssl_verify_client" and d.arguments[:1] == ["on"]:
            return True
        if d.name == "deny" and d.arguments[:1] == ["all"]:
            return True
        if d.name == "if" and any("$http_authorization" in a or "$http_x_api_key" in a for a in d.arguments):
            return True
        if d.name in {"access_by_lua_block", "access_by_lua_file", "js_access", "auth_jwt_require"}:
            return True
    return False


def _locations(block: list[Directive]) -> Iterator[Directive]:
    for directive in block:
        if directive.name in {"location", "if", "limit_except"}:
            if directive.name == "location":
                yield directive
            yield from _locations(directive.block)


def _upstreams(directives: list[Directive]) -> dict[str, str]:
    found = {}
    for block, _ in _blocks(directives, "upstream"):
        servers = [d.arguments[0] for d in block.block if d.name == "server" and d.arguments]
        if block.arguments and servers:
            found[block.arguments[0]] = servers[0]
    return found


def _maps(directives: list[Directive]) -> dict[str, str]:
    """Variable of a ``map`` → the first value it can take."""
    found = {}
    for block, _ in _blocks(directives, "map"):
        values = [
            d.arguments[0]
            for d in block.block
            if d.arguments and d.name not in {"default", "hostnames", "include", "volatile"}
        ]
        if len(block.arguments) == 2 and values:
            found[block.arguments[1]] = values[0]
    return found


def _passage(
    source: Source, path: str, block: list[Directive], around: list[Directive], names: Mapping[str, str]
) -> Passage | None:
    target = next((d for d in block if d.name in _PASSES and d.arguments), None)
    if target is None:
        return None
    address = target.arguments[0]
    steering = _STEERING.search(address)
    name = re.sub(r"^\w+://", "", address).partition("/")[0]
    variable = re.match(r"\$\w+", name)
    name = names.get(variable[0], name) if variable else name
    limited = any(d.name in _LIMITS for d in (*block, *around))
    return Passage(
        path, names.get(name, name), source.evidence(target.line), _authenticates(block) or _authenticates(around), limited,
        next((g for g in steering.groups() if g), "") if steering else "",
    )  # fmt: skip


def _door(source: Source, listen: Directive, *, ssl: bool) -> Door:
    address = listen.arguments[0] if listen.arguments else "80"
    host, _, port = address.rpartition(":")
    number = int(port) if port.isdigit() else (None if address.startswith("unix:") else 80)
    loopback = host.strip("[]") in {"127.0.0.1", "localhost", "::1"} or address.startswith("unix:")
    tls = ssl or any(a in {"ssl", "quic"} for a in listen.arguments[1:])
    return Door(number, tls, loopback, source.evidence(listen.line))


def collect(file: File, components: Mapping[str, ComponentFact]) -> Graph:  # noqa: ARG001 - the signature of a format
    """The servers of a file that has any."""
    source = file.source
    if "server" not in source.text or "listen" not in source.text:
        return Graph()
    directives = _directives(source)
    names = _upstreams(directives) | _maps(directives)
    found = []
    for server, around in _blocks(directives, "server"):
        listens = [d for d in server.block if d.name == "listen"]
        ssl = any(d.name == "ssl" and d.arguments[:1] == ["on"] for d in server.block)
        passages = []
        for location in _locations(server.block):
            passage = _passage(source, " ".join(location.arguments), location.block, [*server.block, *around], names)
            if passage is not None:
                passages.append(passage)
        direct = any(d.name == "return" and d.arguments[:1] and d.arguments[0].startswith("30") for d in server.block)
        hosts = next((d.arguments for d in server.block if d.name == "server_name" and d.arguments), ["_"])
        ports = "+".join(d.arguments[0] for d in listens if d.arguments)
        asset = Asset(
            f"nginx:{file.path}#{hosts[0]}:{ports}", "proxy", f"nginx {hosts[0]}" if hosts[0] != "_" else "nginx"
        )
        doors = tuple(_door(source, d, ssl=ssl) for d in listens) or (
            Door(80, ssl, loopback=False, evidence=source.evidence(server.line)),
        )
        found.append(Proxy(asset, "nginx", doors, tuple(passages), direct))
    return Graph(proxies=tuple(found))
