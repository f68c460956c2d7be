"""Environment variables of containers and functions, however a resource spells them."""

from collections.abc import Iterator

from undercroft.scan.cloud import Field


def environment(container: Field) -> Iterator[tuple[str, Field]]:
    """(name, value) of every variable with a value of its own; those that come from a secret store are left out."""
    for key in (
        "environment",
        "environment_variables",
        "secure_environment_variables",
        "env",
        "variables",
        "runtime_environment_variables",
    ):
        found = container.get(key)
        if found is None:
            continue
        for each in found.each():
            members = each.members or {}
            if "name" in members:
                value = members.get("value")
                if value is not None and not value.absent:
                    yield members["name"].text, value
            elif "variables" in members:
                yield from ((name, value) for name, value in (members["variables"].members or {}).items())
            else:
                yield from (
                    (name, value) for name, value in members.items() if value.members is None and value.items is None
                )
