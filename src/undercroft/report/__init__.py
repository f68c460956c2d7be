"""Renderers: one file a format, each a pure function from nouns to text.

A renderer takes what was found and the arguments that shape it; it never asks the clock, the environment or the terminal.
Everything it prints came from somebody else's files and servers, so every text goes through
:mod:`undercroft.report.words` before it reaches a reader.
"""
