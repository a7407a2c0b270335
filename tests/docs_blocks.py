"""What the pages show as code: fenced and indented blocks, and the commands in them, from top to bottom."""

import re
import shlex
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
_REASON = re.compile(r"<!-- not run: (.+) -->")
_VERB = re.compile(r"(?:\S*/)?(?:python3? -m bench|optoscope) ")
_LIST = re.compile(r"\s*(?:[-*]|\d+\.) ")


class Block(NamedTuple):
    """`language` is "" of a fence that names none, "indented" where there is none; `reason` says why it is not run."""

    page: Path
    line: int
    language: str
    text: str
    reason: str

    @property
    def place(self):
        return f"{self.page.name}:{self.line}"


def blocks(page):
    """Every block of code on a page, from top to bottom."""
    found, reason, fence, body, start = [], "", None, [], 0
    lines = [*page.read_text("utf-8").splitlines(), ""]
    for number, line in enumerate(lines, 1):
        if fence is not None:
            if line.startswith("```"):
                found.append(Block(page, start, fence, "\n".join(body) + "\n", reason))
                fence, body, reason = None, [], ""
            else:
                body.append(line)
        elif line.startswith("```"):
            if body:
                found.append(Block(page, start, "indented", "\n".join(body) + "\n", reason))
            fence, body, start = line[3:].strip(), [], number
        elif line.startswith("    ") and (body or not lines[number - 2].strip()) and not _LIST.match(line):
            start = number if not body else start
            body.append(line[4:])
        elif body and line.strip():
            found.append(Block(page, start, "indented", "\n".join(body) + "\n", reason))
            body, reason = [], ""
        if fence is None and line.strip() and not line.startswith(("```", "    ")):
            reason = match[1] if (match := _REASON.fullmatch(line.strip())) else ""
    return found


def commands(block):
    """The commands for `python -m bench` of a block, each a list of arguments; continued lines are one command."""
    if block.language not in ("", "indented", "bash"):
        return []
    lines = [line.strip() for line in block.text.replace("\\\n", " ").splitlines()]
    return [_arguments(line) for line in lines if _VERB.match(line)]


def _arguments(line):
    words = shlex.split(_VERB.sub("", line, count=1), comments=True)
    return words[: words.index(">")] if ">" in words else words


def python(page):
    """{file name, or "" for one that has none: code} of the fenced Python of a page."""
    named = [(re.match(r"# (\w+\.py)\n", b.text), b.text) for b in blocks(page) if b.language == "python"]
    return {match[1] if match else "": text[match.end() :] if match else text for match, text in named}


def by_page(found):
    return {page: list(group) for page, group in groupby(found, lambda block: block.page)}
