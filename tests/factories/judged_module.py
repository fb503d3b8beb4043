"""What the modules of controls say of answers."""

from types import ModuleType

from domain.compliance.answers import Answers
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import CheckStatus, Verdict
from tests.factories.answers import case, procedure


def judged(module: ModuleType, asked: Answers, /, *others: Answers) -> Judgement:
    """What the module's control says of an account, with others connected beside it."""
    control = module.CONTROL
    return judge(procedure(control, asked.integration), case(asked, control, *others))


def said(module: ModuleType, asked: Answers, /, *others: Answers) -> CheckStatus:
    return judged(module, asked, *others).status


def failing(module: ModuleType, asked: Answers, /, *others: Answers) -> set[str]:
    """What fails, by id."""
    return {item.resource for item in judged(module, asked, *others).items if item.verdict is Verdict.FAIL}
