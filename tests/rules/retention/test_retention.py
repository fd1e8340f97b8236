import pytest

from rules.retention import KINDS, End, read_periods


def test_every_kind_is_there_once_with_its_article_and_an_end() -> None:
    assert len({each.kind for each in KINDS}) == len(KINDS)
    assert all(each.article and each.starts and each.days >= 0 for each in KINDS)
    assert [each.kind for each in KINDS if each.end is End.HANDED_OVER] == ["record"]


def test_a_deployment_sets_its_own_periods() -> None:
    periods = read_periods(" account=90, contact_of_case=0 ")
    assert (periods["account"], periods["contact_of_case"], periods["owner_name"]) == (90, 0, 1_095)


@pytest.mark.parametrize(
    "text", ["acount=9", "account", "account=x", "account=99999", "access_log=179"]
)
def test_what_is_no_period_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(ValueError, match=text.partition("=")[0]):
        read_periods(text)
