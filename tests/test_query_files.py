"""Queries as files: their names, the manifest, what is replaced and what never is, and `convert --check`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from commandline import APPROXIMATE, EXACT, ID, REFUSED, ROOT, Ended, rule, sigmaproof
from hypothesis import given
from hypothesis import strategies as st

from sigmaproof.conversion import convert_rule
from sigmaproof.diagnostics import InputError
from sigmaproof.queryfiles.flat import flat
from sigmaproof.queryfiles.manifest import Made, build
from sigmaproof.queryfiles.names import Named, file_names, is_ours
from sigmaproof.queryfiles.plan import apply, changes
from sigmaproof.rules import load_files

SCHEMA = json.loads((ROOT / "schema" / "manifest-1.json").read_text(encoding="utf-8"))
SETTINGS: dict[str, Any] = {
    "targets": ["eql", "lucene"],
    "case": "fold",
    "integration": "8.9.0",
    "pipelines": [],
    "filters": [],
}
CORRELATION = (
    "title: Many\ncorrelation:\n    type: event_count\n    rules: [base]\n    timespan: 5m\n    condition: {gte: 3}\n"
)


def made_of(rules: Path, out: Path) -> Made:
    loaded = load_files(sorted(rules.rglob("*.yml")))
    pairs = [(one, convert_rule(one, target)) for one in loaded.rules for target in SETTINGS["targets"]]
    return build(pairs, loaded.findings, SETTINGS, out)


def manifest(out: Path) -> Any:
    found = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


def files(out: Path) -> dict[str, bytes]:
    return {str(file.relative_to(out)): file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file()}


def states(made: Made, out: Path) -> dict[str, str]:
    return {change.file: change.state for change in changes(made, out)}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder of rules: exact, approximate, refused, and one that can't be read."""
    (tmp_path / "rules" / "deep").mkdir(parents=True)
    (tmp_path / "rules" / "a.yml").write_text(EXACT)
    (tmp_path / "rules" / "b.yml").write_text(APPROXIMATE)
    (tmp_path / "rules" / "deep" / "c.yml").write_text(REFUSED)
    (tmp_path / "rules" / "many.yml").write_text(CORRELATION)
    (tmp_path / "rules" / "more.yml").write_text(CORRELATION)
    return tmp_path


NAMES: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "plain": ([("one", "1"), ("two", "2")], ["one", "two"]),
    "the same file name": ([("r", "1"), ("r", "2"), ("s", "1")], ["r-1", "r-2", "s"]),
    "the same but for case": ([("Rule", "1"), ("rULE", "2")], ["Rule-1", "rULE-2"]),
    "another's name with its id": (
        [("r", "1"), ("r", "2"), ("r-1", "3")],
        ["r-1-b763ee65e902", "r-2", "r-1-3"],
    ),
    "one without an id": ([("r", ""), ("r", "2")], ["r", "r-2"]),
    "the same id": ([("r", "1"), ("r", "1")], ["r-1-b763ee65e902", "r-1-dce3e4d83bc3"]),
    "out of the directory": (
        [("../../etc/passwd", "1"), ("/abs", "2"), ("..", "3"), (".", "4"), ("s", "../x"), ("s", "/y")],
        ["_.._.._etc_passwd", "_abs", "_-3", "_-4", "s-_.._x", "s-_y"],
    ),
    "hidden, or an option": ([(".git", "1"), ("-rf", "2")], ["_.git", "_-rf"]),
    "a device of Windows": ([("CON", "1"), ("nul.txt", "2"), ("console", "3")], ["_CON", "_nul.txt", "console"]),
    "beyond ASCII": ([("Größe", "1"), ("名前", "2"), ("", "3")], ["Gr_e", "_-2", "_-3"]),
    "too long": ([("a" * 300, "1"), ("a" * 299 + "b", "2")], ["a" * 100 + "-1", "a" * 100 + "-2"]),
}


@pytest.mark.parametrize("name", NAMES)
def test_file_names(name: str) -> None:
    rules, expected = NAMES[name]
    named = [Named(stem, id, f"place {number}") for number, (stem, id) in enumerate(rules)]
    assert file_names(named) == expected
    assert file_names(named[::-1]) == expected[::-1], "no name depends on the order"
    assert all(is_ours(f"eql/{one}.eql") for one in expected)


