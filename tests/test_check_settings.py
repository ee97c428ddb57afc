"""What silences findings and what chooses them: options, comments and settings files; and what repairs them."""

from __future__ import annotations

import json
import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from commandline import EXACT, ROOT, called, rule, sigmaproof

from sigmaproof import check, load_text
from sigmaproof.check.config import Settings, settings_of
from sigmaproof.check.fix import REPAIRS, fix_file, fix_text
from sigmaproof.check.pages import BASE, page, whole
from sigmaproof.check.registry import FIXED, UnknownCodeError, chosen, entry, fault_of
from sigmaproof.check.run import Options, check_content
from sigmaproof.diagnostics import InputError

MISSPELT = BASE.replace("eventName: CreateRole", "eventName: CreateRole\n        eventNmae: x")


def codes(text: str, **options: tuple[str, ...]) -> list[str]:
    return [one.code for one in check_content(text.encode(), "r.yml", options=Options(**options)).findings]


def _written(folder: Path) -> Path:
    """A folder with a rule."""
    folder.mkdir()
    (folder / "r.yml").write_text(EXACT, encoding="utf-8")
    (folder / "sigmaproof.toml").write_text("[check]\n")
    return folder


class TestChoosing:
    def test_codes_beginnings_and_layers(self) -> None:
        assert chosen(["yaml"])("yaml-bom")
        assert not chosen(["yaml"])("rule-form")
        assert chosen(["meaning"])("field-unknown")
        assert chosen(["all"])("target-refused")
        assert chosen(["pysigma"])("pysigma-double-wildcard")
        assert not chosen([])("yaml-bom")
        with pytest.raises(UnknownCodeError, match="did you mean yaml-bom"):
            chosen(["yaml-bon"])

    def test_select_and_ignore(self) -> None:
        assert codes(MISSPELT) == ["field-unknown"]
        assert codes(MISSPELT, select=("form",)) == []
        assert codes(MISSPELT, ignore=("field",)) == []
        assert codes(MISSPELT, select=("field-unknown",), ignore=("convention",)) == ["field-unknown"]

    def test_what_a_rule_is_lost_by_is_never_left_out(self) -> None:
        broken = BASE.replace("condition: selection", "condition: selektion")
        assert codes(broken, select=("convention",), ignore=("form",)) == ["rule-condition"]
        assert codes(f"# sigmaproof: ignore-file[rule-condition]\n{broken}") == ["rule-condition", "ignore-unknown"]

    @pytest.mark.parametrize(
        ("word", "message"),
        [
            ("yaml-syntax", "yaml-syntax can't be silenced"),
            ("log-record", "no finding of a rule has this code"),
            ("pysigma-double-wildcart", "did you mean pysigma-double-wildcard?"),
            ("pysigma-foo", "there is no code or layer 'pysigma-foo'"),
            ("Yaml-BOM", "did you mean yaml-bom?"),
        ],
    )
    def test_a_word_that_leaves_nothing_out_is_a_fault_wherever_it_stands(
        self, tmp_path: Path, word: str, message: str
    ) -> None:
        (tmp_path / "sigmaproof.toml").write_text(f'[check]\nignore = ["{word}"]\n')
        with pytest.raises(InputError, match=re.escape(message)):
            settings_of(tmp_path / "r.yml")
        ended = called("check", "r.yml", "--ignore", word, cwd=_written(tmp_path / "rules"))
        assert (ended.code, ended.err.startswith("error: --ignore: "), message in ended.err) == (2, True, True)
        found = check_content(f"{BASE}# sigmaproof: ignore-file[{word}]\n".encode(), "r.yml").findings
        assert [one.code for one in found] == ["ignore-unknown"]
        assert message in found[0].message

    def test_words_that_leave_something_out(self) -> None:
        for word in ("yaml", "form", "all", "pysigma", "pysigma-double-wildcard", "pysigma-double", "rule-schema"):
            assert fault_of(word, ignoring=True) is None, word
        assert fault_of("yaml-syntax", ignoring=False) is None, "it can be looked for"
        assert fault_of("input", ignoring=False) is not None
        installed = find_spec("sigma.validators.sigmahq") is not None
        assert (fault_of("pysigma-sigmahq-x", ignoring=True) is None) is not installed, "perhaps it is there elsewhere"

    def test_wrong_words_on_the_command_line(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT, encoding="utf-8")
        for option in ("--select", "--ignore", "--explain"):
            ended = sigmaproof("check", "r.yml", option, "yaml-bon", cwd=tmp_path)
            assert ended.code == 2
            assert f"{option}: there is no code" in ended.err
        ended = sigmaproof("check", "--explain", "yaml-bom")
        assert ended.code == 0
        assert ended.out.startswith(
            "yaml-bom (form, note, repaired by --fix)\n\nThe file begins with a byte order mark."
        )


