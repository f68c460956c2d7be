"""Writes the patches of findings, and believes none of them until a scan of the patched files does.

A patch is proved when, with it applied, its finding is gone, nothing new is found, nothing got worse, everything that was
recognised still is, and every file can still be read. Patches that fail are found by halving the set and left out.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from undercroft.loop import diff
from undercroft.loop.edits import Document, EditRefused, apply
from undercroft.loop.files import ChangedMeanwhile, Copy, InPlace, Rename, TooLarge
from undercroft.model.finding import Finding
from undercroft.model.fix import Edit
from undercroft.model.result import ScanResult
from undercroft.scan.checks.default_credential import WORDS
from undercroft.scan.credentials import written
from undercroft.scan.graph import Graph
from undercroft.scan.run import Observed

Scan = Callable[[tuple[str, ...]], Observed]
"""A scan of these paths; may raise :class:`undercroft.scan.run.CannotRun`."""


class State(StrEnum):
    """What became of a patch."""

    PROVED = "proved"
    """A scan of a patched copy no longer finds it. Nothing was written."""
    APPLIED = "applied"
    """It was written, and a scan of the real files no longer finds it."""
    REJECTED = "rejected"
    """A scan of the patched files spoke against it, or it cannot be made. It is not part of the result."""
    UNPROVED = "unproved"
    """It is shown, and nobody tried it: the tree is too large to copy."""


class CannotHarden(RuntimeError):
    """Writing failed. Files were put back; the message says what happened and what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One finding's patch."""

    finding: Finding
    state: State
    reason: str
    """Why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One file's change."""

    file: str
    """Path relative to the scanned root."""
    diff: str
    """Unified diff, secrets masked."""
    masked: bool
    """Whether lines in it were masked, so that ``patch`` cannot apply it."""
    backup: str = ""
    """Name of the backup beside the file; empty when nothing was written."""


@dataclass(frozen=True, slots=True)
class Hardening:
    """What was done, or would be."""

    outcomes: tuple[Outcome, ...]
    """One for each finding that has a patch, in the order of the findings."""
    changes: tuple[Changed, ...]
    without_patch: int
    """Findings that remain for people: they have words and no edits."""
    after: ScanResult | None
    """The scan of the patched files; ``None`` where none was made."""
    written: bool = False


class Workspace(Protocol):
    """Where patches are tried."""

    roots: list[str]

    def put(self, contents: Mapping[Path, bytes]) -> None:
        """Make these the contents of these files."""


@dataclass(frozen=True, slots=True)
class _Patch:
    finding: Finding
    edits: tuple[tuple[Path, Edit], ...]
    """Each edit with the real file it is for."""


def locate(roots: Sequence[Path], shown: str) -> Path:
    """The real file a scan of ``roots`` calls ``shown``. Raises :class:`EditRefused` when it is none or more than one."""
    found = {
        (root if root.is_file() else root / shown).resolve()
        for root in roots
        if (root.is_file() and root.name == shown) or (root.is_dir() and (root / shown).is_file())
    }
    if len(found) > 1:
        raise EditRefused(f"{shown} is in more than one of the targets; harden them one at a time")
    if not found:
        raise EditRefused(f"{shown} is no longer there; scan again")
    return found.pop()


def objection(before: ScanResult, after: ScanResult, patched: Sequence[Finding]) -> str:
    """What a scan of the patched files says against the patches; empty when it says nothing."""
    had_unread = {(u.place, u.reason) for u in before.could_not_read}
    for unread in after.could_not_read:
        if (unread.place, unread.reason) not in had_unread:
            return f"{unread.place} can then not be read: {unread.reason}"
    kept = {(seen.asset, seen.component) for seen in after.inventory}
    for seen in before.inventory:
        if (seen.asset, seen.component) not in kept:
            return f"{seen.component} in {seen.name} is then no longer recognised"
    old, new = {f.fingerprint: f for f in before.findings}, {f.fingerprint: f for f in after.findings}
    for finding in patched:
        if finding.fingerprint in new:
            return f"the finding is still there: {new[finding.fingerprint].title}"
    crowd, was_crowd = (Counter((f.check, f.asset.key) for f in found) for found in (after.findings, before.findings))
    for fingerprint, finding in new.items():
        known, place = old.get(fingerprint), (finding.check, finding.asset.key)
        # A second route that stood behind the first one is no new problem: it is counted by check and asset.
        if known is None and crowd[place] > was_crowd[place]:
            return f"it brings a new finding, {finding.check}: {finding.title}"
        if known is not None and finding.severity > known.severity:
            return f"it makes another finding worse, {finding.check}: {finding.title}"
    return ""