@given(st.lists(st.tuples(st.text(max_size=9) | st.sampled_from(["a", "A", "a-1"]), st.sampled_from(["", "1", "2"]))))
def test_any_names_are_safe_and_differ(rules: list[tuple[str, str]]) -> None:
    found = file_names([Named(stem, id, f"{number}") for number, (stem, id) in enumerate(rules)])
    assert len({name.lower() for name in found}) == len(rules)
    for name in found:
        assert is_ours(f"lucene/{name}.lucene")
        assert len(name) < 240


def test_the_manifest_tells_all(here: Path) -> None:
    out = here / "out"
    apply(changes(made_of(here / "rules", out), out), out)
    found = manifest(out)
    assert [(one["source"], one["id"]) for one in found["rules"]] == [
        ("../rules/a.yml", ID),
        ("../rules/b.yml", "11111111-1111-4111-8111-111111111111"),
        ("../rules/deep/c.yml", "22222222-2222-4222-8222-222222222222"),
    ]
    for entry in found["rules"]:
        source = (out / entry["source"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(source).hexdigest()
        assert [one["target"] for one in entry["outputs"]] == ["eql", "lucene"]
    outputs = [one for entry in found["rules"] for one in entry["outputs"]]
    assert [one["fidelity"] for one in outputs] == ["exact", "exact", "approximate", *["refused"] * 3]
    assert all(bool(one["reasons"]) == (one["fidelity"] == "approximate") for one in outputs)
    written = {one["file"]: one["sha256"] for one in outputs if one["file"] is not None}
    there = {name: hashlib.sha256(content).hexdigest() for name, content in files(out).items()}
    del there["manifest.json"]
    assert written == there
    assert [(one["source"], one["line"], one["code"]) for one in found["unreadable"]] == [
        ("../rules/many.yml", 2, "rule-unsupported"),
        ("../rules/more.yml", 2, "rule-unsupported"),
    ]


def test_the_schema_can_refuse(here: Path) -> None:
    """Each of these is another manifest than `convert` writes."""
    made = json.loads(made_of(here / "rules", here).files["manifest.json"])
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert validator.is_valid(made)
    output = made["rules"][0]["outputs"][0]
    for key, wrong in {"file": "../x.eql", "sha256": "0", "fidelity": "refused", "target": "spl"}.items():
        right, output[key] = output[key], wrong
        assert not validator.is_valid(made), key
        output[key] = right
    assert validator.is_valid(made)


def test_the_same_from_any_directory(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    near = made_of(Path("rules"), Path("out"))
    monkeypatch.chdir(here / "rules" / "deep")
    far = made_of(here / "rules", here / "out")
    assert near.files == far.files
    loaded = load_files(sorted((here / "rules").rglob("*.yml"), reverse=True))
    pairs = [(one, convert_rule(one, target)) for one in loaded.rules for target in SETTINGS["targets"][::-1]]
    assert build(pairs, loaded.findings[::-1], SETTINGS, here / "out").files == near.files, (
        "nor on the order of arguments"
    )


def test_two_manifests_as_lines(here: Path) -> None:
    """Each says what it is about: the claim of a query, a rule that was edited or renamed, what can't be read."""
    before = flat(made_of(here / "rules", here / "out").files["manifest.json"])
    (here / "rules" / "b.yml").write_text(APPROXIMATE.replace("requestParameters.name|contains: lab", "eventName: X"))
    (here / "rules" / "a.yml").write_text(EXACT + "---\n" + EXACT.replace(ID, "3" * 8 + ID[8:]))
    (here / "rules" / "many.yml").unlink()
    after = flat(made_of(here / "rules", here / "out").files["manifest.json"])
    assert before["../rules/b.yml, eql"].startswith("approximate limit (")
    assert (after["../rules/b.yml, eql"], before["../rules/b.yml, lucene"][:9]) == ("exact", "refused r")
    assert {key for key in after if key not in before} == {
        f"../rules/a.yml ({id}), {what}" for id in (ID, "3" * 8 + ID[8:]) for what in ("rule", "eql", "lucene")
    }
    gone = {key for key in before if key not in after}
    assert gone == {f"../rules/a.yml, {what}" for what in ("rule", "eql", "lucene")} | {"../rules/many.yml, line 2"}


def test_a_rule_given_twice_is_one_and_two_of_a_file_are_two(here: Path) -> None:
    (here / "rules" / "a.yml").write_text(EXACT + "---\n" + EXACT.replace(ID, "33333333-3333-4333-8333-333333333333"))
    loaded = load_files([here / "rules" / "a.yml", here / "rules" / "deep" / ".." / "a.yml"])
    made = build([(one, convert_rule(one, "eql")) for one in loaded.rules], [], SETTINGS, here)
    names = sorted(made.files)
    assert names == [f"eql/a-{id}.eql" for id in ("33333333-3333-4333-8333-333333333333", ID)] + ["manifest.json"]


def test_what_changes(here: Path) -> None:
    """Removed, renamed, changed and new rules: only what the manifest lists is replaced or removed."""
    rules, out = here / "rules", here / "out"
    made = made_of(rules, out)
    assert set(states(made, out).values()) == {"missing"}
    apply(changes(made, out), out)
    assert changes(made, out) == []
    (out / "README.md").write_text("foreign")
    (out / "eql" / "notes.txt").write_text("foreign")
    (out / "eql" / "by_hand.eql").write_text("any where true\n")
    (rules / "a.yml").write_text(EXACT.replace("CreateTrustAnchor", "DeleteTrustAnchor"))
    (rules / "b.yml").rename(rules / "renamed.yml")
    made = made_of(rules, out)
    expected = {
        "eql/a.eql": "stale",
        "eql/b.eql": "extra",
        "eql/by_hand.eql": "extra",
        "eql/renamed.eql": "missing",
        "lucene/a.lucene": "stale",
        "manifest.json": "stale",
    }
    assert states(made, out) == expected
    before = files(out)
    apply(changes(made, out), out)
    assert states(made, out) == {"eql/by_hand.eql": "extra"}, "what is foreign stays, and stays reported"
    assert manifest(out)["rules"][0]["sha256"] == hashlib.sha256((rules / "a.yml").read_bytes()).hexdigest()
    after = files(out)
    foreign = {"README.md", "eql/by_hand.eql", "eql/notes.txt"}
    assert {name: after[name] for name in foreign} == {name: before[name] for name in foreign}
    assert set(after) == foreign | set(made.files), "and nothing is left over of the writing"


def test_the_query_of_a_rule_that_cannot_be_read_stays(here: Path) -> None:
    """A slip in a rule takes no query away, nor its name; a rule of the same file that is read is written anew."""
    rules, out = here / "rules", here / "out"
    broken = "33333333-3333-4333-8333-333333333333"
    other = EXACT.replace(ID, broken)
    (rules / "two.yml").write_text(f"{EXACT.replace(ID, '4' * 8 + ID[8:])}---\n{other}")
    apply(changes(made_of(rules, out), out), out)
    before = files(out)
    for name in ("a.yml", "two.yml"):
        text = (rules / name).read_text()
        (rules / name).write_text("selektion".join(text.rsplit("selection", 1)))
    (rules / "deep" / "a.yml").write_text(APPROXIMATE)
    made = made_of(rules, out)
    kept = ["eql/a.eql", "lucene/a.lucene", *(f"{one}/two-{broken}.{one}" for one in ("eql", "lucene"))]
    assert [name.rsplit("/", 1)[0] for name in made.kept] == ["eql", "eql", "lucene", "lucene"]
    assert {before[name] for name in kept} == {made.files[name] for name in made.kept}
    apply(changes(made, out), out)
    assert changes(made_of(rules, out), out) == [], "the next run finds it as it must be"
    found = manifest(out)
    assert [one["source"] for one in found["rules"] if "two" in one["source"]] == ["../rules/two.yml"] * 2
    assert {"../rules/a.yml", "../rules/two.yml"} <= {one["source"] for one in found["unreadable"]}
    (rules / "a.yml").write_text(EXACT)
    made = made_of(rules, out)
    assert all("two" in name for name in made.kept)
    (rules / "two.yml").unlink()
    assert made_of(rules, out).kept == []


def test_a_checkout_with_other_ends_of_lines_is_not_stale(here: Path) -> None:
    """As git makes it on Windows: of the rules, the queries and the manifest."""
    out = here / "out"
    apply(changes(made_of(here / "rules", out), out), out)
    for file in here.rglob("*.*"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert changes(made_of(here / "rules", out), out) == []
    (out / "eql" / "a.eql").write_bytes((out / "eql" / "a.eql").read_bytes().replace(b"where", b"where\r"))
    assert states(made_of(here / "rules", out), out) == {"eql/a.eql": "stale"}


def test_a_foreign_file_in_the_way_stops_everything(here: Path) -> None:
    out = here / "out"
    (out / "lucene").mkdir(parents=True)
    (out / "lucene" / "a.lucene").write_text("written by hand\n")
    before = files(out)
    with pytest.raises(InputError, match="the manifest doesn't list it"):
        apply(changes(made_of(here / "rules", out), out), out)
    assert files(out) == before


def test_the_same_text_without_a_manifest_is_taken_over(here: Path) -> None:
    out = here / "out"
    made = made_of(here / "rules", out)
    apply(changes(made, out), out)
    (out / "manifest.json").unlink()
    assert states(made, out) == {"manifest.json": "missing"}
    apply(changes(made, out), out)
    assert changes(made, out) == []


def test_a_failure_leaves_the_old_file_whole(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = here / "out"
    apply(changes(made_of(here / "rules", out), out), out)
    (here / "rules" / "a.yml").write_text(EXACT.replace("CreateTrustAnchor", "DeleteTrustAnchor"))
    before = files(out)

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space"):
        apply(changes(made_of(here / "rules", out), out), out)
    assert files(out) == before


MANIFESTS = {
    "no JSON": "{",
    "another program's": '{"name": "app", "icons": []}',
    "a list": "[]",
    "another version": '{"schema": "sigmaproof-manifest/2", "rules": []}',
    "no source": '{"schema": "sigmaproof-manifest/1", "rules": [{"outputs": []}]}',
    "leaves the directory": '{"schema": "sigmaproof-manifest/1", "rules": [{"outputs": [{"file": "../../victim"}]}]}',
    "absolute": '{"schema": "sigmaproof-manifest/1", "rules": [{"outputs": [{"file": "/victim.eql"}]}]}',
    "dots inside": '{"schema": "sigmaproof-manifest/1", "rules": [{"outputs": [{"file": "eql/../../victim.eql"}]}]}',
    "no query's name": '{"schema": "sigmaproof-manifest/1", "rules": [{"outputs": [{"file": ".git/config"}]}]}',
    "another suffix": '{"schema": "sigmaproof-manifest/1", "rules": [{"outputs": [{"file": "eql/victim"}]}]}',
    "a line feed": '{"schema": "sigmaproof-manifest/1", "rules": [{"outputs": [{"file": "eql/a.eql\\n"}]}]}',
    "no text": '{"schema": "sigmaproof-manifest/1", "rules": [{"outputs": [{"file": 1}]}]}',
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_is_none_or_names_other_files_is_an_error(here: Path, name: str) -> None:
    out = here / "out"
    out.mkdir()
    (out / "manifest.json").write_text(MANIFESTS[name])
    with pytest.raises(InputError) as raised:
        changes(made_of(here / "rules", out), out)
    assert raised.value.diagnostic.code.startswith("manifest-")
    assert raised.value.diagnostic.place.file.endswith("manifest.json")


@pytest.mark.parametrize("link", ["directory", "file", "loop"])
def test_a_link_out_of_the_directory_is_an_error(here: Path, link: str) -> None:
    out, elsewhere = here / "out", here / "elsewhere"
    made = made_of(here / "rules", out)
    elsewhere.mkdir()
    (elsewhere / "a.eql").write_text("precious")
    (out / "eql").mkdir(parents=True)
    if link == "directory":
        (out / "eql").rmdir()
        (out / "eql").symlink_to(elsewhere)
    elif link == "file":
        (out / "eql" / "a.eql").symlink_to(elsewhere / "a.eql")
    else:
        (out / "eql" / "a.eql").symlink_to("a.eql")
    with pytest.raises(InputError, match="symbolic link"):
        changes(made, out)
    assert (elsewhere / "a.eql").read_text() == "precious"


class TestCommand:
    def run(self, here: Path, *more: object, targets: str = "eql") -> Ended:
        return sigmaproof("convert", "rules", "-t", targets, "-o", "out", *more, cwd=here)

    def test_check_writes_nothing_and_tells_what_is_wrong(self, here: Path) -> None:
        (here / "rules" / "many.yml").unlink()
        (here / "rules" / "more.yml").unlink()
        missing = self.run(here, "--check")
        assert (missing.code, (here / "out").exists()) == (1, False)
        assert missing.lines == [f"missing out/{name}" for name in ("eql/a.eql", "eql/b.eql", "manifest.json")]
        written = self.run(here)
        assert written.code == 1, "a refusal is a finding, until it stands in a manifest that was reviewed"
        assert "3 files in out: 3 written, 0 removed" in written.err
        good = self.run(here, "--check")
        assert (good.code, good.out, good.err) == (0, "", "3 files in out as they must be\n")
        assert self.run(here, "--check", "--strict").code == 1
        manifest(here / "out")

    def test_check_shows_the_difference(self, here: Path) -> None:
        self.run(here)
        (here / "rules" / "a.yml").write_text(EXACT.replace("CreateTrustAnchor", "DeleteTrustAnchor"))
        (here / "rules" / "b.yml").unlink()
        before = files(here / "out")
        ended = self.run(here, "--check")
        assert files(here / "out") == before
        assert ended.code == 2, "a rule that can't be read weighs more than a stale file"
        assert ended.lines[0] == "stale   out/eql/a.eql"
        assert "CreateTrustAnchor" in ended.lines[1]
        assert "DeleteTrustAnchor" in ended.lines[2]
        assert [line[0] for line in (ended.lines[1].strip(), ended.lines[2].strip())] == ["-", "+"]
        assert ended.lines[3] == "extra   out/eql/b.eql: no rule makes it"
        assert "2 stale, 1 extra" in ended.err
        manifest_lines = [line.strip() for line in ended.lines[5:]]
        assert "../rules/a.yml, rule" in manifest_lines
        assert [line for line in manifest_lines if line.startswith("-Approximate (1111")], "the rule that was removed"
        found = self.run(here, "--check", "--format", "json").objects
        assert [(one["state"], one["file"], one["ours"]) for one in found] == [
            ("stale", "out/eql/a.eql", True),
            ("extra", "out/eql/b.eql", True),
            ("stale", "out/manifest.json", True),
        ]
        assert len(found[0]["difference"]) == 2

    def test_the_options_that_change_queries_stand_in_the_manifest(self, here: Path) -> None:
        (here / "p.yml").write_text("transformations: []\n")
        self.run(here, "--case", "exact", "-p", "p.yml", targets="lucene,eql")
        assert manifest(here / "out")["settings"] == {
            "targets": ["eql", "lucene"],
            "case": "exact",
            "integration": "8.9.0",
            "pipelines": ["../p.yml"],
            "filters": [],
        }

    def test_a_rule_of_standard_input(self, here: Path) -> None:
        text = rule("s:\n    eventName: X\ncondition: s", "../From Outside")
        ended = sigmaproof("convert", "-", "-t", "eql", "-o", "out", cwd=here, stdin=text)
        entry = manifest(here / "out")["rules"][0]
        assert (ended.code, entry["source"], entry["sha256"]) == (0, "<stdin>", None)
        assert entry["outputs"][0]["file"] == "eql/_.._From_Outside.eql"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [(["--check"], "name it with -o"), (["-o", "rules/a.yml"], "error: rules/a.yml: Not a directory")],
    )
    def test_wrong_usage(self, here: Path, arguments: list[str], message: str) -> None:
        ended = sigmaproof("convert", "rules/a.yml", "-t", "eql", *arguments, cwd=here)
        assert (ended.code, ended.out) == (2, "")
        assert message in ended.err


def test_our_own_queries_are_as_committed() -> None:
    """Written by `sigmaproof convert sigma_rules -t eql,lucene -o fixtures/golden`."""
    ended = sigmaproof("convert", "sigma_rules", "-t", "eql,lucene", "-o", "fixtures/golden", "--check", cwd=ROOT)
    assert (ended.code, ended.out) == (0, ""), ended.out
    manifest(ROOT / "fixtures" / "golden")


def test_the_entry_that_the_page_shows_is_one_of_ours() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    shown = json.loads(page.split("```json\n")[1].split("```")[0])
    rules = {one["id"]: one for one in manifest(ROOT / "fixtures" / "golden")["rules"]}
    assert shown | {"sha256": ""} == rules[shown["id"]] | {"sha256": ""}, "but for the hash, which any edit changes"