class TestComments:
    def test_on_the_line_above_it_and_in_the_file(self) -> None:
        silent = "# sigmaproof: ignore[field-unknown]"
        assert codes(MISSPELT.replace("eventNmae: x", f"eventNmae: x {silent}")) == []
        assert codes(MISSPELT.replace("        eventNmae", f"        {silent}\n        # why\n        eventNmae")) == []
        assert codes(MISSPELT + silent.replace("ignore", "ignore-file") + "\n") == []
        assert codes(MISSPELT + silent + "\n") == ["field-unknown", "ignore-unused"]

    def test_several_codes_layers_and_what_is_unused(self) -> None:
        both = MISSPELT.replace("eventNmae: x", "eventNmae: x # sigmaproof: ignore[field-unknown, yaml-tab]")
        assert codes(both) == ["ignore-unused"]
        assert codes(both, ignore=("yaml-tab",)) == [], "not looked for: not unused"
        assert codes(MISSPELT.replace("eventNmae: x", "eventNmae: x # sigmaproof: ignore[meaning]")) == []
        assert codes(BASE + "# sigmaproof: ignore-file[target-refused]\n") == [], "no targets: not looked for"

    def test_faults_of_comments_have_their_place(self) -> None:
        found = check_content(f"# sigmaproof: ignore\n{BASE}# sigmaproof: ignore[nosuch]\n".encode(), "r.yml").findings
        assert [(one.code, one.place.line) for one in found] == [
            ("ignore-unknown", 1),
            ("ignore-unknown", BASE.count("\n") + 2),
        ]

    @pytest.mark.parametrize(
        "words", ["sigmaproof: Ignore[", "Sigmaproof: ignore[", "sigmaproof ignore[", "sigmaproof: ingore["]
    )
    def test_a_slip_of_the_pen_is_told(self, words: str) -> None:
        found = check_content(
            MISSPELT.replace("eventNmae: x", f"eventNmae: x # {words}field-unknown]").encode(), "r.yml"
        )
        assert [one.code for one in found.findings] == ["field-unknown", "ignore-unknown"]
        assert "write `# sigmaproof: ignore[CODE]`" in found.findings[1].help

    def test_remarks_are_remarks(self) -> None:
        assert codes(f"# sigmaproof: checked by hand\n# sigmaproof finds nothing\n{BASE}") == []

    def test_only_comments_count(self) -> None:
        text = MISSPELT.replace("eventNmae: x", "eventNmae: 'x # sigmaproof: ignore[field-unknown]'")
        assert codes(text) == ["field-unknown"]
        folded = MISSPELT.replace("level: medium", "note: |\n    # sigmaproof: ignore-file[all]\nlevel: medium")
        assert codes(folded) == ["field-unknown"]


