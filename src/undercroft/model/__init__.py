"""The nouns every room speaks of.

Nothing here opens a file, a socket or a clock. Values are frozen and slotted; each field says what it is, its unit and
where it comes from. Import the noun from its own module (``from undercroft.model.finding import Finding``).
"""
