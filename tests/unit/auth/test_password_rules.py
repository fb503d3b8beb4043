"""Which passwords are refused, and that good ones are not."""

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from auth.password_rules import check_password
from domain.errors import Invalid

COMMON = [password for password in FREQUENCY_LISTS["passwords"] if len(password) >= 12]


async def reason(password: str, email: str = "kim.lee@example.com") -> str | None:
    try:
        await check_password(password, email=email, path=("input", "password"))
    except Invalid as error:
        return error.message
    return None


@pytest.mark.parametrize("password", ["correct horse battery staple", "k3v9xq72mmpd", "Ein Fahrrad ohne Luft fährt"])
async def test_passwords_that_are_hard_to_guess_are_taken(password: str) -> None:
    assert await reason(password) is None


async def test_every_common_password_that_is_long_enough_is_refused() -> None:
    taken = [password for password in COMMON if await reason(password) is None]

    assert len(COMMON) > 200
    assert taken == []


@pytest.mark.parametrize(
    "password", ["password1234", "Password123!", "qwertyuiop12", "passwordpassword", "aaaaaaaaaaaa", "letmein12345"]
)
async def test_passwords_made_of_common_ones_are_refused(password: str) -> None:
    assert "easy to guess" in str(await reason(password))


@pytest.mark.parametrize("password", ["xK9-KIM.LEE-wq7Zp", "zebra-CloudWatcher-9x1"])
async def test_ones_own_address_and_the_product_are_refused(password: str) -> None:
    assert "your address" in str(await reason(password))


async def test_a_short_local_part_is_found_by_chance_and_left_alone() -> None:
    assert await reason("correct horse battery staple", email="ta@example.com") is None


@pytest.mark.parametrize("password", ["k3v9xq72mmp", "k3v9" * 257, "ﬁ"])
async def test_length_counts_in_characters_of_the_normal_form(password: str) -> None:
    assert "12 to 1024" in str(await reason(password))


async def test_a_refusal_names_the_input_and_not_the_password() -> None:
    with pytest.raises(Invalid) as refused:
        await check_password("password1234", email="kim.lee@example.com", path=("input", "password"))

    assert refused.value.path == ("input", "password")
    assert "password1234" not in refused.value.message
