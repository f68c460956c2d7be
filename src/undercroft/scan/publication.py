"""Fixes for publications: the same edit whatever check finds the port."""

from undercroft.model.evidence import FileEvidence
from undercroft.model.fix import Edit, Fix
from undercroft.scan.edits import replaced
from undercroft.scan.graph import Listener, Span, Workload


def to_loopback(workload: Workload, listener: Listener) -> Fix:
    """The port published on loopback, where the format has such a notion."""
    span = listener.span
    if workload.format != "compose" or span is None or not listener.addresses:
        return Fix("Bind the port to loopback and put a guard in front")
    edit = _edit(listener, span, listener.addresses[0].rpartition(":")[2])
    return Fix(
        "Publish the port on loopback only",
        (edit,) if edit is not None else (),
        "put a guard or a proxy in front for those who need it",
    )


def _edit(listener: Listener, span: Span, outside: str) -> Edit | None:
    place, hops = listener.evidence, listener.exposure.path
    if not isinstance(place, FileEvidence) or not any(hop.what.endswith(f"→ {listener.port}") for hop in hops):
        return None  # a range of ports: one new publication would lose the others
    if listener.address_span is not None:
        return replaced(listener.address_span, '"127.0.0.1"')
    if (place.line, place.column) == (span.line, span.start):
        return replaced(span, f'"127.0.0.1:{outside}:{listener.port}"')
    if place.text.lstrip("- ").startswith("{"):
        return None
    # Keys of a block mapping share their column, so a new one fits in front of the one whose value the span is.
    new = f'host_ip: "127.0.0.1"\n{" " * (place.column - 1)}'
    return Edit(span.file, span.line, span.digest, place.column, place.column, new)
