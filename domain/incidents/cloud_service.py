"""Which service of a cloud something is about: bills, logs and native ids name one service in different words."""

# Names on bills that share no word with the one in ids and logs. Source: AWS Price List service codes and the endpoints
# of the AWS General Reference.
_ON_BILLS = {
    "amazon elastic compute cloud": "ec2",
    "amazon elastic compute cloud - compute": "ec2",
    "ec2 - other": "ec2",
    "amazon simple storage service": "s3",
    "amazon relational database service": "rds",
    "amazon elastic container service": "ecs",
    "amazon elastic kubernetes service": "eks",
    "amazon simple queue service": "sqs",
    "amazon simple notification service": "sns",
    "aws key management service": "kms",
    "amazoncloudwatch": "cloudwatch",
}
_SELLERS = ("amazon ", "aws ", "amazon", "aws")
_ENDINGS = (".amazonaws.com", ".googleapis.com")


def service_of(name: str | None) -> str | None:
    """A short name of a service, in lower case: "Amazon EC2", "AmazonEC2" and "ec2.amazonaws.com" are all ec2.

    None for None and for what is empty.
    """
    text = (name or "").strip().lower()
    if text in _ON_BILLS:
        return _ON_BILLS[text]
    for ending in _ENDINGS:
        text = text.removesuffix(ending)
    for seller in _SELLERS:
        if text.startswith(seller):
            return text.removeprefix(seller) or None
    return text or None


def service_in(native_id: str | None) -> str | None:
    """The service that a native id names; None where it names none.

    Amazon Resource Names (arn:partition:service:…), ids of Azure (/subscriptions/…/providers/<service>/…) and full
    names of Google Cloud (//<service>.googleapis.com/…) do; ids such as vol-1 or i-1 do not.
    """
    text = native_id or ""
    if text.startswith("arn:"):
        return service_of(text.split(":", 3)[2])
    if text.startswith("//"):
        return service_of(text[2:].partition("/")[0])
    return service_of(text.lower().partition("/providers/")[2].partition("/")[0])
