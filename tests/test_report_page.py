"""The HTML report in a real Chromium, opened from disk: offline, by keyboard, on a phone, dark, large, and attacked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import Opened, chromium, opened
from commandline import EXACT, sigmaproof
from reports import EVIL, hostile, report

from sigmaproof.verify.decide import Coverage
from sigmaproof.verify.page import SCRIPTS, page_text
from sigmaproof.verify.page.details import details
from sigmaproof.verify.page.summary import summary
from sigmaproof.verify.report import write_report
from sigmaproof.verify.reportdata import cell_data
from sigmaproof.verify.run import Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MANY = 3_000
PARTS = Path(__file__).parents[1] / "src" / "sigmaproof" / "verify" / "page"
ACTIVE = ".cell[tabindex='0']"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def small(folder: Path) -> Path:
    """A page with every state."""
    return written(folder / "small.html", report(301))


def written(file: Path, made: Report) -> Path:
    file.write_text(page_text(made, made="2026-01-15"), encoding="ascii")
    return file


@pytest.fixture
def page(browser: Browser, small: Path) -> Iterator[Opened]:
    with opened(browser, small) as made:
        yield made
        assert made.is_quiet, (made.requests, made.told, made.dialogs)


# in the browser


def test_it_opens_from_disk_and_asks_for_nothing(page: Opened) -> None:
    assert page.page.locator("#count").inner_text() == "301 rules"
    assert page.page.locator("h1").inner_text().startswith("3 of 602 conversions are not what the claim says.")
    page.page.locator(".cell").first.click()
    page.page.wait_for_selector("dialog[open] .panel")


def test_by_keyboard_alone(page: Opened) -> None:
    page.press("/")
    assert page.page.evaluate("document.activeElement.id") == "find"
    page.page.keyboard.type("rule 000299")
    assert page.page.locator("#count").inner_text() == "1 of 301 rules"
    page.press("ControlOrMeta+a", "Delete", "ArrowDown")
    first = page.focused
    page.press("ArrowRight", "ArrowDown", "ArrowDown")
    assert page.page.locator(ACTIVE).get_attribute("data-at") == "2"
    assert page.page.locator(ACTIVE).get_attribute("data-column") == "1"
    assert page.focused != first
    page.press("Enter")
    page.page.wait_for_selector("dialog[open]")
    assert page.page.evaluate("document.activeElement.getAttribute('role')") == "tab"
    page.press("ArrowLeft")
    page.page.wait_for_selector("#tab-0[aria-selected='true']")
    page.press("Escape")
    page.page.wait_for_selector("dialog:not([open])", state="attached")
    assert page.page.locator(ACTIVE).get_attribute("data-at") == "2"
    assert page.page.evaluate("document.activeElement.matches('.cell')"), "the focus is back on a cell"
    page.press("ControlOrMeta+End")
    assert page.page.locator(ACTIVE).get_attribute("data-at") == "300"
    assert is_in_view(page, ACTIVE)
    assert page.page.evaluate(f'getComputedStyle(document.querySelector("{ACTIVE}")).outlineStyle') == "solid"
    page.press("ControlOrMeta+Home", "PageDown")
    assert is_in_view(page, ACTIVE)


def is_in_view(page: Opened, selector: str) -> bool:
    box = page.page.locator(selector).bounding_box()
    assert box
    return 0 <= box["y"] <= 900 - box["height"]


def test_what_is_behind_a_cell(page: Opened, browser: Browser) -> None:
    page.page.locator(".pick.not-as-claimed").click()
    assert page.page.locator("#count").inner_text() == "1 of 301 rules"
    page.page.locator(".cell.not-as-claimed").click()
    panel = page.page.locator("#panel")
    panel.wait_for()
    for text in ("Don't deploy this query", 'event.action:"CreateRole"', "limit", "Counter-example", "What decides"):
        assert text in panel.inner_text()
    for text in ("rendered-text", "No record showed it.", "How to fix the rule", "Name the API call in the rule"):
        assert text in panel.inner_text()
    sides = panel.locator(".verdicts").first.locator(".side").all_inner_texts()
    assert [side.partition("\n")[2] for side in sides] == ["● match", "● match", "○ no match\n, differs"]
    marked = panel.locator(".record").nth(1).locator(".named").all_text_contents()
    assert [line.split(" (")[0] for line in marked] == ['"name": "a lab"']
    assert "5 elements more" in panel.locator(".record").first.inner_text()
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel.locator(".copy").click()
    page.page.get_by_text("Copied", exact=True).wait_for()
    assert page.page.evaluate("navigator.clipboard.readText()") == 'event.action:"CreateRole"'


def test_the_address_of_a_cell_opens_it(browser: Browser, small: Path) -> None:
    address = "#00000000-0000-4000-8000-000000000250/lucene"
    with opened(browser, small) as made:
        made.page.goto(small.as_uri() + address)
        made.page.reload()
        made.page.wait_for_selector("dialog[open]")
        assert made.page.locator("#detail-title").inner_text().startswith("AWS Rule 250 ")
        assert "Lucene" in made.page.locator("[aria-selected='true']").inner_text()
        made.press("Escape")
        made.page.wait_for_function("!location.hash")


def test_filters_and_order(page: Opened) -> None:
    count, tools = page.page.locator("#count"), page.page
    tools.locator("#findings").click()
    assert count.inner_text() == "3 of 301 rules"
    tools.locator("#findings").click()
    tools.select_option("#level", "low")
    assert count.inner_text() == "60 of 301 rules"
    tools.locator("#find").fill("no such rule")
    tools.locator("#clear").click()
    assert count.inner_text() == "301 rules"
    tools.select_option("#order", "given")
    assert tools.locator(".rows .title").first.inner_text().startswith("AWS Rule 0 ")


@pytest.mark.parametrize("width", [360, 1280])
def test_no_sideways_scrolling(browser: Browser, folder: Path, width: int) -> None:
    file = written(folder / "hostile.html", hostile())
    with opened(browser, file, width, 740, has_touch=True) as made:
        assert made.page.evaluate("document.documentElement.scrollWidth") <= width
        made.page.locator(".cell").first.click()
        made.page.wait_for_selector("dialog[open] .panel")
        assert made.page.evaluate("document.querySelector('dialog').scrollWidth") <= width
        assert made.page.evaluate("document.querySelector('dialog').getBoundingClientRect().left") >= 0
        for button in made.page.locator("dialog button").all():
            box = button.bounding_box()
            assert box
            assert 0 <= box["x"] <= width - box["width"]


def test_many_targets_become_cards_where_their_columns_do_not_fit(browser: Browser, folder: Path) -> None:
    file = written(folder / "wide.html", report(20, tuple(f"target{number}" for number in range(6))))
    grounds = []
    for width in (1_300, 1_000, 360):
        with opened(browser, file, width) as made:
            assert made.page.evaluate("document.documentElement.scrollWidth") <= width
            grounds.append(made.page.locator(".stacked .rows .row").count() > 0)
            boxes = [cell.bounding_box() for cell in made.page.locator(".row:nth-child(2) .cell").all()]
            assert all(box and 0 <= box["x"] <= width - box["width"] for box in boxes)
            assert len(boxes) == 6
    assert grounds == [False, True, True]


def test_hostile_text_is_text(browser: Browser, folder: Path) -> None:
    file = written(folder / "hostile.html", hostile())
    with opened(browser, file) as made:
        made.page.locator(".cell").first.click()
        made.page.wait_for_selector("dialog[open] .panel")
        for more in made.page.locator("details:not([open]) > summary").all():
            more.click()
        made.page.locator(".tab").nth(1).click()
        made.page.wait_for_selector("#tab-1[aria-selected='true']")
        assert made.page.evaluate("document.querySelectorAll('img, b, iframe, script').length") == 3
        assert "</script><script>alert(1)</script><img src=x" in made.page.locator("#detail-title").inner_text()
        assert "U+202E" in made.page.locator("#detail-title").inner_text(), "what turns the text round is written out"
        assert made.is_quiet, (made.requests, made.told, made.dialogs)


def test_the_browser_itself_lets_no_text_become_markup(page: Opened) -> None:
    tried = """() => {
        const made = document.createElement('div');
        try { made.innerHTML = '<img src=x onerror=alert(1)>'; } catch (error) { return error.name; }
        return 'taken'; }"""
    assert page.page.evaluate(tried) == "TypeError"
    page.told.clear()  # the policy's own complaints


def test_3000_rules_are_few_nodes(browser: Browser, folder: Path) -> None:
    with opened(browser, written(folder / "large.html", report(MANY))) as made:
        nodes = "document.getElementsByTagName('*').length"
        assert made.page.locator("#count").inner_text() == "3,000 rules"
        assert made.page.evaluate(nodes) < 1_500
        for at in range(0, 200_000, 20_000):
            made.page.evaluate(f"scrollTo(0, {at})")
        last = "[...document.querySelectorAll('.row')].at(-1).getAttribute('aria-rowindex')"
        made.page.wait_for_function(f"Number({last}) > 2000")
        assert made.page.evaluate(nodes) < 1_500
        made.page.locator("#find").fill("000002718")
        assert made.page.locator("#count").inner_text() == "1 of 3,000 rules"
        made.page.locator(".rows .cell").first.click()
        made.page.wait_for_selector("dialog[open]")
        assert made.page.locator("#detail-title").inner_text().startswith("AWS Rule 2718 ")
        assert made.page.evaluate(nodes) < 3_000
        assert made.is_quiet


def test_light_dark_and_the_button(browser: Browser, small: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, small, color_scheme="dark") as dark, opened(browser, small, color_scheme="light") as light:
        grounds = [dark.page.evaluate(ground), light.page.evaluate(ground)]
        assert grounds == ["rgb(16, 19, 23)", "rgb(246, 245, 241)"]
        for wanted in (grounds[1], grounds[0], grounds[0]):  # light, dark, as the system
            dark.page.locator("#theme").click()
            assert dark.page.evaluate(ground) == wanted


def test_less_motion_is_respected(browser: Browser, small: Path) -> None:
    names = []
    for motion in ("reduce", "no-preference"):
        with opened(browser, small, reduced_motion=motion) as made:
            made.page.locator(".cell").first.click()
            made.page.wait_for_selector("dialog[open]")
            names.append(made.page.evaluate("getComputedStyle(document.querySelector('dialog')).animationName"))
    assert names == ["none", "slide"]


def test_without_scripts_there_is_the_matrix(browser: Browser, small: Path) -> None:
    with opened(browser, small, java_script_enabled=False) as made:
        text = made.page.content()
        assert "3 of 602 conversions are not what the claim says." in text
        assert text.count("<tr>") == 302
        assert made.page.locator("td").first.inner_text() == "approximate, 48 of 50"


def test_all_rows_are_printed(page: Opened) -> None:
    page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.page.locator(".rows .row").count() == 301
    page.page.emulate_media(media="print")
    assert page.page.locator(".rows .row").nth(300).bounding_box()
    page.page.emulate_media(media="screen")
    page.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.page.locator(".rows .row").count() < 50


# without a browser


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_names_no_other_file_and_no_address() -> None:
    text = page_text(hostile())
    assert text.isascii()
    reader = Elements()
    reader.feed(text)
    outside = [
        (tag, name)
        for tag, attributes in reader.found
        for name, value in attributes.items()
        if name in {"src", "href", "action", "data", "poster"} and not (value or "").startswith(("#", "data:"))
    ]
    assert outside == []
    (policy,) = [a["content"] for tag, a in reader.found if tag == "meta" and "http-equiv" in a]
    assert policy
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not any(name.startswith("on") or name == "style" for _, attributes in reader.found for name in attributes)


def test_the_smallest_record_and_what_is_wrong_with_the_rule_are_shown() -> None:
    made = report(1, ("eql",))
    (row,) = made.rows
    row.coverage = Coverage(1, (), matches=False, misses=True)
    old = row.cells[0].explained[0]
    small = replace(old.judged, record={"eventName": "CreateRole", "requestParameters": {"name": "lab"}})
    row.cells[0].replace(old, replace(old, smaller=small))
    assert summary(made, "")["rules"][0]["faults"] == ["CONTRADICTORY: no record makes it true"]
    assert "1 of 1 rule can't be right as written." in summary(made, "")["headline"]
    assert summary(made, "")["well"] is False
    assert "rule-itself" in cell_data(made, row, row.cells[0])["findings"]
    made.unread = 2
    assert "2 rules could not be read." in summary(made, "")["headline"]
    evidence = next(details(made, everything=False))["cells"][0]["groups"][0]["evidence"][0]
    assert [line[1:] for line in evidence["record"][1:4]] == [
        ['"eventName": ', '"CreateRole",', 1],
        ['"requestParameters": ', "{"],
        ['"name": ', '"lab"', 3],
    ]
    assert evidence["smaller"] is True


def test_nothing_of_a_rule_is_markup() -> None:
    text = page_text(hostile())
    assert "<img" not in text
    assert text.count("<script") == text.count("</script>") == 3
    assert EVIL not in text


def test_the_same_report_makes_the_same_page() -> None:
    assert page_text(report(60), made="2026-01-15") == page_text(report(60), made="2026-01-15")


def test_the_scripts_make_no_markup_of_text() -> None:
    for name in SCRIPTS:
        script = (PARTS / name).read_text(encoding="utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(", "</", "<!--"):
            assert way not in script, name


# colours

GROUNDS = {
    "ink": ["ground", "surface", "sunken", "refused-ground", "exact-ground", "fault-ground"],
    "muted": ["ground", "surface", "sunken"],
    "link": ["surface"],
    "exact": ["surface", "ground", "sunken", "exact-ground"],
    "approximate": ["surface", "ground", "approximate-ground"],
    "refused": ["surface", "ground", "refused-ground"],
    "fault": ["surface", "ground", "sunken", "fault-ground"],
    "unproven": ["unproven-ground", "surface"],
    "surface": ["exact"],
}
# What is no text has to stand out from what is beside it by 3 to 1.
SHAPES = {"focus": ["ground", "surface"], "edge": ["surface", "ground"]} | {
    f"{name}-fill": ["surface"] for name in ("exact", "approximate", "refused", "fault", "unproven")
}


def colours() -> dict[str, tuple[str, str]]:
    style = (PARTS / "page.css").read_text(encoding="utf-8")
    return {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", style)}


def contrast(first: str, second: str) -> float:
    """As WCAG 2.2 defines it."""
    light, dark = sorted(map(luminance, (first, second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_text_has_contrast_enough(theme: int) -> None:
    known = colours()
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    for wanted, pairs in ((4.5, GROUNDS), (3.0, SHAPES)):
        for name, ground in ((name, ground) for name, grounds in pairs.items() for ground in grounds):
            found = contrast(known[name][theme], known[ground][theme])
            assert found >= wanted, f"{name} on {ground}: {found:.2f}"


def test_every_colour_of_the_page_is_judged() -> None:
    judged = {*GROUNDS, *SHAPES, *(ground for grounds in GROUNDS.values() for ground in grounds)}
    assert set(colours()) - judged == {"line"}  # the hairlines between things that stand apart anyway
    style = (PARTS / "page.css").read_text(encoding="utf-8")
    rules = re.sub(r":root \{.*?\n\}", "", style, count=1, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-f]{3,8}\b(?![^{}]*\{)", rules)


# the command line


def test_the_page_by_the_command_line(engine: object, tmp_path: Path) -> None:
    """The fixture is asked for only to skip where no engine can be had."""
    (tmp_path / "one.yml").write_text(EXACT)
    ended = sigmaproof("verify", "one.yml", "--format", "html", "-o", "report.html", cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "")
    assert "0 not as claimed" in ended.err
    text = (tmp_path / "report.html").read_text(encoding="ascii")
    assert text.startswith("<!DOCTYPE html>")
    assert text.count("Every claim holds: 2 conversions") == 2


@pytest.mark.parametrize(("name", "told"), [("none/report.html", "its directory does not exist"), (".", "a directory")])
def test_a_file_that_cannot_be_written_is_told_before_the_work(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "one.yml").write_text(EXACT)
    ended = sigmaproof("verify", "one.yml", "-o", name, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"error: -o {name}: {told}; name a file\n"


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_every_form_is_written_to_a_stream(capsys: pytest.CaptureFixture[str], form: str) -> None:
    write_report(report(60), form, everything=False)
    out = capsys.readouterr().out
    assert "AWS Rule 59 Created" in out
    assert out.count("\n") > 100
