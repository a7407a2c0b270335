"""What MkDocs is told beyond mkdocs.yml: pages from outside docs/, links between them, formulas as MathML.

The README is the first page of the site, and the committed results are pages too. A link to a file that the site does
not have, such as a module, is shown as its text. `Fences` is for mkdocstrings: examples in docstrings become code.
"""

import posixpath
import re
from functools import cache
from pathlib import Path

import griffe
from latex2mathml.converter import convert
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
FIRST = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
SHOWN = ("results/README.md", "results/reference/**/*.md", "results/reference/**/*.png", "results/reference/**/*.txt")
_CODE = re.compile(r"^(```.*?^```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(!?)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(\s*([^()\s]+)\s*\)")
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
_DOCTEST = re.compile(r"^>>> .*?(?=^\s*$|\Z)", re.DOTALL | re.MULTILINE)


def place(path):
    """Where the site has a file of the repository ("docs/x.md" -> "x.md"), or None."""
    name = path.as_posix()
    if name in FIRST:
        return FIRST[name]
    if name.startswith("docs/"):
        return name.removeprefix("docs/") if (ROOT / path).is_file() else None
    return name if ROOT / path in outside() else None


@cache
def outside():
    """The files of the site that are not in docs/."""
    return [ROOT / name for name in FIRST] + [path for pattern in SHOWN for path in sorted(ROOT.glob(pattern))]


def on_config(config):
    """Puts every decision note into the navigation, in the order of their numbers."""
    notes = [path.relative_to(ROOT / "docs").as_posix() for path in sorted((ROOT / "docs/decisions").glob("*.md"))]
    for section in config.nav:
        for entry in next(iter(section.values())):
            if isinstance(entry, dict) and "Decisions" in entry:
                entry["Decisions"] = notes
    return config


def on_files(files, config):
    """Adds the pages and pictures that lie outside docs/."""
    for path in outside():
        files.append(File.generated(config, place(path.relative_to(ROOT)), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links as the site has them, in everything but code."""
    here = Path(page.file.abs_src_path).relative_to(ROOT)
    parts = _CODE.split(markdown)
    return "".join(part if part.startswith("```") else relinked(part, here) for part in parts)


def relinked(text, here):
    return _LINK.sub(lambda link: _relinked(link, here), text)


def _relinked(link, here):
    picture, text, target = link.groups()
    path, _, anchor = target.partition("#")
    if not path or re.match(r"[a-z][a-z0-9+.-]*:", target):
        return link[0]
    there = place(Path(posixpath.normpath((here.parent / path).as_posix())))
    if there is None:
        return text
    shown = posixpath.relpath(there, posixpath.dirname(place(here)) or ".")
    return f"{picture}[{text}]({shown}{'#' + anchor if anchor else ''})"


def on_page_content(html, page, config, files):
    """Formulas as MathML, which browsers draw without a script."""
    return _FORMULA.sub(lambda m: convert(_plain(m[3]), display="block" if m[2] == "[" else "inline"), html)


def _plain(text):
    return text.strip().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


class Fences(griffe.Extension):
    """Examples of docstrings as code blocks."""

    def on_object(self, *, obj, **kwargs):
        if obj.docstring:
            plain = re.sub(r"(?<!`)<(?=\w)", "&lt;", obj.docstring.value)
            obj.docstring.value = _DOCTEST.sub(lambda m: f"```pycon\n{m[0].rstrip()}\n```\n", plain)
