"""Who calls: what a proxy of ours says, and never what the client says of itself."""

import pytest

from app.http.client_address import ClientAddresses, bucket_of, is_loopback

OURS = ClientAddresses(["10.0.0.0/8", "2001:db8:1::/48"])


def scope(peer: str | None, *forwarded: str) -> dict[str, object]:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return {"client": (peer, 50000) if peer else None, "headers": [(b"host", b"x"), *headers]}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", (), "198.51.100.7"),
        ("10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("198.51.100.7, 10.0.0.9",), "198.51.100.7"),  # through two of our proxies
        ("10.0.0.1", ("198.51.100.7", "10.0.0.9"), "198.51.100.7"),  # the header may come in parts
        ("10.0.0.1", ("198.51.100.7:4711",), "198.51.100.7"),
        ("10.0.0.1", ("[2001:db8:2::5]:443",), "2001:db8:2::5"),
        ("2001:db8:1::1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("::ffff:198.51.100.7",), "198.51.100.7"),
        ("::ffff:10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("10.0.0.5",), "10.0.0.5"),  # a client within our own network
        (None, ("198.51.100.7",), "unknown"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy_of_ours(peer, forwarded, client):
    assert OURS.of(scope(peer, *forwarded)) == client


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # Not from a proxy of ours: the header is the client's own invention.
        ("198.51.100.7", ("203.0.113.9",), "198.51.100.7"),
        # A client that invents proxies before it: our proxy adds whom it was really called by.
        ("10.0.0.1", ("203.0.113.9, 198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9", "198.51.100.7"), "198.51.100.7"),
        ("10.0.0.1", ("127.0.0.1, 10.0.0.3, 198.51.100.7",), "198.51.100.7"),
        # What is no address is nobody's: what stands left of it is not believed.
        ("10.0.0.1", ("203.0.113.9, nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.9, , 10.0.0.4",), "10.0.0.4"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("10.0.0.1", ("1" * 5000,), "10.0.0.1"),
        ("10.0.0.1", ("\xff\xfe",), "10.0.0.1"),
    ],
)
def test_a_client_cannot_choose_its_address(peer, forwarded, client):
    assert OURS.of(scope(peer, *forwarded)) == client


def test_without_proxies_of_ours_the_header_says_nothing():
    assert ClientAddresses().of(scope("127.0.0.1", "198.51.100.7")) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("198.51.100.7", "address:198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "address:2001:db8:1:2::/64"),
        ("unknown", "address:unknown"),
    ],
)
def test_addresses_that_one_customer_holds_share_a_bucket(address, key):
    assert bucket_of(address) == key


@pytest.mark.parametrize(
    ("address", "is_own"), [("127.0.0.1", True), ("::1", True), ("10.0.0.1", False), ("unknown", False)]
)
def test_loopback_is_this_machine(address, is_own):
    assert is_loopback(address) is is_own
