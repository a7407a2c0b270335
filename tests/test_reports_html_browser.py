"""The report page in headless Chromium: as a reader meets it, with pointer and keyboard, in both themes and on a phone.

`tox run -e browser`; needs Debian's packages chromium and chromium-driver, or both on the PATH, and is skipped without.
"""

import json
import shutil
import time

import pytest
import samples
from test_reports_html import CLIPPING, MOMENTUM, NASTY

import bench
from bench.records import sealed
from bench.records.store import Store
from bench.scores.leaderboard import leaderboard, task_table
from bench.scores.numbers import number
from bench.scores.stability import stability

pytest.importorskip("selenium", reason="needs the extra `browser`: tox run -e browser")
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver (Debian: chromium-driver)"),
    pytest.mark.filterwarnings("default::ResourceWarning"),
]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
)
OPTIMIZERS = {"sgd": 0.05, "momentum": 0.1, "nesterov": 0.11, "rmsprop": 0.15, "adam": 0.2, "gru-a": 0.4, "gru-b": 0.01}
TASKS = ("bowl", "valley", *NASTY)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Names that break pages among tasks and optimizers, a failed entry, readings with and without failed controls."""
    folder = samples.folder(tmp_path_factory.mktemp("browser") / "out", OPTIMIZERS, tasks=TASKS)
    for task in TASKS:
        Store(folder).write(samples.failed(task, "adamw"))
        Store(folder).write(samples.record(task, NASTY[0], samples.curves(0.3)))
    readings = {"momentum": MOMENTUM, "clipping": CLIPPING}
    sealed.write(folder / "readings" / "gru-a@bowl.json", {"optimizer": "gru-a", "task": "bowl", "readings": readings})
    return folder


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    options = Options()
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def address(out, tmp_path_factory):
    return bench.report(out, tmp_path_factory.mktemp("page") / "report.html").as_uri()


@pytest.fixture
def page(driver, address):
    """The page as first opened, 1280 pixels wide."""
    resize(driver, 1280)
    driver.get("about:blank")
    driver.get_log("performance")
    driver.get_log("browser")
    driver.get(address)
    driver.execute_script("localStorage.clear()")
    driver.refresh()
    driver.execute_script("document.querySelector('[data-task=bowl]').open = true")
    until(lambda: driver.find_elements(By.CSS_SELECTOR, "[data-task=bowl] svg[role=img]"))
    yield driver
    assert [entry["message"] for entry in driver.get_log("browser")] == []
    assert driver.execute_script("return window.broken") is None


def resize(driver, width):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )


def until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
    return value


def texts(page, selector):
    return page.execute_script(
        "return [...document.querySelectorAll(arguments[0])].filter(e => e.offsetParent)"
        ".map(e => e.textContent.trim())",
        selector,
    )


def one(page, selector):
    return page.find_element(By.CSS_SELECTOR, selector)


def focused(page):
    return page.execute_script("return document.activeElement")


def test_nothing_is_requested_from_outside(page, address):
    page.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert address in asked
    assert [url for url in asked if url != address and not url.startswith(("data:", "about:"))] == []


def test_the_board_is_the_leaderboard(page, out):
    board = leaderboard(out)
    column = 1 + texts(page, "#board-anytime thead th").index("anytime [95 %]")
    assert texts(page, "#board-anytime tbody th") == board["optimizer"].tolist()
    assert [text.split()[0] for text in texts(page, f"#board-anytime tbody td:nth-child({column})")] == [
        number(score) for score in board["score"]
    ]


def test_no_two_elements_share_an_id(page):
    assert (
        page.execute_script(
            "const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
            "return ids.filter((id, i) => ids.indexOf(id) !== i)"
        )
        == []
    )


def test_a_task_opens_from_the_overview(page):
    one(page, "#overview-tasks a[href='#task=valley']").click()
    until(lambda: page.execute_script("return document.getElementById('task=valley').open"))


def test_intervals_are_drawn_where_they_are(page):
    """The dots of a column stand in the order of its numbers."""
    dots = page.execute_script(
        "return [...document.querySelectorAll('[data-task=bowl] .whisker circle')].map(e => +e.getAttribute('cx'))"
    )
    assert len(dots) == len(OPTIMIZERS) + 1  # and one whose name breaks pages; a failed cell has none
    assert dots == sorted(dots)


def test_headers_sort_and_say_so(page):
    header = one(page, "#board-anytime thead th:nth-child(2)")
    first = texts(page, "#board-anytime tbody th")
    header.find_element(By.TAG_NAME, "button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    ascending = texts(page, "#board-anytime tbody th")
    assert set(ascending) == set(first)
    plain = [name for name in ascending if name not in NASTY]
    assert plain == sorted(plain)
    header.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert header.get_attribute("aria-sort") == "descending"
    assert texts(page, "#board-anytime tbody th") == ascending[::-1]
    header.find_element(By.TAG_NAME, "button").send_keys(Keys.SPACE)
    assert header.get_attribute("aria-sort") == "none"
    assert texts(page, "#board-anytime tbody th") == first


def test_numbers_sort_by_value(page, out):
    frame = task_table(bench.scores.results.load(out), "bowl", "mean_loss")
    column = 1 + texts(page, "#task-bowl thead th").index("final")
    header = one(page, f"#tasks [data-task=bowl] thead th:nth-child({column}) button")
    header.click()
    shown = [float(text) for text in texts(page, f"[data-task=bowl] .tabled tbody td:nth-child({column})")]
    assert shown == sorted(shown)
    assert len(shown) == len(frame)


def test_how_firm_the_order_is_sorts_and_is_the_commands(page, out):
    firm = stability(out)
    assert texts(page, "#firm tbody th") == firm["optimizer"].tolist()
    header = one(page, "#firm thead th:nth-child(1) button")
    header.click()
    plain = [name for name in texts(page, "#firm tbody th") if name not in NASTY]
    assert plain == sorted(plain)


def test_rows_are_filtered(page):
    box = one(page, "#board-anytime [data-filter]")
    box.send_keys("learned gru")
    assert set(texts(page, "#board-anytime tbody th")) == {"gru-a", "gru-b"}
    assert texts(page, "#board-anytime .count") == ["2 of 9 rows"]
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(Keys.DELETE)
    assert len(texts(page, "#board-anytime tbody th")) == 9


def test_the_board_changes_its_metric(page, out):
    one(page, "[data-board=mean_loss]").click()
    assert texts(page, "#board-mean_loss tbody th") == leaderboard(out, "mean_loss")["optimizer"].tolist()
    assert texts(page, "#board-anytime tbody th") == []
    assert one(page, "[data-board=mean_loss]").get_attribute("aria-pressed") == "true"


def test_a_cell_opens_from_a_table_and_gives_the_focus_back(page):
    link = one(page, "[data-task=bowl] .tabled a[href$='adam']")
    link.send_keys(Keys.ENTER)
    until(lambda: page.execute_script("return document.getElementById('cell').open"))
    assert texts(page, "#cell h2") == ["adam on bowl"]
    body = one(page, "#cell-body").text
    for part in ("θ that tuning chose", "learning_rate 0.767", "of 16 runs", "this cell again", "gradient evaluations"):
        assert part in body, part
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#cell-body svg[role=img]"))
    focused(page).send_keys(Keys.ESCAPE)
    until(lambda: not page.execute_script("return document.getElementById('cell').open"))
    assert focused(page) == link
    assert "#cell" not in page.current_url


def test_a_link_to_a_cell_opens_it(page, address):
    page.get("about:blank")
    page.get(f"{address}#cell=valley&adamw")
    until(lambda: page.execute_script("return document.getElementById('cell').open"))
    assert "This cell failed: ValueError: no" in one(page, "#cell-body").text
    one(page, "#cell-close").click()
    assert not page.execute_script("return document.getElementById('cell').open")


def test_every_cell_opens(page):
    count = page.execute_script("return document.querySelectorAll('#matrix a').length")
    assert count == (len(OPTIMIZERS) + 2) * len(TASKS)
    opened = page.execute_script(
        """return [...document.querySelectorAll('#matrix a')].map((link) => {
             location.hash = link.getAttribute('href'); openCell();
             return document.getElementById('cell-title').textContent; })"""
    )
    assert len(set(opened)) == count


def test_the_theme_is_switched_and_kept(page):
    color = "return getComputedStyle(document.body).backgroundColor"
    button = one(page, "#theme")
    assert button.text == "Theme: automatic"
    button.send_keys(Keys.ENTER)
    assert (button.text, page.execute_script(color)) == ("Theme: light", "rgb(255, 255, 255)")
    button.click()
    assert (button.text, page.execute_script(color)) == ("Theme: dark", "rgb(16, 21, 27)")
    page.refresh()
    assert one(page, "#theme").text == "Theme: dark"
    one(page, "#theme").click()
    for theme, expected in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(16, 21, 27)")):
        feature = {"name": "prefers-color-scheme", "value": theme}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        assert page.execute_script(color) == expected
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_curve_is_read_by_keys_and_by_pointer(page):
    chart = one(page, "[data-task=bowl] svg[role=img]")
    page.execute_script("arguments[0].focus()", chart)
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_RIGHT):
        focused(page).send_keys(key)
    first = texts(page, "[data-task=bowl] .readout")[0]
    assert "gradient evaluations 1" in first
    assert "25 to 75 %" in first
    focused(page).send_keys(Keys.ARROW_DOWN)
    assert texts(page, "[data-task=bowl] .readout")[0].split(":")[0] != first.split(":")[0]
    webdriver.ActionChains(page).move_to_element(chart).perform()
    assert "(loss − floor) / (initial loss − floor)" in texts(page, "[data-task=bowl] .readout")[0]


def test_lines_are_switched_off_and_the_axis_turned_logarithmic(page):
    button = one(page, "[data-task=bowl] .legend button")
    drawn = "return document.querySelectorAll('[data-task=bowl] svg[role=img] path[stroke=\"var(--faint)\"]').length"
    before = page.execute_script(drawn)
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert page.execute_script(drawn) == before + 1
    ticks = texts_of_svg(page)
    one(page, "[data-task=bowl] .toggle input").click()
    assert texts_of_svg(page) != ticks


def texts_of_svg(page):
    return page.execute_script(
        "return [...document.querySelectorAll('[data-task=bowl] svg[role=img] text')].map(e => e.textContent)"
    )


def test_numbers_of_a_chart_are_a_table(page):
    one(page, "[data-task=bowl] .chart details summary").click()
    until(lambda: texts(page, "[data-task=bowl] .chart details tbody th"))
    assert set(OPTIMIZERS) <= set(texts(page, "[data-task=bowl] .chart details tbody th"))


def test_the_keyboard_reaches_everything(page):
    """Tab goes from the skip link through every control that is shown, and never gets stuck."""
    wanted = page.execute_script(
        """window.reached = new Set();
           document.addEventListener('focusin', (event) => window.reached.add(event.target));
           window.wanted = [...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')]
             .filter((e) => e.checkVisibility() && !e.closest('dialog'));
           return window.wanted.length"""
    )
    body = one(page, "body")
    body.send_keys(Keys.TAB)
    assert focused(page).get_attribute("class") == "skip"
    for _ in range(wanted + 5):
        focused(page).send_keys(Keys.TAB)
    left = page.execute_script("return window.wanted.filter((e) => !window.reached.has(e)).map((e) => e.outerHTML)")
    assert left == []


def test_what_has_the_focus_shows_it(page):
    one(page, "body").send_keys(Keys.TAB)
    for _ in range(6):
        focused(page).send_keys(Keys.TAB)
        assert page.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_tables_are_named_and_headed(page):
    faults = page.execute_script(
        """document.querySelectorAll('details').forEach((d) => { d.open = true; });
           return [...document.querySelectorAll('table')].filter((t) => !t.caption?.textContent.trim()
             || [...t.tHead.rows[0].cells].some((c) => c.scope !== 'col' || !c.textContent.trim())
             || [...t.tBodies[0].rows].some((r) => !r.querySelector('th[scope=row]')))
             .map((t) => t.outerHTML.slice(0, 300))"""
    )
    assert faults == []


CONTRAST = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const linear = (v) => (v <= .03928 * 255 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4);
const light = (c) => { const f = c.slice(0, 3).map(linear);
  return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
const faults = [];
for (const e of document.querySelectorAll('body *')) {
  const svg = e.namespaceURI.endsWith('svg');
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.checkVisibility() || ['SCRIPT', 'STYLE'].includes(e.tagName)) continue;
  const style = getComputedStyle(e), a = light(parse(svg ? style.fill : style.color)), b = light(behind(e));
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < 4.5) faults.push([e.tagName, e.className, e.textContent.slice(0, 40), ratio]);
}
return faults;
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_read_against_what_is_behind_it(page, theme):
    """WCAG 2's contrast of every text, 4.5 at least."""
    page.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
    page.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.execute_script("location.hash = '#cell=bowl&adam'")
    until(lambda: page.execute_script("return document.getElementById('cell').open"))
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#cell-body svg[role=img]"))
    assert page.execute_script(CONTRAST) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_text_reaches_into_the_next_column(page, width):
    resize(page, width)
    page.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    over = page.execute_script(
        """return [...document.querySelectorAll('td, th')].filter((cell) => {
             const range = document.createRange(), box = cell.getBoundingClientRect();
             range.selectNodeContents(cell);
             const held = range.getBoundingClientRect();
             return cell.checkVisibility() && held.width && (held.right > box.right + 1 || held.left < box.left - 1);
           }).map((cell) => cell.textContent)"""
    )
    assert over == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_never_wider_than_the_screen(page, width):
    resize(page, width)
    page.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    time.sleep(0.3)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    page.execute_script("location.hash = '#cell=bowl&adam'")
    until(lambda: page.find_elements(By.CSS_SELECTOR, "#cell-body svg[role=img]"))
    wide = "const d = document.getElementById('cell'); return d.scrollWidth - d.clientWidth"
    assert page.execute_script(wide) == 0


def test_it_prints_black_on_white_without_controls(page):
    page.execute_script("document.documentElement.dataset.theme = 'dark'")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not one(page, "nav").is_displayed()
    assert not one(page, "#theme").is_displayed()
    assert texts(page, "#board-anytime thead th")[1] == "optimizer"
    printed = page.execute_cdp_cmd("Page.printToPDF", {})
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert len(printed["data"]) > 20_000
