from datetime import UTC, datetime, timedelta

import pytest

from domain.facts.health import BreakerState, CircuitBreaker, HealthState, ProblemKind, Tally
from domain.facts.inventory import GapCause, ServiceGap
from domain.health import MOST_PROBLEMS, Seen, Verdict, has_changed, judge

AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def tally(service: str = "ec2", calls: int = 100, seconds: float = 10.0, **lost: int) -> Tally:
    return Tally(service=service, at=AT, calls=calls, seconds=seconds, **lost)


def judged(*tallies: Tally, gaps: tuple[ServiceGap, ...] = (), breakers: tuple[CircuitBreaker, ...] = ()) -> Verdict:
    return judge(Seen(tallies=tallies, gaps=gaps, breakers=breakers))


def gap(cause: GapCause, missing: str | None = None, service: str = "s3", reason: str = "It went wrong.") -> ServiceGap:
    return ServiceGap(service=service, region=None, reason=reason, cause=cause, missing=missing)


def breaker(service: str = "ec2", state: BreakerState = BreakerState.OPEN) -> CircuitBreaker:
    again = AT + timedelta(minutes=7) if state is BreakerState.OPEN else None
    return CircuitBreaker(service=service, state=state, since=AT, next_try_at=again)


def test_all_answered_is_healthy():
    verdict = judged(tally(), tally("s3"))

    assert (verdict.state, verdict.score, verdict.problems) == (HealthState.HEALTHY, 100, ())


def test_nothing_asked_is_unknown():
    verdict = judged(tally(calls=0, seconds=0))

    assert (verdict.state, verdict.score, verdict.services) == (HealthState.UNKNOWN, None, ())


@pytest.mark.parametrize(
    ("lost", "score"),
    [
        ({"unavailable": 40}, 60),  # each call without an answer is lost
        ({"malformed": 40}, 60),  # so is each that cannot be read
        ({"throttled": 40}, 80),  # half of each that was throttled
        ({"refused": 40}, 92),  # a fifth of each that was refused
        ({"unavailable": 10, "throttled": 10, "refused": 10, "malformed": 10}, 73),  # 10 + 10 + 5 + 2
    ],
)
def test_a_service_loses_what_its_calls_lost(lost, score):
    verdict = judged(tally(**lost))

    assert verdict.services[0].score == verdict.score == score


def test_five_minutes_after_five_minutes_are_added_up():
    (service,) = judged(tally(calls=10, seconds=1.0, throttled=1), tally(calls=30, seconds=5.0, throttled=3)).services

    # 6 seconds for 40 calls.
    assert (service.calls, service.throttled, service.mean_seconds) == (40, 4, 0.15)


def test_one_dead_service_among_many_is_seen_and_does_not_condemn_the_account():
    tallies = [tally(f"service-{number}") for number in range(39)]

    verdict = judged(*tallies, tally("dead", calls=10, unavailable=10))

    # The mean of the forty is 97.5 and the worst 0: two thirds of the one and a third of the other.
    assert verdict.score == 65
    assert verdict.state is HealthState.DEGRADED


def test_one_dead_service_of_two_is_failing():
    verdict = judged(tally(), tally("dead", calls=10, unavailable=10))

    # Two thirds of the mean, which is 50.
    assert (verdict.score, verdict.state) == (33, HealthState.FAILING)


def test_an_account_that_gives_nothing_scores_nothing_even_if_every_answer_is_a_polite_no():
    verdict = judged(tally("sts", calls=3, refused=3))

    assert (verdict.score, verdict.state) == (0, HealthState.FAILING)
    (problem,) = verdict.problems
    assert problem.kind is ProblemKind.REFUSED
    assert problem.message == "sts refused all of 3 calls in the last hour."


def test_unanswered_calls_are_told_in_numbers():
    (problem,) = judged(tally(calls=120, unavailable=40)).problems

    assert (problem.kind, problem.service) == (ProblemKind.UNANSWERED, "ec2")
    assert problem.message == "ec2 did not answer 40 of 120 calls in the last hour."
    assert problem.advice


