"""Frameworks and bundles as data: they say what the facts say, and a faulty one is refused with its line."""

import json
from collections import Counter
from pathlib import Path

import pytest

from domain.compliance.bundle import all_bundles, find_bundle
from domain.compliance.framework import MOST_REQUIREMENTS
from domain.compliance.framework_text import Known, framework_of_csv, framework_of_rows, framework_of_toml
from domain.compliance.frameworks import all_frameworks, find_framework, known
from domain.compliance.registry import all_controls
from domain.compliance.tightening import check_tightening, control_ids
from domain.errors import Invalid
from domain.facts.framework import Coverage, Fit
from domain.rules.registry import all_rules
from tests.factories.controls import controls_of

KNOWN = Known({"CW-IAM-01", "CW-IAM-02"}, {"aws-ebs-unattached"})
HEAD = 'id = "ours"\nname = "Ours"\nversion = "1"\n'
FIRST = '[[requirement]]\nid = "1"\nname = "One"\ngroup = "G"\ncontrols = ["CW-IAM-01"]\nfit = "direct"\n'
CSV_HEAD = {"id": "ours", "name": "Ours", "version": "1"}


@pytest.fixture(scope="module")
def facts(shared: Path) -> dict:
    return json.loads((shared / "facts" / "frameworks.json").read_text())


def test_every_framework_of_the_facts_is_there_requirement_by_requirement(facts) -> None:
    for fact in facts["frameworks"]:
        framework = find_framework(fact["id"])

        assert framework is not None
        assert (framework.name, framework.version, framework.source) == (fact["name"], fact["version"], fact["source"])
        assert framework.retention_days == fact.get("retention_days")
        told = [(one["id"], one["name"], one["group"], tuple(one["controls"])) for one in fact["requirements"]]
        assert [(one.id, one.name, one.group, one.controls) for one in framework.requirements] == told
        assert [one.fit.lower() for one in framework.requirements] == [one["fit"] for one in fact["requirements"]]
        assert [one.kind for one in framework.requirements] == [one.get("kind") for one in fact["requirements"]]


def test_coverage_is_worked_out_as_the_facts_count_it(facts, shared) -> None:
    automated = {control.id for control in controls_of(shared) if control.automated}

    for fact in facts["frameworks"]:
        framework = find_framework(fact["id"])
        counts = framework.coverages(automated)

        coverage = [one.coverage(automated).lower() for one in framework.requirements]
        assert coverage == [one["coverage"] for one in fact["requirements"]]
        assert {name: counts[Coverage(name.upper())] for name in ("automated", "partial", "manual")} == {
            name: fact["counts"][name] for name in ("automated", "partial", "manual")
        }
    total = sum(len(find_framework(fact["id"]).requirements) for fact in facts["frameworks"])
    assert total == 490 == sum(fact["requirements"] for fact in facts["summary"])


def test_frameworks_name_the_64_controls_and_every_one_is_used(shared) -> None:
    controls = {control.id for control in controls_of(shared)}

    assert control_ids() == controls
    assert frozenset().union(*(framework.controls for framework in all_frameworks())) == controls
    assert {control.id for control in all_controls()} <= controls


def test_the_pillars_of_aws_have_their_57_questions() -> None:
    framework = find_framework("aws_well_architected")
    rules = {rule.id for rule in all_rules()}

    pillars = Counter(one.id.rstrip("0123456789") for one in framework.requirements)
    assert pillars == {"OPS": 11, "SEC": 11, "REL": 13, "PERF": 5, "COST": 11, "SUS": 6}
    assert framework.findings <= rules
    bare = [one for one in framework.requirements if not one.controls and not one.findings]
    assert bare
    assert {one.fit for one in bare} == {Fit.MANUAL}


def test_every_bundle_of_the_facts_is_there(facts) -> None:
    for fact in facts["bundles"]:
        bundle = find_bundle(fact["id"])

        assert (bundle.name, bundle.industry, list(bundle.frameworks)) == (
            fact["name"],
            fact["industry"],
            fact["frameworks"],
        )
        assert bundle.parameters == fact["parameters"]
        told = [(one["id"], one["pass"], one["warning"], one["fail"], one["operations"]) for one in fact["checks"]]
        assert [(one.id, one.passes, one.warns, one.fails, list(one.operations)) for one in bundle.check] == told
    assert len(all_bundles()) == len(facts["bundles"])
    assert find_bundle("nothing") is None


def test_bundles_name_what_there_is_and_only_tighten(shared) -> None:
    defaults = {control.id: control.parameters for control in controls_of(shared)}

    for bundle in all_bundles():
        assert all(find_framework(id) is not None for id in bundle.frameworks)
        assert {id for check in bundle.check for id in check.controls} <= control_ids()
        for control_id, wanted in bundle.parameters.items():
            check_tightening(control_id, defaults[control_id], wanted)


