"""What is signed of a chain: its end, so that nobody without a key can cut it shorter. Signing is done elsewhere."""

from typing import Any

HEAD_FORM = "cloudwatcher-audit-head-1"


def head_members(org_id: object, seq: int, hash: str) -> dict[str, Any]:
    """What is signed of the end of a chain: whose chain, how many entries it has ever had, the hash of the last."""
    return {"form": HEAD_FORM, "org_id": str(org_id), "seq": seq, "hash": hash}