@pytest.mark.parametrize(
    ("lost", "kind"),
    [
        ("throttled", ProblemKind.THROTTLED),
        ("malformed", ProblemKind.MALFORMED),
        ("unavailable", ProblemKind.UNANSWERED),
    ],
)
def test_one_lost_call_in_twenty_is_told_and_less_is_not(lost, kind):
    assert [one.kind for one in judged(tally(calls=100, **{lost: 5})).problems] == [kind]
    assert judged(tally(calls=100, **{lost: 4})).problems == ()


def test_an_open_breaker_scores_nothing_and_says_when_it_is_asked_again():
    verdict = judged(tally(calls=120, unavailable=40), breakers=(breaker(),))

    assert verdict.services[0].score == 0
    (problem,) = verdict.problems
    assert problem.kind is ProblemKind.RESTING
    assert problem.message == (
        "ec2 did not answer 40 of 120 calls in the last hour; CloudWatcher asks again at 12:07 UTC."
    )


def test_a_breaker_that_others_opened_counts_as_a_service_too():
    verdict = judged(tally("s3"), breakers=(breaker(),))

    # s3 has 100, ec2 0: (2 * 50 + 0) / 3.
    assert verdict.score == 33
    assert "the calls of other readings" in verdict.problems[0].message


def test_a_half_open_breaker_is_being_tried_and_a_closed_one_is_no_trouble():
    trying = judged(tally(), breakers=(breaker(state=BreakerState.HALF_OPEN),))
    over = judged(tally(), breakers=(breaker(state=BreakerState.CLOSED),))

    assert "is asking again just now" in trying.problems[0].message
    assert (over.state, over.problems) == (HealthState.HEALTHY, ())


def test_a_missing_permission_is_named_once_and_makes_a_healthy_account_degraded():
    gaps = tuple(gap(GapCause.PERMISSION, "s3:GetBucketAcl") for _ in range(3))

    verdict = judged(tally("s3"), gaps=gaps)

    assert (verdict.score, verdict.state) == (100, HealthState.DEGRADED)
    (problem,) = verdict.problems
    assert (problem.kind, problem.service) == (ProblemKind.PERMISSION, "s3")
    assert problem.message == "The permission s3:GetBucketAcl is missing."


def test_a_missing_plan_is_named():
    (problem,) = judged(tally(), gaps=(gap(GapCause.PLAN, "GitHub Enterprise", "audit-log"),)).problems

    assert problem.message == "audit-log offers this with GitHub Enterprise only."


def test_other_gaps_of_a_service_are_one_problem_that_counts_them():
    gaps = (gap(GapCause.CUT_SHORT, reason="The list does not end."), gap(GapCause.THROTTLED), gap(GapCause.FAILED))

    (problem,) = judged(tally(), gaps=gaps).problems

    assert problem.kind is ProblemKind.INCOMPLETE
    assert problem.message == "The list does not end. And 2 more."


def test_a_permission_without_a_name_is_told_in_the_providers_words():
    (problem,) = judged(tally(), gaps=(gap(GapCause.PERMISSION, reason="No access to this."),)).problems

    assert (problem.kind, problem.message) == (ProblemKind.PERMISSION, "No access to this.")


def test_problems_are_bounded():
    gaps = tuple(gap(GapCause.PERMISSION, f"s3:Get{number:03}") for number in range(300))

    assert len(judged(tally(), gaps=gaps).problems) == MOST_PROBLEMS


def test_figures_that_wander_are_no_news():
    assert not has_changed(judged(tally(unavailable=21)), judged(tally(calls=1000, unavailable=220)))


@pytest.mark.parametrize(
    "after",
    [
        judged(tally(unavailable=31)),  # another ten
        judged(tally(calls=0, seconds=0)),  # no score any more
        judged(tally(unavailable=25), gaps=(gap(GapCause.PERMISSION, "s3:GetBucketAcl"),)),  # another problem
    ],
)
def test_another_ten_or_another_problem_is_news(after):
    assert has_changed(judged(tally(unavailable=21)), after)


def test_another_permission_is_news_though_all_figures_are_the_same():
    before, after = (judged(tally(), gaps=(gap(GapCause.PERMISSION, name),)) for name in ("s3:GetA", "s3:GetB"))

    assert has_changed(before, after)
