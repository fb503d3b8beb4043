"""A refusal reads as a sentence with its place."""

from domain.costs.problem import BadCostFile, Problem
from domain.errors import Invalid


def test_one_problem_is_told_with_its_place():
    bad = BadCostFile("a.csv", [Problem("is not a number.", 3, 4, "BilledCost", "x")])

    assert str(bad) == "a.csv: row 3 (line 4), column BilledCost: 'x' is not a number."
    assert isinstance(bad, Invalid)
    assert (bad.code, bad.path, bad.file) == ("BAD_USER_INPUT", ("files", "a.csv"), "a.csv")


def test_further_problems_are_counted():
    problem = Problem("is empty.", 3, column="BilledCost")

    assert str(BadCostFile("a.csv", [problem] * 2)) == "a.csv: row 3, column BilledCost: is empty. (1 other problem)"
    assert str(BadCostFile("a.csv", [problem] * 3)).endswith("(2 other problems)")


def test_a_problem_of_the_whole_file_has_no_place():
    assert str(Problem("the file is empty.")) == "the file is empty."
