"""All is well here, and what is not well is said with a remedy."""

from importlib.metadata import PackageNotFoundError

import pytest
from click.testing import CliRunner

from bench.commands import group
from bench.engine import numerics, program_cache
from bench.errors import UserError
from bench.lookup import plugins
from bench.reports import doctor


def run():
    return CliRunner().invoke(group.main, ["doctor"])


def test_all_is_well(monkeypatch, tmp_path):
    monkeypatch.setenv(program_cache.VARIABLE, str(tmp_path))
    (tmp_path / "xla-a").mkdir()
    (tmp_path / "xla-a" / "one.pb").write_bytes(b"x" * 2**20)
    done = run()
    assert done.exit_code == 0, done.output
    said = {line.split("  ")[0]: line for line in done.output.splitlines() if line}
    assert {"Python", *doctor.process.PACKAGES, "free disk", "threads", "plug-ins"} < said.keys()
    assert said["program cache"].endswith(f"{tmp_path}, 1 files, 1 of at most 2048 MiB")
    assert said["TensorFlow"].endswith("compiles and runs")
    assert said["numerics"].endswith(numerics.fingerprint())
    assert done.output.endswith("\nall is well\n")


def test_a_cache_that_cannot_be_used(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(program_cache.VARIABLE, str(tmp_path / "file" / "cache"))
    done = run()
    assert done.exit_code == 1
    assert "→ set OPTOSCOPE_CACHE to a writable folder" in done.output
    assert done.output.endswith("\n1 to mend\n")


def test_a_cache_that_is_off_is_no_fault(monkeypatch):
    monkeypatch.setenv(program_cache.VARIABLE, "")
    assert doctor._cache() == ("program cache", "off, as OPTOSCOPE_CACHE is empty", "")


def test_a_full_disk(monkeypatch):
    monkeypatch.setattr(program_cache, "ROOM", 2**70)
    assert next(doctor._disks()).remedy == "make room, or give --out on another disk"


@pytest.mark.parametrize(
    ("found", "asked", "well"),
    [
        ("3.15.1", "keras<3.16,>=3.15", True),
        ("3.16.0", "keras<3.16,>=3.15", False),
        ("3.9.2", "keras<3.16,>=3.15", False),
        ("2.21.0rc1", "tensorflow>=2.21,<2.22", True),
        ("4.0", "pandas", True),
    ],
)
def test_versions_keep_their_bounds(found, asked, well, monkeypatch):
    name = asked.split("<")[0].split(">")[0]
    monkeypatch.setattr(doctor, "requires", lambda package: ["numpy>=1.26", asked])
    monkeypatch.setattr(doctor, "version", lambda package: found)
    assert doctor._package(name) == (name, found, "" if well else f"pip install '{asked}'")


def test_a_package_that_is_not_there(monkeypatch):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(doctor, "requires", missing)
    monkeypatch.setattr(doctor, "version", missing)
    assert doctor._package("scipy") == ("scipy", "not installed", "pip install 'scipy'")


def test_what_fails_is_a_finding_and_the_others_go_on(monkeypatch):
    def broken():
        raise UserError("plug-in 'mine' does not load: no luck; repair or uninstall it")

    monkeypatch.setattr(plugins, "load_plugins", broken)
    monkeypatch.setattr(numerics, "settle", lambda: ("XLA_FLAGS=--x",))
    found = {finding.about: finding for finding in doctor.examine()}
    assert found["plug-ins"].remedy.endswith("repair or uninstall it")
    assert found["numerics"].remedy == "start Python again without XLA_FLAGS=--x"
    assert doctor._tried("XLA", lambda: 1 / 0) == (
        "XLA",
        "ZeroDivisionError: division by zero",
        "report it, with these lines",
    )
