import pytest

from domain.endpoint import check_endpoint, is_forbidden_address
from domain.errors import Invalid

METADATA = [
    "http://169.254.169.254/latest/meta-data",
    "http://169.254.170.2",
    "http://[fe80::1]",
    "http://[fe80::1%25eth0]",
    "http://[fd00:ec2::254]",
    "http://[::ffff:169.254.169.254]",
    "http://[::ffff:a9fe:a9fe]",
    "http://[64:ff9b::169.254.169.254]",
    "http://[2002:a9fe:a9fe::]",
    "http://168.63.129.16",
    "http://100.100.100.200",
    "http://metadata.google.internal",
    "http://METADATA.google.internal.",
    "http://metadata/computeMetadata",
    "http://instance-data/latest",
    "http://0.0.0.0:5000",
    "http://[::]",
    "http://224.0.0.1",
    "http://2852039166",  # 169.254.169.254 as one number
    "http://0xa9fea9fe",
    "http://0xa9.0xfe.0xa9.0xfe",
    "http://169.254.43518",
    "http://127.1",
]
PRIVATE = [
    "http://127.0.0.1:5000",
    "http://localhost:5000",
    "http://moto.localhost",
    "http://10.1.2.3",
    "http://172.16.0.1",
    "http://192.168.1.1",
    "http://100.64.0.1",
    "http://[::1]:5000",
    "http://[fd12:3456::1]",
    "http://[::ffff:10.0.0.1]",
    "http://moto:5000",
]
PUBLIC = ["https://ec2.us-gov-west-1.amazonaws.com", "https://sts.example.com:8443/aws", "http://8.8.8.8"]


@pytest.mark.parametrize("url", METADATA)
@pytest.mark.parametrize("allow_private", [True, False])
def test_addresses_that_serve_secrets_are_refused_always(url, allow_private):
    with pytest.raises(Invalid) as refusal:
        check_endpoint(url, allow_private)

    assert refusal.value.path == ("endpoint_url",)


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_are_refused_unless_allowed(url):
    with pytest.raises(Invalid):
        check_endpoint(url, allow_private=False)

    assert check_endpoint(url, allow_private=True) == url


@pytest.mark.parametrize("url", PUBLIC)
def test_public_addresses_are_taken(url):
    assert check_endpoint(url, allow_private=False) == url


def test_trailing_slash_is_dropped():
    assert check_endpoint("https://sts.example.com/", allow_private=False) == "https://sts.example.com"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sts.example.com",
        "ftp://sts.example.com",
        "file:///etc/passwd",
        "gopher://sts.example.com",
        "http://",
        "https:///path",
        "http://sts.example.com:0",
        "http://sts.example.com:99999",
        "http://sts.example.com:port",
        "http://[::1",
        "http://sts.exam ple.com",
        "http://sts.example.com\r\nHost: x",
        "http://sts.example.com\\@evil.example",
        "http://user@sts.example.com",
        "http://user:password@sts.example.com",
        "http://@sts.example.com",
        "https://sts.example.com/?a=b",
        "https://sts.example.com/#top",
    ],
)
def test_what_is_no_plain_web_address_is_refused(url):
    with pytest.raises(Invalid):
        check_endpoint(url, allow_private=True)


def test_refusal_does_not_repeat_a_password():
    with pytest.raises(Invalid) as refusal:
        check_endpoint("https://user:hunter2@sts.example.com", allow_private=True)

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("address", "forbidden"), [("169.254.169.254", True), ("fe80::1%eth0", True), ("8.8.8.8", False)]
)
def test_resolved_addresses_are_judged_the_same(address, forbidden):
    assert is_forbidden_address(address, allow_private=True) is forbidden
