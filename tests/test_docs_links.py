"""Every link, picture, anchor, module and file that the pages name is there."""

import importlib.util
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
PLACES = ("*.md", "docs/**/*.md", "results/*.md", "results/reference/**/*.md")
PAGES = sorted(page for place in PLACES for page in ROOT.glob(place))
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^()\s>]+)>?[^()]*\)")
_DOTTED = re.compile(r"(?<![\w/.\[-])((?:bench|tasks|optimizers)(?:\.[a-zA-Z_]\w*)+)")
_FILE = re.compile(r"(?<![\w/.\[-])((?:bench|tasks|optimizers|tests|docs|results/reference)/[\w./-]*\w\.\w+)")


def links(text):
    """What the page links to or shows, without what is in code."""
    return [unquote(target) for target in _LINK.findall(re.sub(r"`[^`\n]*`", "code", _FENCE.sub("", text)))]


def anchors(text):
    """What its headings can be linked to by, as GitHub names them: the second of a name is name-1."""
    found = []
    for heading in re.findall(r"^#{1,6} +(.*?)\s*$", _FENCE.sub("", text), re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.append(f"{name}-{found.count(name)}" if name in found else name)
    return found


def missing_link(page, target):
    """Whether a link from the page leads nowhere; links to the net are not followed."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return False
    path, _, anchor = target.partition("#")
    end = (page.parent / path).resolve() if path else page
    if not end.exists() or not end.is_relative_to(ROOT):
        return True
    return bool(anchor) and end.suffix == ".md" and anchor not in anchors(end.read_text(encoding="utf-8"))


def missing_module(dotted):
    """Whether `dotted` is neither a module nor a name of one, or a name in that."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        if _spec(".".join(parts[:length])):
            module = importlib.import_module(".".join(parts[:length]))
            return length < len(parts) and not hasattr(module, parts[length])
    return True


def _spec(name):
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    assert [target for target in links(text) if missing_link(page, target)] == []
    if page.name == "CHANGELOG.md":  # it names what went
        return
    assert [path for path in _FILE.findall(text) if not (ROOT / path).exists()] == []
    assert [name for name in _DOTTED.findall(text) if not name.endswith(".py") and missing_module(name)] == []


def test_faults_are_found():
    text = "# Some *Words*\n## Same\n## Same\n[a](#some-words) [b](#same-1) ![c](no.png) [d](#none)\n"
    text += "`[e](x)` [f](https://x.org)\n"
    page = ROOT / "results" / "README.md"
    assert anchors(text) == ["some-words", "same", "same-1"]
    assert links(text) == ["#some-words", "#same-1", "no.png", "#none", "https://x.org"]
    assert [missing_link(page, target) for target in links(text)[2:]] == [True, True, False]
    assert missing_link(page, "../../outside")
    assert [name for name in ("bench.nothing", "bench.evaluate", "bench.engine.VERSION") if missing_module(name)] == [
        "bench.nothing"
    ]
