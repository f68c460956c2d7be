"""HTML made so that nothing unescaped can get in.

A :class:`Markup` is text that was built by :func:`tag`; every plain ``str`` given to it as a child or an attribute is escaped,
and characters that a browser would obey are written out first. There is no way to pass a raw string through.
"""

import html

from undercroft.report.words import CUT, shown


class Markup(str):
    """Text that is already HTML. Only this module and the constant parts of the page make it."""

    __slots__ = ()


Child = str | None
"""A :class:`Markup` is taken as it is, any other text is escaped, ``None`` is left out."""


def escaped(text: str, cut: int = CUT * 2) -> Markup:
    """Foreign text as HTML."""
    return text if isinstance(text, Markup) else Markup(html.escape(shown(text, cut), quote=True))


def joined(children: "list[Markup] | tuple[Markup, ...]", between: str = "") -> Markup:
    """Several pieces of markup in a row."""
    return Markup(between.join(children))


def tag(name: str, *children: Child, **attributes: str | float | None) -> Markup:
    """One element. ``class_`` becomes ``class``, other underscores become hyphens; attributes that are ``None`` are left out.

    >>> tag("p", "<b>", title='"')
    '<p title="&quot;">&lt;b&gt;</p>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(escaped(child) for child in children if child is not None)
    return Markup(f"<{name}{said}>{inner}</{name}>")
