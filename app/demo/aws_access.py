"""How one signs in to the stand-in AWS account."""

from app.demo.aws_content import REGIONS
from domain.facts.aws_credentials import AwsCredentials

# moto takes any key. It notes the last use of keys it knows, so this one is none of the account's.
ACCESS_KEY_ID, SECRET_ACCESS_KEY = "AKIADEMOCLOUDWATCHER", "stand-in"


def demo_credentials(endpoint_url: str) -> AwsCredentials:
    """What connects the stand-in account, as a customer would connect a real one."""
    return AwsCredentials.model_validate(
        {
            "access_key_id": ACCESS_KEY_ID,
            "secret_access_key": SECRET_ACCESS_KEY,
            "regions": REGIONS,
            "endpoint_url": endpoint_url,
        }
    )
