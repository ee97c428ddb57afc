"""JUnit's XML, as Jenkins, GitLab and others read it: a suite a rule file, a case a rule or an expectation.

A finding of level warning or error makes its case a failure; notes stand in the case's output.
"""

from __future__ import annotations

from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from sigmaproof.diagnostics import Diagnostic, as_text
from sigmaproof.output.report import Checked, Report
from sigmaproof.output.texts import clean
from sigmaproof.repository import relative

__all__ = ["render"]


def render(report: Report) -> str:
    """The report as one XML document."""
    suites = Element("testsuites", {"name": f"sigmaproof {report.command}", "time": f"{report.seconds:.3f}"})
    for file, cases in groupby(report.cases, key=lambda case: case.group):
        _suite(suites, relative(file, report.root), list(cases))
    for name in ("tests", "failures", "errors"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode")


def _suite(suites: Element, file: str, cases: list[Checked]) -> None:
    suite = SubElement(suites, "testsuite", {"name": clean(file)})
    for case in cases:
        _case(suite, file, case)
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(len(suite.findall("testcase/failure[1]"))))
    suite.set("errors", "0")
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))


def _case(suite: Element, file: str, case: Checked) -> None:
    element = SubElement(suite, "testcase", {"classname": clean(file), "name": clean(case.name)})
    wrong = [finding for finding in case.findings if finding.level != "note"]
    if wrong:
        more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
        attributes = {"type": wrong[0].code, "message": clean(wrong[0].message) + more}
        SubElement(element, "failure", attributes).text = _text(wrong)
    elif case.skipped:
        SubElement(element, "skipped", {"message": clean(case.skipped)})
    if notes := [finding for finding in case.findings if finding.level == "note"]:
        SubElement(element, "system-out").text = _text(notes)


def _text(findings: list[Diagnostic]) -> str:
    return "\n".join(clean(as_text(finding)) for finding in findings)
