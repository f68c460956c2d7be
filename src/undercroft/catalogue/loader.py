"""Opens the catalogue: the compiled artefact where it is current, the YAML sources where they are newer."""

from functools import cache

import msgspec

from undercroft.catalogue import compiler
from undercroft.catalogue.schema import Snapshot


class CatalogueMissing(RuntimeError):
    """Neither a compiled catalogue nor its sources are there."""


def _stored() -> Snapshot | None:
    try:
        return msgspec.msgpack.decode(compiler.ARTEFACT.read_bytes(), type=Snapshot)
    except (OSError, msgspec.MsgspecError):
        return None


@cache
def load() -> Snapshot:
    """The catalogue. In a checkout the artefact is made anew when a source file changed since.

    Raises :class:`CatalogueMissing` when the installation holds neither, and
    :class:`undercroft.catalogue.compiler.CatalogueError` when a source does not fit.
    """
    has_sources = (compiler.HERE / "components").is_dir()
    stored = _stored()
    if stored is not None and (not has_sources or stored.digest == compiler.sources_digest()):
        return stored
    if not has_sources:
        raise CatalogueMissing("the compiled catalogue is missing from this installation; install undercroft again")
    try:
        return compiler.write()
    except OSError:  # a read-only checkout still works, it only starts slower
        return compiler.compile_catalogue()