def _contents(patches: Sequence[_Patch], originals: Mapping[Path, bytes]) -> dict[Path, bytes]:
    """Every touched file's bytes with these patches applied; the others as they were. Raises :class:`EditRefused`."""
    wanted: dict[Path, list[Edit]] = {}
    for patch in patches:
        for path, edit in patch.edits:
            wanted.setdefault(path, []).append(edit)
    found = dict(originals)
    for path, edits in wanted.items():
        document = Document.of(originals[path], edits[0].file)
        found[path] = document.encoded(apply(document.text, edits))
    return found


@dataclass(slots=True)
class _Trial:
    """Finds the patches that stand up, in one workspace."""

    scan: Scan
    workspace: Workspace
    originals: Mapping[Path, bytes]
    before: ScanResult
    accepted: tuple[_Patch, ...] = ()
    after: ScanResult | None = None

    def _against(self, patches: tuple[_Patch, ...]) -> tuple[str, ScanResult | None]:
        try:
            contents = _contents(patches, self.originals)
        except EditRefused as error:
            return str(error), None
        self.workspace.put(contents)
        after = self.scan(tuple(self.workspace.roots)).result
        return objection(self.before, after, [p.finding for p in patches]), after

    def choose(self, patches: tuple[_Patch, ...]) -> dict[str, str]:
        """Accept what holds together; fingerprint → objection for the rest. Halves the set until each culprit stands alone."""
        if not patches:
            return {}
        against, after = self._against((*self.accepted, *patches))
        if not against:
            self.accepted, self.after = (*self.accepted, *patches), after
            return {}
        if len(patches) == 1:
            return {patches[0].finding.fingerprint: against}
        middle = len(patches) // 2
        return self.choose(patches[:middle]) | self.choose(patches[middle:])

    def settle(self) -> None:
        """Leave the workspace with the accepted patches and nothing else."""
        self.workspace.put(_contents(self.accepted, self.originals))


def _secrets(graph: Graph) -> tuple[str, ...]:
    """Values to mask wherever they stand. Well-known words are left to the redaction by name: masking ``mlflow`` hides everything."""
    return tuple({c.value for c in written(graph) if len(c.value) >= 6 and c.value.lower() not in WORDS})


def _patches(findings: Sequence[Finding], roots: Sequence[Path]) -> tuple[list[_Patch], dict[str, str]]:
    found, refused = [], {}
    for finding in findings:
        try:
            found.append(_Patch(finding, tuple((locate(roots, edit.file), edit) for edit in finding.fix.edits)))
        except EditRefused as error:
            refused[finding.fingerprint] = str(error)
    return found, refused


def _changes(
    accepted: Sequence[_Patch], originals: Mapping[Path, bytes], graph: Graph, backups: Mapping[Path, Path]
) -> tuple[Changed, ...]:
    names = {path: edit.file for patch in accepted for path, edit in patch.edits}
    secrets, found = _secrets(graph), []
    for path, data in sorted(_contents(accepted, originals).items(), key=lambda item: names.get(item[0], "")):
        if data == originals[path]:
            continue
        name = names[path]
        text, masked = diff.unified(
            name, Document.of(originals[path], name).text, Document.of(data, name).text, secrets
        )
        backup = backups.get(path)
        found.append(Changed(name, text, masked, backup.name if backup else ""))
    return tuple(found)


def _tried_in_a_copy(
    scan: Scan, roots: Sequence[Path], originals: Mapping[Path, bytes], before: ScanResult, patches: tuple[_Patch, ...]
) -> tuple[_Trial, dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="undercroft-") as folder:
        trial = _Trial(scan, Copy(roots, Path(folder)), originals, before)
        against = trial.choose(patches)
    if trial.after is not None:
        trial.after = replace(trial.after, targets=before.targets)
    return trial, against


