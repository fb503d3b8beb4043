"""The page that shows what the controls judge. `make controls` writes it."""

from collections.abc import Iterator
from pathlib import Path

from domain.compliance.bundle import all_bundles
from domain.compliance.bundled import SYSTEM_NAMES as SYSTEMS
from domain.compliance.control import Control, Procedure
from domain.compliance.mending import rules_that_mend
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Frequency
from tests.contract import verdicts_page

COMMITTED = Path(__file__).parents[2] / "docs" / "controls.md"
OFTEN = {
    Frequency.HALF_HOURLY: "every 30 minutes",
    Frequency.DAILY: "daily",
    Frequency.WEEKLY: "weekly",
    Frequency.MONTHLY: "monthly",
    Frequency.QUARTERLY: "quarterly",
    Frequency.ANNUAL: "once a year",
}


def page() -> str:
    """The page, whole."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    controls = all_controls()
    procedures = sum(len(control.procedures) for control in controls)
    automated = sum(control.automated for control in controls)
    yield "# What the controls judge"
    yield ""
    yield "Made by `make controls` from `domain/controls` and `domain/bundled`. A control says what must hold, and has"
    yield "a procedure for each system that can tell. A procedure judges what was read of one account, thing by thing:"
    yield "each fails, warns or passes. What was not read in whole is an error and never a pass. The numbers named in a"
    yield "condition are parameters of the control. Calls that begin with `platform:` or `manual:` are our own records."
    yield "Which verdicts were seen, and on what, stands under [verdicts reached](#verdicts-reached). Which rules mend"
    yield "a control stands in `domain/compliance/mending.toml`, what is known of each rule in"
    yield "[what rules find, and what mends it](rules.md)."
    yield ""
    yield f"{len(controls)} controls with {procedures} procedures; {automated} need nothing to be uploaded."
    yield ""
    yield "| control | what must hold | severity | judged | systems |"
    yield "| --- | --- | --- | --- | --- |"
    for control in controls:
        yield _row(control)
    yield ""
    yield from verdicts_page.lines()
    for control in controls:
        yield from _section(control)
    yield from _bundles()


def _bundles() -> Iterator[str]:
    """The checks of bundles, which are judged where the bundle is switched on."""
    names = {bundle.id: f"{bundle.name} ({bundle.industry})" for bundle in all_bundles()}
    yield ""
    yield "# What bundles have judged beside them"
    yield ""
    yield "The checks of a bundle are controls of `domain/bundled`, judged where the bundle is switched on. What is not"
    yield "assessed says why: CloudWatcher does not read what it would take."
    yield ""
    yield "| check | bundle | what must hold | severity | judged | systems |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for control in bundled_controls():
        link = f"[{control.id}](#{control.id.lower()})"
        systems = ", ".join(SYSTEMS[one.integration] for one in control.procedures)
        told = (link, names[str(control.bundle)], control.name, control.severity, OFTEN[control.frequency], systems)
        yield f"| {' | '.join(told)} |"
    for control in bundled_controls():
        yield from _section(control)


def _row(control: Control) -> str:
    link = f"[{control.id}](#{control.id.lower()})"
    systems = ", ".join(SYSTEMS[one.integration] for one in control.procedures)
    return f"| {link} | {control.name} | {control.severity} | {OFTEN[control.frequency]} | {systems} |"


def _section(control: Control) -> Iterator[str]:
    yield ""
    yield f"## {control.id}"
    yield ""
    yield f"{control.name}. {control.objective}" if control.bundle is None else control.objective
    yield ""
    yield f"* Severity {control.severity}, judged {OFTEN[control.frequency]}."
    if control.criteria:
        yield f"* Criteria of SOC 2: {', '.join(control.criteria)}."
    if control.parameters:
        yield f"* Parameters: {', '.join(f'{name} {value}' for name, value in control.parameters.items())}."
    if control.remediations:
        yield f"* Mended by: {', '.join(f'`{one}`' for one in control.remediations)}."
    if rules := sorted(rules_that_mend(control.id)):
        yield f"* Rules whose remedies mend it, or help to: {', '.join(f'`{one}`' for one in rules)}."
    yield ""
    yield "| system | passes | warns | fails | calls |"
    yield "| --- | --- | --- | --- | --- |"
    for procedure in control.procedures:
        yield _procedure(procedure)


def _procedure(procedure: Procedure) -> str:
    calls = ", ".join(f"`{one}`" for one in procedure.operations)
    texts = (in_a_cell(text) for text in (procedure.passes, procedure.warns or "", procedure.fails or "", calls))
    return f"| {SYSTEMS[procedure.integration]} | {' | '.join(texts)} |"


def in_a_cell(text: str) -> str:
    """The text as it stands in a table, where a bar would end its cell."""
    return text.replace("|", "&#124;")


if __name__ == "__main__":
    COMMITTED.write_text(page())
