"""The parts of the HTML page: escaping, style, picture and sections. :mod:`undercroft.report.html` puts them together."""
