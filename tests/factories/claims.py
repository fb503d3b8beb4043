"""What an access token says."""

from datetime import UTC, datetime

from auth.token import Claims


def claims(token_id: str = "t", session_id: str = "s") -> Claims:
    return Claims(
        user_id="u", token_id=token_id, session_id=session_id, session_version=0, expires_at=datetime.now(UTC)
    )
