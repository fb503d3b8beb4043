"""Files and functions stay small enough to be read in one go."""

import ast
from statistics import median

from tests.contract.sources import Function, Source, code, sample

LINES_AT_MOST = 500
LINES_WANTED = 300
# A handful may pass 300 lines while it is looked at again; more than that and nobody looks.
LONG_FILES_AT_MOST = 5
BODY_AT_MOST = 40
BODY_MEDIAN = 12
# "path:function" to the reason why it is clearer in one piece.
LONG_FUNCTIONS: dict[str, str] = {}


def files_over(limit: int, sources: tuple[Source, ...]) -> list[str]:
    return [f"{source.path} has {len(source.lines)} lines" for source in sources if len(source.lines) > limit]


def body_lines(function: Function) -> int:
    """Lines below the signature, the docstring aside."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions_over(limit: int, source: Source) -> list[str]:
    return [f"{source.path}:{name}" for name, function in source.functions() if body_lines(function) > limit]


def test_no_file_passes_500_lines():
    assert files_over(LINES_AT_MOST, code() + code("tests", "bench")) == []


def test_few_files_pass_300_lines():
    long = files_over(LINES_WANTED, code())

    assert len(long) <= LONG_FILES_AT_MOST, long


def test_a_long_file_is_noticed():
    assert files_over(LINES_AT_MOST, (sample("\n" * 501),)) == ["documents/sample.py has 501 lines"]
    assert files_over(LINES_AT_MOST, (sample("\n" * 500),)) == []


def test_no_function_passes_40_lines_without_a_reason():
    long = {name for source in code() for name in functions_over(BODY_AT_MOST, source)}

    assert long == set(LONG_FUNCTIONS)


def test_half_of_the_functions_have_12_lines_or_less():
    assert median(body_lines(function) for source in code() for _, function in source.functions()) <= BODY_MEDIAN


def test_a_long_function_is_noticed_wherever_it_hides():
    method = "class A:\n    async def b(self):\n        '''Doc.'''\n" + "        x = 1\n" * 41
    nested = "def a():\n    if True:\n        def b():\n" + "            x = 1\n" * 38 + "    return b\n"

    assert functions_over(BODY_AT_MOST, sample(method)) == ["documents/sample.py:A.b"]
    assert functions_over(BODY_AT_MOST, sample(nested)) == ["documents/sample.py:a"]
    assert functions_over(41, sample(method)) == []
