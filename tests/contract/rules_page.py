"""The page that shows what rules find, what mends it, and how far that was tried. `make rules` writes it."""

from collections.abc import Iterator
from pathlib import Path

from domain.facts.provider import Provider
from domain.remediation.remedy import Reversible
from domain.rules.registry import all_rules
from domain.rules.rule import Rule
from tests.contract.connectors_page import NAMES
from tests.contract.controls_page import in_a_cell
from tests.factories.aws_faults import FAULTS
from tests.factories.remedies import STAGES, Reached, kept

COMMITTED = Path(__file__).parents[2] / "docs" / "rules.md"
PROVIDERS = (
    Provider.AWS,
    Provider.AZURE,
    Provider.GCP,
    Provider.DIGITALOCEAN,
    Provider.GITHUB,
    Provider.OKTA,
)
# Rules whose steps are made against answers that a test has written down, which nothing is verified by.
BY_ORDER = {
    "aws-access-analyzer-off": "moto answers none of the calls that change it; its steps are made and undone against "
    "answers in the form of AWS's description (`tests/integration/test_aws_remedies_by_order.py`)",
}


def rules_of(provider: Provider) -> list[Rule]:
    """By service, then by id."""
    found = [rule for rule in all_rules() if rule.id.startswith(f"{provider.value.lower()}-")]
    return sorted(found, key=lambda rule: (service_of(rule), rule.id))


def service_of(rule: Rule) -> str:
    """The service as the module of the rule is named; `ebs_idle` belongs to `ebs`, because that is a module too."""
    folder, _, module = rule.check.__module__.rpartition(".")
    known = {one.check.__module__ for one in all_rules()}
    parts = module.split("_")
    shorter = ("_".join(parts[:end]) for end in range(1, len(parts)))
    return next((name for name in shorter if f"{folder}.{name}" in known), module).replace("_", " ")


def reachable(rule: Rule) -> tuple[str, ...]:
    """The stages that there are for a rule: what people mend is found, and what nothing undoes is not taken back."""
    if rule.remedy is None:
        return STAGES[:1]
    return STAGES[:-1] if rule.remedy.reversible is Reversible.NO else STAGES


def not_reached(reached: Reached) -> dict[str, list[str]]:
    """The stages that there are and that were not reached, by the id of the rule."""
    every = {rule.id: [one for one in reachable(rule) if one not in reached.get(rule.id, ())] for rule in all_rules()}
    return {rule: stages for rule, stages in every.items() if stages}


def reasons() -> dict[str, str]:
    """Why the steps of a rule could not be played, by its id, as its fault says."""
    return {fault.rule_id: fault.unplayed for fault in FAULTS if fault.unplayed} | BY_ORDER


def page() -> str:
    """The page, whole."""
    return "\n".join(_lines(kept())) + "\n"


def _lines(reached: Reached) -> Iterator[str]:
    yield "# What rules find, and what mends it"
    yield ""
    yield "Made by `make rules` from `domain/rules` and `tests/recordings/remedies.json`, which `make remedies`"
    yield "writes while the plays of remedies run. [Remediations](guides/remediations.md) tells how one is"
    yield "planned and approved."
    yield ""
    yield "The last columns say what was reached with a rule against a stand-in, never against the provider"
    yield "itself, and all the way that customers go. The fault was made there, and a sync opened a finding of"
    yield "it (*found*). A person had it *planned*, another one approved that, and a worker made every step"
    yield "(*done*), read the resource again, saw the rule quiet and resolved the finding (*verified*). Then it"
    yield "was rolled back (*undone*): where a remedy is reversible (YES) all that is compared was as before,"
    yield "where it is so PARTLY what a test names was seen back. A dot: there is no such stage, because people"
    yield "mend it or nothing undoes it (NO). **no**: it was [not exercised](#not-exercised)."
    yield ""
    yield "Beside that every step was tried a second time, as by a worker that takes over after a crash, and"
    yield "did no more then, but for [some](#tried-once)."
    yield ""
    yield "moto stands in for AWS. For the others servers with a state do, which hold each request to the"
    yield "description that the provider publishes, or to its reference where the description has gaps."
    yield ""
    yield from _summary(reached)
    for provider in PROVIDERS:
        yield from _section(provider, reached)
    yield from _not_exercised(reached)
    yield from _tried_once()


def _summary(reached: Reached) -> Iterator[str]:
    yield f"| system | rules | mended by people | {' | '.join(one.lower() for one in STAGES)} |"
    yield f"| --- | ---: | ---: |{' ---: |' * len(STAGES)}"
    for provider in PROVIDERS:
        yield _counted(NAMES[provider], rules_of(provider), reached)
    yield _counted("together", list(all_rules()), reached)


def _counted(name: str, rules: list[Rule], reached: Reached) -> str:
    by_people = sum(rule.remedy is None for rule in rules)
    cells = []
    for stage in STAGES:
        possible = [rule.id for rule in rules if stage in reachable(rule)]
        cells.append(f"{sum(stage in reached.get(rule, ()) for rule in possible)} of {len(possible)}")
    return f"| {name} | {len(rules)} | {by_people} | {' | '.join(cells)} |"


def _section(provider: Provider, reached: Reached) -> Iterator[str]:
    yield ""
    yield f"## {NAMES[provider]}"
    yield ""
    yield f"| service | rule | risk | reversible | what mends it | {' | '.join(one.lower() for one in STAGES)} |"
    yield f"| --- | --- | --- | --- | --- |{' --- |' * len(STAGES)}"
    for rule in rules_of(provider):
        yield _row(rule, reached.get(rule.id, []))


def _row(rule: Rule, reached: list[str]) -> str:
    named = f"`{rule.id}`<br>{in_a_cell(rule.title)}"
    mends = f"People: {rule.manual}" if rule.remedy is None else rule.remedy.says
    undone = "" if rule.remedy is None else rule.remedy.reversible.value
    cells = (_cell(stage, rule, reached) for stage in STAGES)
    told = (service_of(rule), named, rule.risk.value, undone, in_a_cell(mends), *cells)
    return f"| {' | '.join(told)} |"


def _cell(stage: str, rule: Rule, reached: list[str]) -> str:
    if stage in reached:
        return "yes"
    return "**no**" if stage in reachable(rule) else "·"


def _not_exercised(reached: Reached) -> Iterator[str]:
    missing, known = not_reached(reached), reasons()
    yield ""
    yield "## Not exercised"
    yield ""
    yield f"{len(missing)} rules were not played to their end, for what moto lacks. That their calls and"
    yield "arguments are those of AWS's own description is held by `tests/unit/domain/rules/test_aws_calls.py`;"
    yield "what AWS answers was not seen."
    yield ""
    yield "| rule | not reached | why |"
    yield "| --- | --- | --- |"
    for rule, stages in missing.items():
        yield f"| `{rule}` | {', '.join(one.lower() for one in stages)} | {in_a_cell(known[rule])} |"


def _tried_once() -> Iterator[str]:
    every = sorted({(fault.rule_id, step, why) for fault in FAULTS for step, why in fault.once.items()})
    yield ""
    yield "## Tried once"
    yield ""
    yield "Of these steps moto cannot show a second try; that their calls carry a token or name the error that"
    yield "says that nothing is left to do is all that was seen."
    yield ""
    yield "| rule | step | why |"
    yield "| --- | --- | --- |"
    for rule, step, why in every:
        yield f"| `{rule}` | {step} | {in_a_cell(why)} |"


if __name__ == "__main__":
    COMMITTED.write_text(page())