class TestFiles:
    @pytest.fixture(autouse=True)
    def _fresh(self) -> None:
        from sigmaproof.check.config import _above

        _above.cache_clear()

    def test_the_nearest_one_counts(self, tmp_path: Path) -> None:
        inner = tmp_path / "rules" / "aws"
        inner.mkdir(parents=True)
        (tmp_path / "pyproject.toml").write_text('[tool.sigmaproof.check]\nignore = ["convention"]\n')
        (tmp_path / "rules" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
        assert settings_of(inner / "r.yml") == Settings(ignore=("convention",))
        self._fresh_now()
        (inner / "sigmaproof.toml").write_text('[check]\nselect = ["form"]\ntargets = ["eql"]\n')
        assert settings_of(inner / "r.yml") == Settings(select=("form",), targets=("eql",))

    def _fresh_now(self) -> None:
        from sigmaproof.check.config import _above

        _above.cache_clear()

    def test_they_are_used_and_the_command_line_adds_to_them(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT, encoding="utf-8")
        (tmp_path / "sigmaproof.toml").write_text('[check]\nignore = ["convention"]\ntargets = ["eql"]\n')
        assert sigmaproof("check", "r.yml", cwd=tmp_path).out == ""
        (tmp_path / "sigmaproof.toml").write_text('[check]\nselect = ["convention"]\n')
        assert "metadata-missing" in sigmaproof("check", "r.yml", cwd=tmp_path).out
        assert sigmaproof("check", "r.yml", "--ignore", "metadata-missing,file-name", cwd=tmp_path).out == ""

    @pytest.mark.parametrize(
        ("text", "line", "message"),
        [
            ("[check\n", 1, "not TOML"),
            ('[check]\n\nselect = "form"\n', 3, "a list of texts"),
            ('[check]\nselect = ["form"]\nignored = []\n', 3, "unknown setting 'ignored'"),
            ('[check]\n# x\nignore = ["yaml-bon"]\n', 3, "there is no code"),
            ('[check]\ntargets = ["spl"]\n', 2, "unknown target 'spl'"),
            ('select = ["form"]\n', 1, "unknown setting 'select'"),
            ("check = 5\n", 1, "check is a table"),
        ],
    )
    def test_what_cannot_be_used_has_its_line(self, tmp_path: Path, text: str, line: int, message: str) -> None:
        (tmp_path / "sigmaproof.toml").write_text(text)
        with pytest.raises(InputError, match=re.escape(message)) as raised:
            settings_of(tmp_path / "r.yml")
        finding = raised.value.diagnostic
        assert (finding.code, finding.place.line) == ("config-form", line)

    def test_wrong_settings_end_the_command(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT, encoding="utf-8")
        (tmp_path / "pyproject.toml").write_text("[tool.sigmaproof.check]\nselekt = []\n")
        ended = sigmaproof("check", "r.yml", cwd=tmp_path)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("pyproject.toml:2: error: unknown setting 'selekt'")


class TestFix:
    def test_each_repair_is_of_a_finding_and_takes_it_away(self) -> None:
        assert set(REPAIRS) == set(FIXED)
        for code in FIXED:
            text = whole(page(code).example)
            assert code in codes(text)
            fixed, repaired = fix_text(text)
            assert code in repaired
            left = [one for one in check_content(fixed.encode(), "r.yml").findings if one.code == code]
            assert all("full stop" not in one.message for one in left), code
            assert not left or code == "title-form", code
            assert fix_text(fixed) == (fixed, [])

    def test_comments_and_layout_stay(self) -> None:
        before = (
            "\ufeff# a rule\r\ntitle:   'Roles.'   # the title\r\nlogsource: {product: aws, service: cloudtrail}\r\n"
            "date: 2026/01/15 # written\r\ntags: [ attack.Persistence,   'attack.T1098' ] # tags\r\ndetection:\r\n"
            "    selection:\r\n        # any of them\r\n        eventName: ['Create*', \"Delete*\"]   # two\r\n"
            "    condition: selection\r\n"
        )
        after, repaired = fix_text(before)
        lines = after.splitlines()
        assert lines[3].startswith("id: ") or lines[2].startswith("id: ")
        kept = "\n".join(line for line in lines if not line.startswith("id: ")) + "\n"
        assert kept == (
            "# a rule\ntitle:   'Roles'   # the title\nlogsource: {product: aws, service: cloudtrail}\n"
            "date: 2026-01-15 # written\ntags: [ attack.persistence,   'attack.t1098' ] # tags\ndetection:\n"
            "    selection:\n        # any of them\n        eventName|startswith: ['Create', \"Delete\"]   # two\n"
            "    condition: selection\n"
        )
        assert repaired == list(REPAIRS)

    def test_what_would_change_a_rule_is_left_alone(self) -> None:
        for value in ("['Create*', 'Delete']", "'Create\\*'", "'Cr*te*'", "'**'", "'*'", "|-\n            Create*"):
            text = whole(f"detection:\n    selection:\n        eventName: {value}\n    condition: selection\n")
            assert fix_text(text) == (text, []), value
        twice = "detection:\n    s:\n        eventName: a*\n        eventName|startswith: b\n    condition: s\n"
        assert fix_text(whole(twice))[1] == []

    def test_a_text_that_cannot_be_loaded_is_left_alone(self) -> None:
        for text in ("\ufefftitle: x\n", "a: [", whole("detection:\n    s:\n        a|re: '('\n    condition: s\n")):
            assert fix_text(text) == (text, [])

    def test_on_the_command_line(self, tmp_path: Path) -> None:
        file = tmp_path / "aws_iam_role_created.yml"
        file.write_text("\ufeff" + BASE.replace("2026-01-15", "2026/01/15"), encoding="utf-8")
        ended = sigmaproof("check", "--fix", ".", cwd=tmp_path)
        assert (ended.code, ended.out) == (0, "")
        assert "aws_iam_role_created.yml: 2 repairs: yaml-bom, rule-schema" in ended.err
        assert file.read_text(encoding="utf-8") == BASE
        assert sigmaproof("check", "--fix", "-", stdin=BASE).code == 2

    @pytest.mark.parametrize(
        ("arguments", "settings", "repaired"),
        [
            (["--select", "yaml-bom"], "", set()),
            (["--ignore", "title-form"], "", {"date"}),
            ([], 'ignore = ["rule-schema", "id"]', {"title"}),
            ([], "", {"title", "date"}),
        ],
    )
    def test_only_what_is_looked_for(
        self, tmp_path: Path, arguments: list[str], settings: str, repaired: set[str]
    ) -> None:
        file = tmp_path / "aws_iam_role_created.yml"
        before = re.sub("title: (.*)", r"title: \1.", BASE.replace("2026-01-15", "2026/01/15"))
        file.write_text(before, encoding="utf-8")
        (tmp_path / "sigmaproof.toml").write_text(f"[check]\n{settings}\n")
        called("check", file.name, *arguments, "--fix", cwd=tmp_path)
        lines = set(file.read_text(encoding="utf-8").splitlines()) - set(before.splitlines())
        assert {line.split(":")[0] for line in lines} == repaired

    def test_what_a_comment_silences_stays(self) -> None:
        before = BASE.replace("    condition:", "        userAgent: ['a*', 'b*']\n    condition:")
        faulty = {
            "title: ": "title: A Role.\n",
            "date: ": "date: 2026/01/15\n",
            "        eventName: ": "        eventName:\n            - 'Create*'\n            - 'Delete*'\n",
        }
        for begin, text in faulty.items():
            before = re.sub(f"^{begin}.*\n", text, before, flags=re.M)
        lines = [text.split("\n")[0] for text in faulty.values()]
        for line in lines:
            fixed, _ = fix_text(before.replace(line, f"{line}  # sigmaproof: ignore[convention, rule-schema]"))
            assert [one for one in lines if f"{one}\n" in fixed or f"{one}  #" in fixed] == [line]
            assert ("- 'Create*'\n            - 'Delete*'" in fixed) is ("eventName" in line), "all of a field, or none"
            assert "userAgent|startswith: ['a', 'b']" in fixed
        assert fix_text(f"# sigmaproof: ignore-file[convention, rule-schema]\n{before}")[1] == []

    @pytest.mark.parametrize("title", ["Access From the U.S.", "Roles, Users, Etc.", "Roles...", "Example Inc."])
    def test_an_abbreviation_keeps_its_stop(self, title: str) -> None:
        text = re.sub("title: .*", f"title: {title}", BASE)
        assert fix_text(text) == (text, [])
        assert codes(text, select=("title-form",)) == []

    def test_a_rule_beside_a_correlation_is_repaired(self) -> None:
        text = f"{BASE}---\n{CORRELATION}".replace("2026-01-15", "2026/01/15")
        assert fix_text(text)[1][0] == "rule-schema"

    def test_a_file_that_cannot_be_written_is_left_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        file, before = tmp_path / "r.yml", "\ufeff" + BASE
        file.write_text(before, encoding="utf-8")
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(InputError, match="No space"):
            fix_file(file)
        assert [(one.name, one.read_text(encoding="utf-8")) for one in tmp_path.iterdir()] == [("r.yml", before)]

    def test_public_rules_mean_the_same(self, shared: Path) -> None:
        for file in [*(shared / "data/sigmahq-rules").glob("*.yml"), *(ROOT / "sigma_rules").rglob("aws*.yml")]:
            text = file.read_text(encoding="utf-8")
            fixed, _ = fix_text(text)
            before, after = (load_text(one, filters=()).rules for one in (text, fixed))
            assert [one.tree for one in before] == [one.tree for one in after]


def test_many_files_in_processes_are_as_in_one(tmp_path: Path) -> None:
    for number in range(70):
        text = MISSPELT if number % 2 else BASE
        (tmp_path / f"aws_iam_role_created_{number}.yml").write_text(text, encoding="utf-8")
    (tmp_path / "aws_iam_filter.yml").write_text(whole(page("filter-unused").example).split("---\n")[1])
    one, two = (sigmaproof("check", ".", "--jobs", jobs, cwd=tmp_path) for jobs in (1, 2))
    assert one.out == two.out
    assert one.out.count("[field-unknown]") == 35
    assert one.out.count("[id-duplicate]") == 69
    assert one.out.count("[filter-unused]") == 1


def test_public_rules_have_no_errors(shared: Path) -> None:
    """Which of them have which findings was looked at one by one: each is true."""
    found = check(shared / "data" / "sigmahq-rules")
    assert {one.code for one in found if one.level == "error"} == set()
    assert {(Path(one.place.file).stem, one.code) for one in found if one.level == "warning"} == {
        ("aws_cloudtrail_ssm_malicious_usage", "value-unwritten"),
        ("aws_ec2_vm_export_failure", "value-everything"),
    }


def test_the_schema_is_fresh_and_takes_what_is_right(shared: Path) -> None:
    import jsonschema
    import make_schema
    import yaml

    for path, content in make_schema.contents().items():
        assert path.read_text(encoding="utf-8") == content, "scripts/make_schema.py"
        jsonschema.Draft202012Validator.check_schema(json.loads(content))
    validator = jsonschema.Draft202012Validator(make_schema.schema())
    for file in [*(shared / "data/sigmahq-rules").glob("*.yml"), *(ROOT / "sigma_rules").rglob("aws*.yml")]:
        data = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)  # as YAML 1.2: no dates
        faults = [one for one in validator.iter_errors(data) if "null" not in str(one.instance)]
        assert faults == [], file.name


