"""Why a home owes what it owes, in words and figures: of the page and of the paper alike."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from models.values.cost_sharing import CostKey
from models.values.explanation import Explanation, LateLine, ShareReason
from runtime.language import amounts
from service.pages.display import Language
from service.pages.wording import text

Fact = tuple[str, str]
Line = tuple[ShareReason, Sequence[Fact], str, str, str]
DECIMALS = 4
AREAS = frozenset({CostKey.AREA})


def lines_of(why: Explanation, language: Language) -> tuple[Line, ...]:
    """Of each item: its factors, the own weight, the sum of weights, and the exact part in yuan."""
    return tuple(
        (
            each,
            [
                (
                    text(f"page.share_factor_{factor.name}", language, {}),
                    _value(factor.name, factor.value),
                )
                for factor in each.factors
            ],
            _weight(each, each.weight),
            _weight(each, each.weights),
            f"{_decimal(each.exact_fen / 100)}",
        )
        for each in why.items
    )


def rounding_of(why: Explanation, language: Language) -> tuple[str, ...]:
    """How the exact parts became whole fen, and why there is a fen more or none."""
    say = _sayer(language)
    exact = f"{_decimal(why.exact_fen / 100)}"
    if why.cut is None:
        return (
            say("page.share_rounded_per_item"),
            *(
                say(
                    "page.share_place_item",
                    item=each.title,
                    place=each.place,
                    fen=each.cut.fen,
                    last=each.cut.unit or "-",
                )
                for each in why.items
                if each.cut and each.place
            ),
        )
    told = [
        say("page.share_rounded_whole", exact=exact, total=amounts.money(why.total_fen, language))
    ]
    if not why.place:
        return (*told, say("page.share_whole_fen"))
    place = {"place": why.place, "fen": why.cut.fen, "last": why.cut.unit or "-"}
    remainder = _decimal(why.exact_fen % 1)
    if why.passed_over:
        return (*told, say("page.share_passed_over", **place, remainder=remainder))
    return (
        *told,
        say("page.share_place", **place, remainder=remainder, cut=_decimal(why.cut.remainder)),
    )


def joined_of(why: Explanation, language: Language) -> tuple[Fact, ...]:
    """What joining an item later has changed (E19), below the share by the scheme; nothing where nobody has."""
    if not why.late:
        return ()
    say = _sayer(language)
    before = (say("page.joined_before"), amounts.money(why.total_fen, language))
    lines = (
        (_joined(each, language), amounts.money(each.amount_fen, language)) for each in why.late
    )
    return (before, *lines, (say("page.share"), amounts.money(why.charged_fen, language)))


def joined_means(why: Explanation, language: Language) -> tuple[str, ...]:
    """What follows from a joining for whoever has joined, and for its neighbours."""
    say = _sayer(language)
    own = any(each.own for each in why.late)
    others = any(not each.own for each in why.late)
    return (
        *((say("page.joined_access"),) if own else ()),
        *((say("page.joined_back"),) if others else ()),
    )


def _joined(line: LateLine, language: Language) -> str:
    say = _sayer(language)
    told = say(
        "page.joined_own" if line.own else "page.joined_other",
        item=line.title,
        whole=amounts.money(line.whole_fen, language),
        weight=_weight(line, line.weight),
        weights=_weight(line, line.weights),
    )
    if not line.uplift_permille:
        return told
    return f"{told}{say('page.joined_uplift', percent=amounts.percent(line.uplift_permille))}"


def _sayer(language: Language) -> Callable[..., str]:
    def say(code: str, **params: str | int) -> str:
        return text(code, language, params)

    return say


def _value(name: str, value: Fraction) -> str:
    return amounts.area(int(value)) if name.endswith("_dm2") else _decimal(value)


def _weight(item: ShareReason | LateLine, weight: Fraction) -> str:
    return amounts.area(int(weight)) if item.key in AREAS else _decimal(weight)


def _decimal(value: Fraction) -> str:
    """With four decimals, cut off, and "…" where there are more."""
    whole, rest = divmod(value * 10**DECIMALS, 1)
    before, after = divmod(whole, 10**DECIMALS)
    written = f"{before:,}.{after:0{DECIMALS}}"
    return f"{written}…" if rest else written.rstrip("0").rstrip(".")
