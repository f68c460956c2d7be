"""The fix for an expression pasted into a script: the value goes through the environment, where no shell reads it as code."""

import re
from collections.abc import Mapping, Sequence

from undercroft.model.fix import Edit, Fix
from undercroft.scan.edits import inserted, replaced
from undercroft.scan.pipelines import Expression, Step


def variable(expression: str) -> str:
    """A name for an expression's value: ``github.event.issue.title`` → ``ISSUE_TITLE``."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", expression) if part]
    useful = [
        part for part in parts if part not in {"github", "event", "secrets", "inputs", "steps", "outputs", "env"}
    ] or parts
    return "_".join(useful).upper() or "VALUE"


def handed_over(step: Step, *expressions: Expression) -> Fix:
    """The expressions replaced by variables that ``env`` fills, where all of it can be written."""
    names = {variable(each.text): each.text for each in expressions}
    shown = " and ".join(names) if len(names) <= 3 else "variables"
    summary = f"Hand it over as {shown} in env, and use the variable in quotes"
    edits = _edits(step, expressions, names)
    return Fix(summary, edits, "put double quotes around the variable where it stands bare" if edits else "")


def _edits(step: Step, expressions: Sequence[Expression], names: Mapping[str, str]) -> tuple[Edit, ...]:
    """The edits; none where a quote, another interpreter, or one line with two of them is in the way."""
    simple = all(
        re.fullmatch(r"[\w.\-]+", each.text) and not each.literal and each.span is not None for each in expressions
    )
    lines = [each.span.line for each in expressions if each.span is not None]
    run = step.run_span
    if run is None or not simple or len({*lines, run.line}) <= len(lines) or step.shell not in {"", "bash", "sh"}:
        return ()
    missing = []
    for name, text in names.items():
        given = step.environment.get(name)
        if given is None:
            missing.append(f"{name}: ${{{{ {text} }}}}")
        elif (given.value or "").replace(" ", "") != f"${{{{{text}}}}}":
            return ()
    edits = [replaced(each.span, f"${{{variable(each.text)}}}") for each in expressions if each.span is not None]
    if missing and step.environment_span is not None:
        blanks = " " * (step.environment_span.start - 1)
        edits.insert(0, inserted(step.environment_span, "".join(f"{line}\n{blanks}" for line in missing)))
    elif missing and step.environment:
        return ()
    elif missing:
        blanks = " " * (run.start - 1)
        edits.insert(0, inserted(run, "env:\n" + "".join(f"{blanks}  {line}\n" for line in missing) + blanks))
    return tuple(edits)