def test_what_frameworks_may_name_is_the_catalogue() -> None:
    assert (known().controls, known().rules) == (control_ids(), {rule.id for rule in all_rules()})
    assert find_framework("nothing") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + FIRST.replace("CW-IAM-01", "CW-IAM-99"), "line 8: There is no control CW-IAM-99."),
        (HEAD + FIRST + 'findings = ["aws-nothing"]\n', "line 10: There is no finding aws-nothing."),
        (HEAD + FIRST + FIRST, "line 11: 1 is there already, in line 5."),
        (HEAD + FIRST.replace("direct", "nearly"), "line 9: fit: Input should be"),
        (HEAD + FIRST + "weight = 3\n", "line 10: weight: Extra inputs are not permitted."),
        (HEAD + FIRST.replace('name = "One"\n', ""), "line 4: name: Field required."),
        (HEAD + FIRST.replace('["CW-IAM-01"]', '["CW-IAM-01", "CW-IAM-01"]'), "line 8: 1 names one of its controls tw"),
        (HEAD.replace("ours", "Ours!") + FIRST, "line 1: id: String should match pattern"),
        (HEAD.replace('version = "1"\n', "") + FIRST, "line 1: version: Field required."),
        (HEAD, "line 1: There is no requirement in it."),
        (HEAD + "requirement = 3\n", "line 1: Write each requirement as a table"),
        (HEAD + FIRST + "???", "line 10: This is not TOML"),
        (HEAD + 'x = """', "line 4: This is not TOML"),
        (
            HEAD + 'requirement = [\n{id = "a", name = "A", group = "G", fit = "direct"},\n'
            '{id = "b", name = "B", group = "G", fit = "none"}]',
            "line 6: fit: Input should be",
        ),
        (HEAD + 'requirement = [{id = "\\u0061", name = "A", group = "G", fit = "no"}]', "line 1: fit: Input should"),
    ],
)
def test_a_faulty_text_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        framework_of_toml(text, KNOWN, name="ours.toml")

    assert refused.value.message.startswith(f"ours.toml, {message}")


def test_a_table_reads_like_toml() -> None:
    first_row, second_row = "1,One,G,CW-IAM-01; CW-IAM-02,direct,", "2,Two,G,,PARTIAL,aws-ebs-unattached"
    rows = f"id,name,group,controls,fit,findings\n{first_row}\n\n{second_row}\n"

    framework = framework_of_csv(CSV_HEAD, "\ufeff" + rows, KNOWN)

    first, second = framework.requirements
    assert (first.controls, first.fit, first.findings) == (("CW-IAM-01", "CW-IAM-02"), Fit.DIRECT, ())
    assert (second.controls, second.fit, second.findings) == ((), Fit.PARTIAL, ("aws-ebs-unattached",))
    assert framework.coverages({"CW-IAM-01"}) == {Coverage.AUTOMATED: 1, Coverage.PARTIAL: 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,name\n", "line 1: The first line names the columns"),
        ("id,name,group,controls,fit,fit\n", "line 1: The first line names the columns"),
        ("id,name,group,controls,fit\n1,One,G,CW-IAM-01\n", "line 2: There are 4 cells under 5 columns."),
        ("id,name,group,controls,fit\n1,One,G,CW-IAM-09,direct\n", "line 2: There is no control CW-IAM-09."),
        ('id,name,group,controls,fit\n1,"One,G,CW-IAM-01,direct\n', "line 2: This is not CSV"),
        ("id,name,group,controls,fit\n", "line 1: There is no requirement in it."),
    ],
)
def test_a_faulty_table_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        framework_of_csv(CSV_HEAD, text, KNOWN)

    assert refused.value.message.startswith(f"The text, {message}")


def test_a_framework_is_bounded() -> None:
    rows = [{"id": str(number), "name": "N", "group": "G", "fit": "MANUAL"} for number in range(MOST_REQUIREMENTS + 1)]

    assert len(framework_of_rows(CSV_HEAD, rows[1:], KNOWN, name="The list").requirements) == MOST_REQUIREMENTS
    with pytest.raises(Invalid, match=f"line {MOST_REQUIREMENTS + 1}: A framework has at most"):
        framework_of_rows(CSV_HEAD, rows, KNOWN, name="The list")


def test_a_requirement_that_people_judge_is_manual_whatever_is_automated() -> None:
    row = {"id": "1", "name": "N", "group": "G", "fit": "MANUAL", "controls": ["CW-IAM-01"]}
    framework = framework_of_rows(CSV_HEAD, [row], KNOWN, name="The list")

    assert framework.coverages({"CW-IAM-01"}) == {Coverage.MANUAL: 1}
