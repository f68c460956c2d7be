"""Known vulnerabilities, as facts: which versions of which package, since when, fixed where, exploited or not.

No sentence of any advisory is kept: identifiers, bounds, scores and dates are facts, prose is somebody's. The snapshot is one
file that opens without reading it all; :mod:`undercroft.catalogue.store` is its door, and
:meth:`undercroft.catalogue.advisories.match.Advisories.match` its question.
"""