def harden(
    targets: Sequence[str],
    scan: Scan,
    *,
    write: bool = False,
    select: frozenset[str] = frozenset(),
    rename: Rename = os.replace,
) -> Hardening:
    """Patch what can be patched below ``targets``. ``select`` names checks; empty means all of them.

    Without ``write`` nothing is changed: patches are tried in a copy. With it, what held in the copy is written, scanned again,
    and put back where the real files disagree. Raises :class:`CannotHarden`, and what ``scan`` raises.
    """
    roots = [Path(target).expanduser() for target in targets]
    observed = scan(tuple(targets))
    before = observed.result
    considered = [f for f in before.findings if not select or f.check in select]
    fixable = [f for f in considered if f.fix.edits]
    patches, against = _patches(fixable, roots)
    try:
        originals = {path: path.read_bytes() for patch in patches for path, _ in patch.edits}
    except OSError as error:
        raise CannotHarden(f"{error.filename}: {error.strerror}; run as a user who may read it") from error
    chosen, after, states = tuple(patches), None, State.UNPROVED
    if patches:
        try:
            trial, objections = _tried_in_a_copy(scan, roots, originals, before, chosen)
            chosen, after, states = trial.accepted, trial.after, State.PROVED
            against |= objections
        except TooLarge:
            chosen, objections = _that_can_be_made(chosen, originals)
            against |= objections
    backups: dict[Path, Path] = {}
    if write and chosen:
        chosen, after, objections, backups = _written(scan, roots, originals, before, chosen, rename)
        states = State.APPLIED
        against |= objections
    accepted = {p.finding.fingerprint for p in chosen}
    outcomes = tuple(
        Outcome(f, states, _REASONS[states])
        if f.fingerprint in accepted
        else Outcome(f, State.REJECTED, against.get(f.fingerprint, "it was not tried"))
        for f in fixable
    )
    return Hardening(
        outcomes,
        _changes(chosen, originals, observed.graph, backups),
        len(considered) - len(fixable),
        after,
        write and bool(chosen),
    )


_REASONS = {
    State.PROVED: "in a patched copy, a scan no longer finds it and finds nothing new",
    State.APPLIED: "a scan of the patched files no longer finds it and finds nothing new",
    State.UNPROVED: "not tried: the tree is too large to copy; --write tries it in place and puts back what does not hold",
}


def _that_can_be_made(
    patches: tuple[_Patch, ...], originals: Mapping[Path, bytes]
) -> tuple[tuple[_Patch, ...], dict[str, str]]:
    """The patches whose edits fit the files and one another, untried."""
    fitting: tuple[_Patch, ...] = ()
    against = {}
    for patch in patches:
        try:
            _contents((*fitting, patch), originals)
        except EditRefused as error:
            against[patch.finding.fingerprint] = str(error)
        else:
            fitting = (*fitting, patch)
    return fitting, against


def _written(
    scan: Scan,
    roots: Sequence[Path],
    originals: Mapping[Path, bytes],
    before: ScanResult,
    patches: tuple[_Patch, ...],
    rename: Rename,
) -> tuple[tuple[_Patch, ...], ScanResult | None, dict[str, str], dict[Path, Path]]:
    """The patches that hold in the real files, the scan that says so, objections to the others, and backups."""
    workspace = InPlace(roots, originals, rename)
    trial = _Trial(scan, workspace, originals, before)
    try:
        against = trial.choose(patches)
        trial.settle()
        workspace.forget_unchanged()
    except (OSError, ChangedMeanwhile) as error:
        _put_back(workspace)
        reason = (
            f"{Path(error.filename).name if error.filename else 'a file'}: {error.strerror}"
            if isinstance(error, OSError)
            else str(error)
        )
        raise CannotHarden(f"{reason}; every file is as it was") from error
    except BaseException:
        _put_back(workspace)
        raise
    return trial.accepted, trial.after, against, dict(workspace.backups)


def _put_back(workspace: InPlace) -> None:
    try:
        workspace.restore()
    except OSError as error:
        names = ", ".join(sorted(backup.name for backup in workspace.backups.values()))
        raise CannotHarden(f"files could not be put back ({error.strerror}); the originals are in {names}") from error
    if workspace.kept:
        names = ", ".join(path.name for path in workspace.kept)
        raise CannotHarden(f"somebody else changed {names} meanwhile; it was left alone, its backup lies beside it")
