"""What the loop did, as text and as JSON. Pure; tables and colours are the report's."""

import json
from typing import TYPE_CHECKING, Any

from undercroft.loop.harden import Hardening, Outcome, State
from undercroft.model.result import Difference
from undercroft.report import diff, drift, drills
from undercroft.report.json import evidence_object
from undercroft.report.words import counted, shown

if TYPE_CHECKING:  # drills need an extra that mending files does not
    from undercroft.loop.prove import Drilled

HARDEN_SCHEMA = "urn:undercroft:harden:1"
DRIFT_SCHEMA = "urn:undercroft:drift:1"
PROVE_SCHEMA = "urn:undercroft:prove:1"


def _dumped(top: dict[str, Any]) -> str:
    return json.dumps(top, indent=2) + "\n"


def _masked_note(done: Hardening) -> str:
    files = [change.file for change in done.changes if change.masked]
    if not files:
        return ""
    return (
        f"Lines of {', '.join(files)} hold secrets and are masked here, so patch(1) cannot apply them; use --write.\n"
    )


def hardening_diff(done: Hardening) -> str:
    """The diff alone. Where secrets are masked, a comment in front says so; ``patch`` passes over such lines."""
    note = "".join(f"# {line}\n" for line in _masked_note(done).splitlines())
    return note + "".join(change.diff for change in done.changes)


def _line(outcome: Outcome) -> str:
    finding = outcome.finding
    head = f"  {outcome.state.value:<8}  {finding.check}: {shown(finding.title)} ({shown(finding.asset.name, 80)})"
    if outcome.state is State.REJECTED:
        return f"{head}\n            {shown(outcome.reason)}"
    note = f"; {shown(finding.fix.note)}" if finding.fix.note else ""
    return f"{head}\n            {shown(finding.fix.summary)}{note}"


def _safe(text: str) -> str:
    return "".join(shown(line, 1000) + "\n" for line in text.splitlines())


def hardening(done: Hardening, *, colour: bool = False) -> str:
    """For people: each patch with its state, then the diff, then what remains."""
    if not done.outcomes:
        rest = (
            f" {counted(done.without_patch, 'finding')} without a patch; see undercroft scan."
            if done.without_patch
            else ""
        )
        return f"Nothing to mend by patch.{rest}\n"
    parts = ["".join(_line(outcome) + "\n" for outcome in done.outcomes)]
    parts += [diff.render(change.diff, colour=True) if colour else _safe(change.diff) for change in done.changes]
    parts.append(_masked_note(done) + _summary(done))
    return "\n".join(part for part in parts if part)


def _summary(done: Hardening) -> str:
    def count(state: State) -> int:
        return sum(outcome.state is state for outcome in done.outcomes)

    lines = []
    if applied := count(State.APPLIED):
        lines.append(f"{counted(applied, 'patch', 'patches')} applied; a scan of the patched files agrees.")
    if proved := count(State.PROVED):
        lines.append(
            f"{counted(proved, 'patch', 'patches')} proved by scanning a patched copy. Nothing was written; --write applies them."
        )
    if unproved := count(State.UNPROVED):
        lines.append(
            f"{counted(unproved, 'patch', 'patches')} not tried: the tree is too large to copy. --write tries them in place."
        )
    if rejected := count(State.REJECTED):
        lines.append(f"{counted(rejected, 'patch', 'patches')} rejected and left out.")
    backups = [change.backup for change in done.changes if change.backup]
    if backups:
        lines.append(
            f"The old content lies beside each file ({', '.join(shown(b) for b in backups)}), secrets included: delete it once content."
        )
    remaining = done.without_patch if done.after is None else len(done.after.findings)
    if remaining:
        lines.append(
            f"{counted(remaining, 'finding')} would remain; see undercroft scan."
            if not done.written
            else f"{counted(remaining, 'finding')} left; see undercroft scan."
        )
    return "".join(line + "\n" for line in lines)


def hardening_json(done: Hardening) -> str:
    """For programs."""
    patches = [
        {
            "check": o.finding.check,
            "asset": o.finding.asset.key,
            "title": o.finding.title,
            "fingerprint": o.finding.fingerprint,
            "state": o.state.value,
            "reason": o.reason,
            "fix": o.finding.fix.summary,
            "note": o.finding.fix.note,
            "files": sorted({edit.file for edit in o.finding.fix.edits}),
        }
        for o in done.outcomes
    ]
    changes = [{"file": c.file, "diff": c.diff, "masked": c.masked, "backup": c.backup} for c in done.changes]
    remaining = None if done.after is None else len(done.after.findings)
    return _dumped(
        {
            "schema": HARDEN_SCHEMA,
            "written": done.written,
            "patches": patches,
            "changes": changes,
            "without_patch": done.without_patch,
            "findings_after": remaining,
        }
    )


def drift_text(differences: tuple[Difference, ...], *, width: int, colour: bool) -> str:
    """For people."""
    return drift.render(differences, width=width, colour=colour)


def drift_json(differences: tuple[Difference, ...]) -> str:
    """For programs."""
    rows = [
        {
            "kind": d.kind,
            "subject": d.subject,
            "field": d.field,
            "expected": d.expected,
            "found": d.found,
            "risk": d.risk.value,
            "severity": str(d.severity),
            "path": d.path,
            "evidence": [evidence_object(e) for e in d.evidence],
        }
        for d in differences
    ]
    return _dumped({"schema": DRIFT_SCHEMA, "differences": rows})


def drilled_text(done: "Drilled", *, width: int, colour: bool) -> str:
    """For people: who allowed it, whether a legitimate request was served, then the drills."""
    lines = [f"{done.endpoint}: {done.authorisation}", f"control: {shown(done.control)}"]
    if done.interrupted:
        lines.append("Interrupted: connections are closed, what had been sent by then is below.")
    head = "".join(shown(line) + "\n" for line in lines)
    return f"{head}\n{drills.render(done.results, width=width, colour=colour)}"


def drilled_json(done: "Drilled") -> str:
    """For programs."""
    rows = [
        {
            "drill": r.drill,
            "about": r.about,
            "risk": r.risk.value,
            "endpoint": r.endpoint,
            "verdict": r.verdict.value,
            "reason": r.reason,
            "sent": r.sent,
            "elapsed": round(r.elapsed, 3),
        }
        for r in done.results
    ]
    return _dumped(
        {
            "schema": PROVE_SCHEMA,
            "endpoint": done.endpoint,
            "authorisation": done.authorisation,
            "control": {"served": done.served, "answer": done.control},
            "interrupted": done.interrupted,
            "drills": rows,
        }
    )
