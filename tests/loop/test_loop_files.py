"""A write that is killed leaves the old file or the new one."""

from pathlib import Path

import pytest

from undercroft.loop.files import ChangedMeanwhile, Copy, InPlace, TooLarge, back_up, replace_file


class Killed(BaseException):
    """The process ends here."""


def killed(source, target):
    raise Killed


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "compose.yaml"
    path.write_bytes(b"old\r\n")
    path.chmod(0o640)
    return path


def test_a_file_is_replaced_with_its_mode(manifest):
    replace_file(manifest, b"new")
    assert manifest.read_bytes() == b"new"
    assert manifest.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in manifest.parent.iterdir()] == ["compose.yaml"]


def test_a_kill_between_write_and_rename_leaves_the_old_file(manifest):
    with pytest.raises(Killed):
        replace_file(manifest, b"new", killed)
    assert manifest.read_bytes() == b"old\r\n"
    assert [p.name for p in manifest.parent.iterdir()] == ["compose.yaml"]


def test_the_new_content_is_whole_before_it_is_renamed(manifest):
    seen = []

    def watching(source, target):
        seen.append((Path(source).read_bytes(), target.read_bytes(), Path(source).parent == target.parent))
        source.replace(target)

    replace_file(manifest, b"new", watching)
    assert seen == [(b"new", b"old\r\n", True)]


def test_a_second_backup_does_not_overwrite_the_first(manifest):
    first, second = back_up(manifest, b"one"), back_up(manifest, b"two")
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    assert first.name == ".compose.yaml.undercroft-backup"
    assert first.stat().st_mode & 0o777 == 0o640


def test_files_are_put_back_and_backups_taken_away(manifest):
    place = InPlace([manifest], {manifest: b"old\r\n"})
    place.put({manifest: b"new"})
    assert manifest.read_bytes() == b"new"
    assert place.backups[manifest].read_bytes() == b"old\r\n"
    place.restore()
    assert manifest.read_bytes() == b"old\r\n"
    assert [p.name for p in manifest.parent.iterdir()] == ["compose.yaml"]


def test_a_file_that_somebody_else_changed_is_not_written(manifest):
    place = InPlace([manifest], {manifest: b"old\r\n"})
    manifest.write_bytes(b"theirs")
    with pytest.raises(ChangedMeanwhile, match=r"compose.yaml was changed by somebody else"):
        place.put({manifest: b"new"})
    assert manifest.read_bytes() == b"theirs"


def test_a_change_made_after_ours_is_not_put_back_over(manifest):
    place = InPlace([manifest], {manifest: b"old\r\n"})
    place.put({manifest: b"new"})
    manifest.write_bytes(b"theirs")
    place.restore()
    assert manifest.read_bytes() == b"theirs"
    assert place.kept == [manifest]
    assert place.backups[manifest].read_bytes() == b"old\r\n"


def test_a_copy_takes_the_variables_beside_a_single_file(tmp_path, manifest):
    (manifest.parent / ".env").write_text("A=1")
    home = tmp_path / "copies"
    home.mkdir()
    copy = Copy([manifest], home)
    assert Path(copy.roots[0]).name == "compose.yaml"
    assert (Path(copy.roots[0]).parent / ".env").read_text() == "A=1"


def test_writing_into_a_copy_leaves_the_original_alone(tmp_path, manifest):
    home = tmp_path / "copies"
    home.mkdir()
    copy = Copy([manifest], home)
    copy.put({manifest.resolve(): b"new"})
    assert Path(copy.roots[0]).read_bytes() == b"new"
    assert manifest.read_bytes() == b"old\r\n"


def test_a_tree_too_large_to_copy_is_said_to_be_so(tmp_path, manifest, monkeypatch):
    monkeypatch.setattr("undercroft.loop.files.MAX_COPIED_BYTES", 3)
    home = tmp_path / "copies"
    home.mkdir()
    with pytest.raises(TooLarge):
        Copy([manifest], home)
