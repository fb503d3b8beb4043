"""placeholder"""

from typing import Any


async def check_budgets(ctx: dict[str, Any], *, org_id: str) -> int:
    return 0