# The specification's examples in short, and one fault in each.
CORRELATION = (
    "title: c\ncorrelation:\n    type: event_count\n    rules: [a]\n    group-by: [b]\n    timespan: 10m\n"
    "    condition: {gte: 10}\n"
)
FAULTY = {
    "timespan: 10m": "timespan: 10 minutes",
    "type: event_count": "type: count",
    "condition: {gte: 10}": "condition: {more: 10}",
    "rules: [a]": "rules: []",
    "group-by: [b]": "group-by: 5",
}


def test_a_correlation_fails_no_build(tmp_path: Path) -> None:
    (tmp_path / "many.yml").write_text(CORRELATION, encoding="utf-8")
    ended = called("check", "many.yml", "--select", "form", cwd=tmp_path)
    assert (ended.code, ended.out.count("note: "), ended.out.count("[rule-unsupported]")) == (0, 1, 1)
    silent = CORRELATION.replace("correlation:", "correlation: # sigmaproof: ignore[rule-unsupported]")
    assert codes(silent, select=("form",)) == codes(CORRELATION, ignore=("rule-unsupported", "convention")) == []
    for arguments in (["convert", "-t", "eql"], ["evaluate", "--logs", "many.yml", "--rules"]):
        ended = called(*arguments, "many.yml", cwd=tmp_path)
        assert ended.code == 2
        assert "error: a Sigma correlation is not supported yet" in ended.err


