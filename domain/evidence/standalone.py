"""Joins the parts of the verifier into the one file that lies in every pack, which needs nothing but Python."""

import ast
import inspect

from domain.evidence import check, ed25519, pack

RUN = 'if __name__ == "__main__":\n    sys.exit(main())\n'


def verify_file() -> str:
    """The text of verify.py: the modules one after another, without what only a package needs."""
    opening = inspect.getdoc(pack)
    parts = [f'"""{opening}\n"""\n\nfrom __future__ import annotations\n']
    parts += [_body(inspect.getsource(module)) for module in (ed25519, check, pack)]
    return "\n".join([*parts, RUN])


def _body(source: str) -> str:
    """Everything after the docstring but imports of our own and of the future."""
    lines, dropped = source.splitlines(), set[int]()
    for node in ast.parse(source).body:
        is_opening = isinstance(node, ast.Expr) and node.lineno == 1
        is_ours = isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in ("domain", "__future__")
        if is_opening or is_ours:
            dropped.update(range(node.lineno, (node.end_lineno or 0) + 1))
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in dropped) + "\n"
