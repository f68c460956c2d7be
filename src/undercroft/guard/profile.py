"""Which endpoints are open, and what each speaks: the default-deny list, read from the catalogue.

Paths are matched raw. A path that needs decoding, collapsing or resolving before it matches anything does not match:
guards that tidied a path up before judging it let through what the server then read differently (CVE-2026-48746).
"""

import re
from dataclasses import dataclass

from undercroft.catalogue.schema import Endpoint, Snapshot

_SEGMENT = r"[A-Za-z0-9._~:@-]+"
_DOTS = re.compile(r"(^|/)\.{1,2}(/|$)")


class UnknownProfile(ValueError):
    """No component and no API of the catalogue has this name, or it has no inference endpoints. The message lists those that do."""


@dataclass(frozen=True, slots=True)
class Route:
    """An open endpoint."""

    path: str
    """As the catalogue writes it."""
    methods: frozenset[str]
    operation: str
    """Body schema, such as ``openai.chat``; empty for calls without one."""
    health: bool
    """Whether it is a health check: open without a key, because kubelets and load balancers have none."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a guarded server offers."""

    name: str
    exact: dict[str, Route]
    """Path → route."""
    patterns: tuple[tuple[re.Pattern[str], Route], ...]
    """For paths with a variable part."""
    extras: dict[str, str]
    """Body field beyond the API's own → JSON type."""
    unit: str = "tokens"
    """What cost is counted in."""

    def route(self, path: str) -> Route | None:
        """The open endpoint at the raw ``path`` (without its query)."""
        route = self.exact.get(path)
        if route is not None:
            return route
        if _DOTS.search(path):
            return None
        return next((route for pattern, route in self.patterns if pattern.fullmatch(path)), None)


def _pattern(path: str) -> re.Pattern[str]:
    parts = []
    for part in re.split(r"(\{\w+\})", path):
        if part == "{rest}":
            parts.append(rf"{_SEGMENT}(?:/{_SEGMENT})*")
        elif part.startswith("{"):
            parts.append(_SEGMENT)
        else:
            parts.append(re.escape(part))
    return re.compile("".join(parts))


def _routes(endpoints: tuple[Endpoint, ...]) -> list[Route]:
    return [
        Route(e.path, frozenset(e.methods), e.api, e.cls == "health")
        for e in endpoints
        if e.cls == "health" or (e.cls == "inference" and not e.mutates)
    ]


def profile(name: str, snapshot: Snapshot) -> Profile:
    """The profile called ``name``: a component's slug or an API's. Raises :class:`UnknownProfile`."""
    extras: dict[str, str] = {}
    unit = "tokens"
    endpoints: tuple[Endpoint, ...] = ()
    if (component := snapshot.components.get(name)) is not None:
        endpoints = component.endpoints
        if component.profile is not None:
            extras, unit = component.profile.extras, component.profile.unit
    elif (api := snapshot.apis.get(name)) is not None:
        endpoints, unit = api.endpoints, api.unit
    routes = _routes(endpoints)
    if not any(not route.health for route in routes):
        known = sorted(
            [
                *snapshot.apis,
                *(c.slug for c in snapshot.components.values() if any(not r.health for r in _routes(c.endpoints))),
            ]
        )
        raise UnknownProfile(f"no profile {name!r} with inference endpoints; there are: {', '.join(known)}")
    return Profile(
        name,
        {route.path: route for route in routes if "{" not in route.path},
        tuple((_pattern(route.path), route) for route in routes if "{" in route.path),
        extras,
        unit,
    )
