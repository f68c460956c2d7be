"""Imports every module of the given packages, runs a piece of code, and reports whoever opened something meanwhile.

``python audit.py CODE PACKAGE…``. The interpreter's own reading of modules and of installed packages' metadata is not a violation.
"""

import importlib
import pkgutil
import sys
import traceback

WATCHED = (
    "open",
    "socket.connect",
    "socket.bind",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
)


def _ours(frames: list[traceback.FrameSummary], packages: list[str]) -> str | None:
    """The innermost frame that belongs to an audited package, unless the import system stands between it and the event."""
    for frame in reversed(frames):
        if "importlib" in frame.filename or frame.filename.startswith("<frozen"):
            return None
        if any(f"/{p.replace('.', '/')}" in frame.filename for p in packages):
            return f"{frame.filename.rpartition('/src/')[2]}:{frame.lineno}"
    return None


def main(code: str, packages: list[str]) -> int:
    violations: list[str] = []
    inside = False

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal inside
        if inside or event not in WATCHED:
            return
        inside = True
        try:
            place = _ours(traceback.extract_stack()[:-1], packages)
            if place:
                violations.append(f"{event} {arguments[0]!r} at {place}")
        finally:
            inside = False

    sys.addaudithook(hook)
    for name in packages:
        package = importlib.import_module(name)
        for info in pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}."):
            importlib.import_module(info.name)
    exec(compile(code, f"/{packages[0].replace('.', '/')}/work", "exec"), {})
    print("violations:", "none" if not violations else "")
    print("\n".join(violations))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
