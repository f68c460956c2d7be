"""The keys file: what it refuses to be, and that two writers lose nothing."""

import json
import stat
import threading
from pathlib import Path

import pytest

from undercroft.guard.keyring import KeyRing, public_id
from undercroft.guard.state import EventLog, KeysFileError, add_key, read_keys, revoke_key
from undercroft.model.event import Event, EventClass
from undercroft.model.redact import MASK, redact


def test_a_new_key_is_stored_as_a_digest_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    key = add_key(path, "team-a", concurrency=3)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key not in path.read_text()
    (record,) = read_keys(path)
    assert (record.owner, record.concurrency, record.id) == ("team-a", 3, public_id(key))
    assert KeyRing((record,)).check(key, 0.0) == record
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_is_recognised_by_redaction(tmp_path: Path) -> None:
    assert redact(f"value {add_key(tmp_path / 'k', 'a')} end") == f"value {MASK} end"


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        ("", 0o600, "holds no key"),
        ("\n\n", 0o600, "holds no key"),
        ("{", 0o600, "line 1"),
        ('{"id":"abc123","owner":"a","sha256":"short","created":0}', 0o600, "line 1"),
        ('{"id":"abc123","owner":"a","sha256":"%s","created":0,"admin":true}' % ("0" * 64), 0o600, "line 1"),
        ('{"id":"abc123","owner":"a","sha256":"%s","created":0,"concurrency":-1}' % ("0" * 64), 0o600, "line 1"),
        ('{"id":"abc123","owner":"a","sha256":"%s","created":0}\n' % ("0" * 64) * 2, 0o600, "same id"),
        ('{"id":"abc123","owner":"a","sha256":"%s","created":0}' % ("0" * 64), 0o644, "chmod 600"),
        ('{"id":"abc123","owner":"a","sha256":"%s","created":0}' % ("0" * 64), 0o620, "chmod 600"),
    ],
)
def test_a_keys_file_that_cannot_be_relied_on_is_refused_with_the_reason(
    tmp_path: Path, content: str, mode: int, says: str
) -> None:
    path = tmp_path / "keys"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(KeysFileError, match=says):
        read_keys(path)


def test_a_missing_keys_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(KeysFileError, match="undercroft keys new"):
        read_keys(tmp_path / "none")


def test_a_keys_file_others_can_read_is_not_added_to(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    add_key(path, "a")
    path.chmod(0o644)
    with pytest.raises(KeysFileError, match="chmod"):
        add_key(path, "b")


def test_keys_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    threads = [threading.Thread(target=add_key, args=(path, f"owner-{i}")) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(record.owner for record in read_keys(path)) == [f"owner-{i}" for i in range(8)]


def test_a_revoked_key_stays_in_the_file_and_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    key, other = add_key(path, "a"), add_key(path, "b")
    assert revoke_key(path, public_id(key))
    assert not revoke_key(path, "nobody")
    ring = KeyRing(read_keys(path))
    assert ring.check(key, 0.0) is None
    assert ring.check(other, 0.0) is not None


def test_events_are_appended_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "events"
    for number in (1.0, 2.0):
        log = EventLog(path)
        log(Event(EventClass.API_ACTIVITY, number, source="192.0.2.7"))
        log.close()
    assert [json.loads(line)["time"] for line in path.read_text().splitlines()] == [1.0, 2.0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_events_that_cannot_be_written_are_counted_and_said_once() -> None:
    said: list[str] = []
    log = EventLog(Path("/dev/full"), said.append)
    for _ in range(2):
        log(Event(EventClass.API_ACTIVITY, 1.0))
        log.flush()
    log.close()
    assert log.lost == 2
    assert len(said) == 1
