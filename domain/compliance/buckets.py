"""The buckets of an account in AWS."""

from domain.compliance.answers import Answers


def bucket_names(answers: Answers) -> list[str]:
    """Each once, however many regions have listed it. Raises as `Answers.calls`."""
    return sorted({one["Name"] for one in answers.items("s3.list_buckets", "Buckets")})
