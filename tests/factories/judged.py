"""What a control says of answers, in one call."""

from datetime import datetime
from typing import Any

from domain.compliance.answers import Answers
from domain.compliance.control import Control
from domain.compliance.judging import Judgement, judge
from tests.factories.answers import NOW, case, procedure


def judged(control: Control, answers: Answers, *others: Answers, now: datetime = NOW, **parameters: Any) -> Judgement:
    """What its procedure for this system says of the answers, with the accounts connected beside them."""
    made = case(answers, control, *others, now=now, **parameters)
    return judge(procedure(control, answers.integration), made)


def verdicts(judgement: Judgement) -> dict[str, str]:
    """What is said of each thing."""
    return {item.resource: item.verdict.value for item in judgement.items}