def test_the_form_of_correlations() -> None:
    assert set(codes(CORRELATION, select=("form",))) == {"rule-unsupported"}
    for right, wrong in FAULTY.items():
        assert "rule-schema" in codes(CORRELATION.replace(right, wrong)), wrong
    counted = CORRELATION.replace("event_count", "value_count")
    assert "rule-schema" in codes(counted), "it needs the field"
    assert "rule-schema" not in codes(counted.replace("{gte: 10}", "{field: x, gte: 10}"))


# Each live defect of other tools that `check` is to name: the rule, the targets, and the code.
DEFECTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "duplicate key": (
        "s:\n    eventName: DeleteTrail\n    eventName: StopLogging\ncondition: s",
        (),
        "yaml-duplicate-key",
    ),
    "back-reference": ("s:\n    eventName|re: '(a)\\1'\ncondition: s", (), "rule-regex"),
    "base64offset of one character": ("s:\n    userAgent|base64offset|contains: x\ncondition: s", (), "rule-value"),
    "contains nothing": ("s:\n    eventName|contains: ''\ncondition: s", (), "rule-value"),
    "empty list": ("s:\n    eventName: []\ncondition: s", (), "rule-value"),
    "sexagesimal": ("s:\n    eventName: 1:30\ncondition: s", (), "yaml-surprise"),
    "octal": ("s:\n    eventName: 0777\ncondition: s", (), "yaml-surprise"),
    "yes": ("s:\n    eventName: yes\ncondition: s", (), "yaml-surprise"),
    "injection into EQL": ("s:\n    userAgent|re: 'x\" or true or b regex~ \"y'\ncondition: s", (), "value-injection"),
    "a newline in a value": ('s:\n    userAgent|contains: "a\\nb"\ncondition: s', (), "value-injection"),
    "six dashes": ("s:\n    userAgent|windash|contains: -a -b -c -d -e -f\ncondition: s", (), "rule-value"),
    "keywords in EQL": ("s: [evil, a b*c]\ncondition: s", ("eql",), "target-approximate"),
    "wildcards alone": ("s:\n    errorCode|contains: '*'\ncondition: s", (), "value-everything"),
    "null in a list": ("s:\n    errorCode: [a, null]\ncondition: s", (), "rule-value"),
    "fieldref in Lucene": ("s:\n    userAgent|fieldref: eventName\ncondition: s", ("lucene",), "target-refused"),
    "errorCode: Success": ("s:\n    errorCode: Success\ncondition: s", (), "value-unwritten"),
    "unknown field": ("s:\n    CommandLine: a\ncondition: s", (), "field-unknown"),
    "precedence": (
        "s:\n    eventName: a\nf:\n    eventName: b\ncondition: s and not f and 1 of g*",
        (),
        "rule-condition",
    ),
    "aggregation": ("s:\n    eventName: a\ncondition: s | count() > 5", (), "rule-condition"),
    "upper case": ("s:\n    eventName: a\nt:\n    eventName: b\ncondition: s AND t", (), "rule-condition"),
    "expand": ("s:\n    eventName|expand: '%admins%'\ncondition: s", (), "rule-invalid"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_of_other_tools_is_named(name: str) -> None:
    detection, targets, code = DEFECTS[name]
    found = codes(rule(detection), targets=targets)
    assert code in found
    assert {one for one in found if entry(one).level == "error"} <= {code}


def test_hints_name_what_is_meant() -> None:
    def help_of(detection: str) -> str:
        found = check_content(rule(detection).encode(), "r.yml", options=Options(select=("form", "meaning"))).findings
        return " ".join(f"{one.message} {one.help}" for one in found)

    for written, meant in {"beginswith": "startswith", "regex": "re", "like": "contains", "not": "neq"}.items():
        assert f"did you mean |{meant}?" in help_of(f"s:\n    eventName|{written}: a\ncondition: s")
    assert "leave it out" in help_of("s:\n    eventName|equals: a\ncondition: s")
    for written, meant in {
        "event.action": "eventName",
        "user.name": "userIdentity.userName",
        "source.ip": "sourceIPAddress",
        "aws.cloudtrail.flattened.request_parameters.roleName": "requestParameters.roleName",
    }.items():
        assert f'write "{meant}"' in help_of(f"s:\n    {written}: a\ncondition: s")
    assert "one pair of quotes" in help_of("s:\n    eventName: ''CreateUser''\ncondition: s")
    assert "without quotes" in help_of("s:\n    eventName: a\ncondition: \"'s'\"")
    assert "did you mean eventName" not in help_of("s:\n    eventName: CreateRole\ncondition: s")
