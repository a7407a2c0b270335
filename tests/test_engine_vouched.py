"""Kept programs: a changed byte removes one before TensorFlow sees it, whatever else is there stays."""

import os
import time

import pytest

from bench.engine import program_cache, vouched


@pytest.fixture
def folder(tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / name).write_bytes(name.encode() * 100)
    vouched.vouch(tmp_path)
    return tmp_path


def names(folder):
    return [path.name for path in vouched.programs(folder)]


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("at", [0, 150, 299])
def test_a_changed_byte_removes_the_program_and_no_other(folder, at):
    flip(folder / "two", at)
    assert vouched.remove_damaged(folder) == 1
    assert names(folder) == ["one", "three"]
    assert vouched.remove_damaged(folder) == 0


def test_a_shorter_one_is_removed_and_one_only_touched_stays(folder):
    (folder / "one").write_bytes(b"one")
    os.utime(folder / "three", (1, 1))
    assert vouched.remove_damaged(folder) == 1
    assert names(folder) == ["three", "two"]


def test_a_change_that_left_the_time_is_found_within_a_day(folder, monkeypatch):
    vouched.remove_damaged(folder)
    about = (folder / "one").stat()
    flip(folder / "one", 5)
    os.utime(folder / "one", ns=(about.st_atime_ns, about.st_mtime_ns))
    assert vouched.remove_damaged(folder) == 0
    later = time.time() + 1.1 * vouched.DAY
    monkeypatch.setattr(vouched.time, "time", lambda: later)
    assert vouched.remove_damaged(folder) == 1


def test_new_ones_are_vouched_for_and_a_damaged_list_starts_anew(folder):
    (folder / "four").write_bytes(b"four")
    assert vouched.remove_damaged(folder) == 0
    flip(folder / "four", 1)
    assert vouched.remove_damaged(folder) == 1
    for content in (b"", b"[1]", b"[" * 10**5, b'{"programs": {"one": "x"}}'):
        (folder / vouched.NAME).write_bytes(content)
        assert vouched.remove_damaged(folder) == 0
    assert names(folder) == ["one", "three", "two"]


def test_the_list_is_no_program(folder, monkeypatch):
    monkeypatch.setenv(program_cache.VARIABLE, str(folder))
    kept = program_cache.prepare("a processor")
    (kept / "program").write_bytes(b"1")
    vouched.vouch(kept)
    program_cache.clear()
    assert [path.name for path in kept.iterdir()] == [vouched.NAME]
