"""The part of the page about controls that shows which verdicts each procedure has come to, and on what."""

from collections.abc import Iterator

from domain.compliance.bundle import all_bundles
from domain.compliance.control import Control, Procedure
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import CheckStatus
from tests.factories.verdicts import ANSWERS, EXAMPLES, Reached, kept, name_of, possible

COLUMNS = tuple(
    status.value
    for status in (
        CheckStatus.PASS,
        CheckStatus.WARNING,
        CheckStatus.FAIL,
        CheckStatus.ERROR,
        CheckStatus.NOT_APPLICABLE,
        CheckStatus.NOT_ASSESSED,
    )
)


# The systems in which a check of a bundle only says what is not read.
UNREAD = frozenset((check.id, system) for bundle in all_bundles() for check in bundle.check for system in check.unread)


def automated() -> list[tuple[Control, Procedure]]:
    """Every procedure of a control that needs no upload, and every one that judges for a bundle."""
    controls = (*(control for control in all_controls() if control.automated), *bundled_controls())
    every = ((control, one) for control in controls for one in control.procedures)
    return [(control, one) for control, one in every if (control.id, one.integration) not in UNREAD]


def not_reached(reached: Reached) -> dict[str, list[str]]:
    """The verdicts that a procedure can come to and has not, by its name."""
    found = {}
    for control, one in automated():
        name = name_of(control, one)
        found[name] = [verdict for verdict in possible(control, one) if verdict not in reached.get(name, ())]
    return {name: verdicts for name, verdicts in found.items() if verdicts}


def lines() -> Iterator[str]:
    examples, answers = kept(EXAMPLES), kept(ANSWERS)
    yield "## Verdicts reached"
    yield ""
    yield "What each procedure has come to in the tests. *read*: on answers that a connector has read from a stand-in"
    yield "of the system: moto for AWS, servers made of the descriptions that providers publish or of scripted answers"
    yield "for the others. *example*: only on answers that a test has written down, as the provider documents them."
    yield "A dash: it cannot arise, or did not. ERROR is said where something was not read in whole. Our own records"
    yield "(PLATFORM) need no stand-in: the application makes them in a real MongoDB, by its graph and its jobs, and"
    yield "the job that judges reads them there. Their ERROR is a record that is damaged, unreadable or still to come."
    yield ""
    yield _summary(examples, answers)
    yield ""
    yield f"| control | system | {' | '.join(COLUMNS)} |"
    yield f"| --- | --- |{' --- |' * len(COLUMNS)}"
    for control, one in automated():
        name = name_of(control, one)
        cells = (_cell(verdict, name, examples, answers) for verdict in COLUMNS)
        yield f"| {control.id} | {one.integration} | {' | '.join(cells)} |"


def _summary(examples: Reached, answers: Reached) -> str:
    pairs = automated()
    every = sum(len(possible(control, one)) for control, one in pairs)
    by_example = every - sum(map(len, not_reached(examples).values()))
    missing = sum(map(len, not_reached(answers).values()))
    return (
        f"{len(pairs)} procedures of controls that need no upload, and of checks of bundles, can come to {every} "
        f"verdicts, errors counted: {by_example} are reached in examples and {every - missing} on what was read from "
        f"stand-ins; the {missing} that are not stand as *example* below."
    )


def _cell(verdict: str, name: str, examples: Reached, answers: Reached) -> str:
    if verdict in answers.get(name, ()):
        return "read"
    return "example" if verdict in examples.get(name, ()) else "-"
