import pytest

from models.credit_codes import LETTERS, check_character, is_credit_code

REAL = (
    "91350100M000100Y43",  # the example of GB 32100-2015
    "9144030071526726XG",
    "914403001922038216",
    "91330100799655058B",
    "91110000802100433B",
)


@pytest.mark.parametrize("code", REAL)
def test_codes_of_the_register_have_their_check_character(code: str) -> None:
    assert is_credit_code(code)


@pytest.mark.parametrize("code", REAL)
def test_one_wrong_character_is_found_wherever_it_is(code: str) -> None:
    for place, right in enumerate(code):
        for wrong in set(LETTERS) - {right}:
            assert not is_credit_code(code[:place] + wrong + code[place + 1 :])


def test_two_neighbours_that_changed_places_are_found() -> None:
    code = REAL[1]
    swapped = [
        code[:at] + code[at + 1] + code[at] + code[at + 2 :]
        for at in range(16)
        if code[at] != code[at + 1]
    ]
    assert swapped
    assert not any(map(is_credit_code, swapped))


def test_every_remainder_has_its_character() -> None:
    codes = [f"91350100M0001000{each}" for each in LETTERS]
    assert {check_character(code) for code in codes} == set(LETTERS)
