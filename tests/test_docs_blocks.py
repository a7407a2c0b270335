"""No block of code on a page escapes: each is of a kind that is tried, and every command would be accepted.

Commands are read here as the command line reads them: verbs, options, values, names and files. `tox run -e docs`
carries them out as well (tests/test_docs_run.py).
"""

import re
import shutil
import tomllib

import click
import pytest
from docs_blocks import PAGES, ROOT, blocks, commands, python

import optimizers.registry
import tasks.base
from bench.commands.group import main
from bench.lookup import plugins

ALL = [block for page in PAGES for block in blocks(page)]
SHOWN = ("text",)
"""Languages of what is only shown: formulas, and what a command prints."""
SET_UP = {
    "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/python -m bench run quick",
    "python3 -m venv .venv && .venv/bin/pip install tox && .venv/bin/tox run -e tests",
    "python3 -m venv .venv && .venv/bin/pip install tox",
    "python3 -m venv .venv && .venv/bin/pip install -e .",
    ". .venv/bin/activate",
}
"""What CI does (.ci/run), or a tutorial's reader once."""
ELSEWHERE = {"cluster.md": "tests/test_docs_cluster.py"}
INLINE = re.compile(r"(?<!`)`(?:python -m bench|optoscope) ([^`\n]+)`(?!`)")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with what the pages take for granted: results, weights, and the files that they show."""
    for module in (tasks.base, optimizers.registry):
        monkeypatch.setattr(module, "_registry", dict(module._registry))
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results" / "runs").mkdir(parents=True)
    (tmp_path / "results" / "reference").symlink_to(ROOT / "results" / "reference")
    for name in ("quick", "first", "second", "both", "core", "smoke", "paper", "tutorial"):
        (tmp_path / "results" / "runs" / name).symlink_to(ROOT / "results" / "reference" / "quick")
    for place in ("docs", "optimizers"):
        (tmp_path / place).symlink_to(ROOT / place)
    for ending in ("npz", "json"):
        shutil.copy(ROOT / f"optimizers/weights/gru-rosenbrock.{ending}", tmp_path / f"mine.{ending}")
    for seed in ("young", "young-2", "young-3"):
        (tmp_path / f"{seed}.kept").mkdir()
        for ending in ("npz", "json"):
            shutil.copy(tmp_path / f"mine.{ending}", tmp_path / f"{seed}.kept" / f"{seed}-at-0000.{ending}")
    return tmp_path


def accept(arguments):
    """As the command line does before it calls the verb; raises click's errors and UserError."""
    command, words = verb(arguments)
    command.make_context(command.name, words)


def verb(words):
    """(command, the words after its name)."""
    command, words = main, list(words)
    while isinstance(command, click.Group) and words:
        _, command, words = command.resolve_command(click.Context(command), words)
    return command, words


def lines(block):
    return [line.strip() for line in block.text.replace("\\\n", " ").splitlines() if line.strip()]


def unknown(line):
    """Whether a line of shell is neither a command of ours, nor an environment of tox's, nor the set-up."""
    if re.match(r"(?:\.venv/bin/)?(?:python -m bench|optoscope) ", line) or line in SET_UP:
        return False
    found = re.match(r"(?:\.venv/bin/)?tox run -e ([\w,]+)(?:\s+#.*)?$", line)
    named = re.findall(r"\[testenv:([\w{},|]+)\]", (ROOT / "tox.ini").read_text())
    return not (found and set(found[1].split(",")) <= set(named))


@pytest.mark.parametrize(
    "block", [b for b in ALL if not b.reason and b.page.name not in ELSEWHERE], ids=lambda b: b.place
)
def test_every_block_is_of_a_kind_that_is_tried(block):
    if block.language == "toml":
        assert tomllib.loads(block.text)
    elif block.language == "python":
        compile(block.text, block.place, "exec")
    elif block.language not in SHOWN:
        assert block.language in ("", "bash", "indented"), f"{block.place}: nothing tries {block.language}"
        assert [line for line in lines(block) if unknown(line)] == []


def test_what_is_not_run_says_why():
    for block in ALL:
        assert not block.reason or len(block.reason.split()) >= 4, f"{block.place}: {block.reason!r} is no reason"


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in ELSEWHERE], ids=lambda page: page.name)
def test_commands_are_accepted(desk, page):
    for name, code in python(page).items():
        if name:
            (desk / name).write_text(code)
    for block in blocks(page):
        if block.language == "toml" and (name := re.match(r"# (\w+\.toml)\n", block.text)):
            (desk / name[1]).write_text(block.text)
    said = []
    for block in blocks(page):
        for arguments in [] if block.reason else commands(block):
            try:
                accept(arguments)
            except Exception as error:
                said.append(f"{block.place}: {' '.join(arguments)}: {error}")
    assert said == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_verbs_and_options_in_the_text_exist(page):
    said = []
    for text in INLINE.findall(page.read_text("utf-8")):
        command, words = verb(text.split())
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        said += [f"{text}: {word}" for word in words if word.startswith("--") and word not in known]
    assert said == []


def test_a_wrong_line_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "Text.\n\n    python -m bench run nowhere\n    rm -r x\n\n"
        "<!-- not run: it needs a cluster -->\n\n```bash\nx\n```\n"
    )
    shell, kept = blocks(page)
    assert (shell.line, shell.language, commands(shell)) == (3, "indented", [["run", "nowhere"]])
    assert [unknown(line) for line in lines(shell)] == [False, True]
    assert (kept.language, kept.reason, kept.text) == ("bash", "it needs a cluster", "x\n")
    with pytest.raises(click.UsageError, match="Missing parameter: task"):
        accept(["probe", "adam"])
    with pytest.raises(click.UsageError, match="prob"):
        accept(["prob", "adam"])
    with pytest.raises(click.UsageError, match="no-such"):
        accept(["list", "--no-such"])
