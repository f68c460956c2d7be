"""The index of facts (``index.csv``): scores and exploitation by identifier, and the advisories of servers that are no package.

Two notations of ranges are read: ``version >= "1.0" && version < "1.2"`` (joined by ``||``), and CVE records'
``base <bound`` (joined by ``;``). What names no bound that can be compared gives a doubtful span.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from undercroft.catalogue.advisories.draft import Draft, Report
from undercroft.catalogue.advisories.ecosystems import PRODUCT, rules
from undercroft.catalogue.advisories.facts import BadFeed, Fact, Facts
from undercroft.catalogue.advisories.schema import AFTER, DOUBTFUL, INCLUSIVE, Span

COLUMNS = frozenset(
    [
        "id",
        "cves",
        "aliases",
        "component",
        "package",
        "ecosystem",
        "affected",
        "cvss",
        "base_score",
        "severity",
        "published",
        "withdrawn",
        "kev",
        "epss_kev",
        "ssvc_exploitation",
        "source",
        "licence",
    ]
)
"""Columns that must be there."""
SLUGS = {
    "anything-llm": "anythingllm",
    "chromadb": "chroma",
    "fschat": "fastchat",
    "nvidia-gpu-operator": "gpu-operator",
    "pyspark": "spark",
    "text-generation-inference": "tgi",
    "tritonserver": "triton",
}
"""The index's word for a component → the catalogue's slug, where they differ."""
_TERM = re.compile(r'version\s*(<=|>=|==|=|<|>)\s*"([^"]{1,64})"')
_CVE_TERM = re.compile(r"(?:(?P<low>\S{1,64})\s+)?(?P<op><=?)\s*(?P<high>\S{1,64})")
_EVERYTHING = Span("", "", DOUBTFUL)


class Row(dict[str, str]):
    """One line of the index."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every identifier of the vulnerability, the CVE first, an index's own only where there is no other."""
        names = [*self["cves"].split("|"), *self["aliases"].split("|"), self["id"]]
        return tuple(dict.fromkeys(n for n in names if n and not n.startswith("AIG-"))) or (self["id"],)

    @property
    def component(self) -> str:
        """The catalogue's slug."""
        return SLUGS.get(self["component"], self["component"])


def rows(text: str) -> list[Row]:
    """The index's lines. Raises :class:`BadFeed` when columns are missing."""
    reader = csv.DictReader(io.StringIO(text))
    missing = COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise BadFeed(f"the index lacks the columns {', '.join(sorted(missing))}")
    return [Row(row) for row in reader]


def note_facts(lines: list[Row], facts: Facts) -> None:
    """What the index knows by identifier. A withdrawn row's word counts for nothing."""
    for row in lines:
        if row["withdrawn"]:
            continue
        number = row["base_score"]
        fact = Fact(
            kev="yes" if row["kev"] else "",
            epss=float(row["epss_kev"]) if row["epss_kev"] else None,
            ssvc=row["ssvc_exploitation"],
            cvss=row["cvss"],
            score=float(number) if number else None,
            severity=row["severity"] if row["severity"] != "UNKNOWN" else "",
            published=row["published"],
        )
        name = row.names[0]
        facts.by_name[name] = facts.by_name.get(name, Fact()).over(fact)  # PyPA's rows come first and keep their word


def _comparison(affected: str, by: Any) -> Iterator[Span]:
    """``version >= "1" && version < "2" || …``. Raises ``ValueError`` where a part cannot be read."""
    for part in affected.split("||"):
        low, high, flags = "", "", 0
        terms = part.strip().removeprefix("(").removesuffix(")").split("&&")
        for term in terms:
            hit = _TERM.fullmatch(term.strip())
            if hit is None or (hit[2] != "0" and by.parse(hit[2]) is None):
                raise ValueError(term.strip())
            operator, text = hit.groups()
            if operator in {"=", "=="}:
                low, high, flags = text, text, INCLUSIVE
            elif operator in {">", ">="}:
                low, flags = ("", flags) if text == "0" else (text, flags | (AFTER if operator == ">" else 0))
            else:
                high, flags = text, flags | (INCLUSIVE if operator == "<=" else 0)
        if low and high and by.parse(low) > by.parse(high):
            raise ValueError(f"{part.strip()} ends before it begins")
        yield Span(low, high, flags)


def _cve(affected: str, by: Any) -> Iterator[Span]:
    """``0 <1.0 ; 2.1``. Raises ``ValueError`` where nothing can be read; an open end beside a readable one is dropped."""
    found = []
    for part in (p.strip() for p in affected.split(";")):
        hit = _CVE_TERM.fullmatch(part)
        if hit is None:
            if by.parse(part) is not None and part != "0":
                found.append(Span(part, part, INCLUSIVE))
            continue
        low = hit["low"] if hit["low"] and hit["low"] != "0" and by.parse(hit["low"]) is not None else ""
        if by.parse(hit["high"]) is None:
            continue
        if not (low and by.parse(low) > by.parse(hit["high"])):
            found.append(Span(low, hit["high"], INCLUSIVE if hit["op"] == "<=" else 0))
    if not found:
        raise ValueError(affected)
    yield from found


def products(lines: list[Row], report: Report) -> tuple[list[Draft], list[Draft]]:
    """The index's advisories on servers that no OSV record speaks of; and its second opinions on those one does speak of.

    A vulnerability for which a package database has a record of the same component is left to that record, withdrawn ones
    included: the databases are better kept. A second opinion carries the package it is about, so that a difference shows.
    """
    by = rules(PRODUCT)
    assert by is not None
    told: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in lines:
        if row["ecosystem"] != PRODUCT:
            for name in row.names:
                told.setdefault((row.component, name), set()).add((row["ecosystem"], row["package"]))
    found, second = [], []
    for row in lines:
        if row["ecosystem"] != PRODUCT or row["withdrawn"]:
            continue
        names = row.names
        packages = {package for name in names for package in told.get((row.component, name), ())}
        if report.withdrawn_names & set(names) and not packages:
            continue
        if names == (row["id"],) and row["id"].startswith("AIG-"):
            report.add("rejected", row["id"], row.component, "no identifier that anybody else knows")
            continue
        draft = Draft(
            record=row["id"],
            names=names,
            ecosystem=PRODUCT,
            package=row.component,
            source=row["source"],
            licence=row["licence"],
            published=row["published"],
        )
        read = _comparison if row["affected"].lstrip("(").startswith("version") else _cve
        try:
            draft.spans = list(dict.fromkeys(read(row["affected"], by)))
        except ValueError as error:
            report.add("rejected", row["id"], row.component, f"range cannot be read: {str(error) or 'it is empty'}")
            draft.spans = [_EVERYTHING]
        if not packages:
            found.append(draft)
        for ecosystem, package in sorted(packages):
            rules_of = rules(ecosystem)
            if rules_of is not None:
                second.append(replace(draft, ecosystem=ecosystem, package=rules_of.normalise(package)))
    return found, second
