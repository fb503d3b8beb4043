"""Statements: lines that add up to the bill to the cent, totals, differences and the hash of a version."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.costs.statement import (
    Bill,
    Share,
    Target,
    month_after,
    statement_changes,
    statement_hash,
    statement_lines,
    statement_totals,
)
from domain.costs.statement_notice import statement_notice
from domain.costs.statement_paper import StatementPaper, table_rows
from domain.facts.statement import Adjustment, StatementAmounts, StatementKind

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def share(name, billed, effective="0", currency="USD"):
    return Share(Target(name, name, "TEAM"), currency, Decimal(billed), Decimal(effective))


def bill(billed, effective="0"):
    return Bill(Decimal(billed), Decimal(effective))


def adjustment(amount, target="web", currency="USD"):
    return Adjustment(
        id="1",
        target=target,
        name=str(target),
        currency=currency,
        amount=Decimal(amount),
        reason="why",
        by="user:1",
        at=NOW,
    )


def amounts(shares, bills, *adjustments):
    lines = statement_lines(shares, bills)
    return StatementAmounts(
        lines=lines,
        adjustments=adjustments,
        totals=statement_totals(lines, adjustments),
        basis="allocation rules, version 1",
    )


def shown(lines):
    return [(line.target, line.currency, str(line.billed), str(line.effective)) for line in lines]


def test_thirds_of_a_cent_are_given_out_so_that_nothing_is_lost():
    lines = statement_lines([share(name, "3.333333") for name in "abc"], {"USD": bill("10")})

    # 3.333333 three times is 9.999999, so a millionth is left: the missing cent goes to the first of the equals.
    assert shown(lines) == [
        ("a", "USD", "3.34", "0.00"),
        ("b", "USD", "3.33", "0.00"),
        ("c", "USD", "3.33", "0.00"),
    ]


def test_what_nobody_was_given_is_a_line_and_currencies_stay_apart():
    lines = statement_lines(
        [share("web", "6", "5"), share("ops", "1", currency="EUR")], {"USD": bill("10", "9"), "EUR": bill("1")}
    )

    assert shown(lines) == [
        ("ops", "EUR", "1.00", "0.00"),
        ("web", "USD", "6.00", "5.00"),
        (None, "USD", "4.00", "4.00"),
    ]
    assert lines[-1].name == "Not allocated"


def test_shares_of_an_older_bill_leave_the_difference_to_nobody():
    lines = statement_lines([share("web", "12")], {"USD": bill("10")})

    assert shown(lines) == [("web", "USD", "12.00", "0.00"), (None, "USD", "-2.00", "0.00")]


AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=9, allow_nan=False)


@settings(max_examples=60)
@given(parts=st.lists(AMOUNTS, max_size=12), rest=AMOUNTS)
def test_lines_add_up_to_the_bill_and_no_line_is_a_cent_off(parts, rest):
    whole = sum(map(Fraction, parts), Fraction(rest))
    exact = Decimal(whole.numerator * 10**9 // whole.denominator).scaleb(-9)

    lines = statement_lines([share(f"{n:02}", part) for n, part in enumerate(parts)], {"USD": Bill(exact, exact)})

    # Half a cent goes to the even one, as Python rounds too.
    assert sum(Fraction(line.billed) for line in lines) == Fraction(round(whole * 100), 100)
    by_target = {line.target: Fraction(line.billed) for line in lines}
    for number, part in enumerate(parts):
        assert abs(by_target.get(f"{number:02}", Fraction()) - Fraction(part)) < Fraction(1, 100)


def test_totals_state_adjustments_apart():
    found = amounts([share("web", "6", "5")], {"USD": bill("10", "9")}, adjustment("-1.50"), adjustment("2", None))

    (total,) = found.totals
    assert (total.billed, total.effective, total.adjusted, total.due) == (10, 9, Decimal("0.5"), Decimal("10.5"))


def test_an_adjustment_in_a_currency_without_costs_has_a_total():
    found = amounts([], {}, adjustment("3", currency="EUR"))

    (total,) = found.totals
    assert (total.currency, total.billed, total.due) == ("EUR", 0, 3)


def test_a_difference_tells_per_target_what_was_and_what_is():
    old = amounts([share("web", "6"), share("gone", "1")], {"USD": bill("7")}, adjustment("1"))
    new = amounts([share("web", "6"), share("new", "2")], {"USD": bill("9")}, adjustment("1"))

    changes = statement_changes(old, new)

    assert [(one.target, one.old, one.new, one.difference) for one in changes] == [
        ("gone", 1, 0, -1),
        ("new", 0, 2, 2),
        ("web", 7, 7, 0),
        (None, 0, 1, 1),
    ]


def test_the_hash_covers_everything_and_nothing_else():
    about = {"number": 1, "kind": StatementKind.SHOWBACK, "closed_at": NOW}
    one, same = (amounts([share("web", "6")], {"USD": bill("7")}) for _ in range(2))
    other = amounts([share("web", "6.01")], {"USD": bill("7")})

    assert statement_hash(about, one) == statement_hash(about, same)
    assert (
        len({statement_hash(about, one), statement_hash(about, other), statement_hash(about | {"number": 2}, one)}) == 3
    )


@pytest.mark.parametrize(
    ("month", "after"), [((2026, 1), (2026, 2)), ((2026, 12), (2027, 1)), ((2024, 11), (2024, 12))]
)
def test_the_month_after(month, after):
    assert month_after(date(*month, 1)) == date(*after, 1)


def test_a_notice_has_the_totals_and_the_dearest():
    shares = [share(f"team {n:02}", f"{n}") for n in range(1, 26)]
    found = amounts(shares, {"USD": bill("1325")}, adjustment("-5"))

    notice = statement_notice(found, subject="statement:1", title="Statement", organization="ACME", at=NOW, link="x")

    assert notice.title == "Statement: ACME"
    assert [(line.label, line.text) for line in notice.lines[:3]] == [
        ("Due in USD", "1,320.00 USD (billed 1,325.00, adjusted by -5.00)"),
        ("Not allocated", "1,000.00 USD"),
        ("team 25", "25.00 USD"),
    ]
    assert notice.lines[-1].text == "6 lines in the statement"
    assert "Due in USD: 1,320.00" in notice.message


def test_a_notice_of_few_lines_has_them_all():
    found = amounts([share("web", "6")], {"USD": bill("6")})

    notice = statement_notice(found, subject="statement:1", title="Statement", organization="ACME", at=NOW, link="x")

    assert [(line.label, line.text) for line in notice.lines] == [
        ("Due in USD", "6.00 USD (billed 6.00)"),
        ("web", "6.00 USD"),
    ]


def test_a_paper_says_what_it_is():
    found = amounts([share("web", "6")], {"USD": bill("7")}, adjustment("-1"))
    dated = found.model_copy(update={"costs_loaded_at": NOW})
    draft = StatementPaper("ACME", "2026-10", StatementKind.SHOWBACK, found)
    closed = StatementPaper("ACME", "2026-10", StatementKind.CHARGEBACK, dated, 2, "user:1", NOW, "ab" * 32)

    assert draft.title == "Showback statement 2026-10"
    assert dict(draft.facts())["Version"] == "Draft, may still change"
    assert dict(draft.facts()).keys() == {"Organization", "Month", "Version", "Costs given by"}
    assert dict(closed.facts())["Closed"] == "2026-11-02T00:00:00Z by user:1"
    assert dict(closed.facts())["Costs loaded at"] == "2026-11-02T00:00:00Z"
    assert [row[:2] for row in table_rows(found)] == [
        ("Costs", "web"),
        ("Costs", "Not allocated"),
        ("Adjustment", "web"),
        ("Total", None),
    ]
    assert sum(row[7] for row in table_rows(found) if row[0] != "Total") == next(
        row[7] for row in table_rows(found) if row[0] == "Total"
    )
