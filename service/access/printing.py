"""The first letters of a case: one for each unit, printed and put into letterboxes.

The link is made of the letter's id, so that a printing that was interrupted is printed again as it was.
"""

import html
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import segno
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from formats.csv_table import csv_text
from models.tables import Letter, OwnerReplacement
from models.values.actor import Actor
from models.values.base import Carried
from runtime.privacy.keys import PersonKeys
from runtime.record.journal import id_from
from service.access import facts
from service.access.letters import (
    GOOD_FOR,
    PRINTED,
    first_letters,
    link_of,
    token_again,
    token_hash,
    token_of,
)
from service.access.priced import price_lines
from service.bodies import CommandBody
from service.estates.units import owner_secret_of
from service.paper.letters import PaperLetter, Progress, letters_pdf, silent
from service.paper.typesetting import missing_characters
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation

PIECE = 2_000
PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>{title}</title>
<style>
@page{{size:A4;margin:20mm}}
body{{font-family:sans-serif;font-size:12pt;line-height:1.5}}
section{{break-after:page;break-inside:avoid}}
section:last-child{{break-after:auto}}
svg{{width:45mm;height:45mm}}
.link{{font-family:monospace;overflow-wrap:anywhere}}
.en{{color:#444}}
</style>
{letters}</html>
"""
LETTER = """<section><h1>{title}</h1><h2>房号 / Unit {unit}</h2>
<p>致本房屋全体业主：凭此信可在线参加表决、提出意见和异议。</p>
<p class="en">To all owners of this unit: with this letter you vote, give opinions and object online.</p>
<p>一、扫描二维码，或输入下面的链接。<span class="en">1. Scan the code, or type the link.</span></p>
{qr}<p class="link">{link}</p>
{prices}<p>二、{fact}</p><p class="en">2. {fact_en}</p>
<p>有效期至 {until}。名下有多套房屋的，合计一票，以最后投出的一票为准。共有人由一名代表办理；承租人不是业主。请勿转发链接或拍照外传。</p>
<p class="en">Good until {until}. All units of one owner have one ballot together; the last one counts. Co-owners act through one of them; a tenant is not the owner. Do not pass on
the link or a photograph of it.</p>
<p>信件遗失、被他人拆阅或房屋已出售，请告知业主委员会：本信即作废，另发新信。</p>
<p class="en">If it was lost or opened by somebody else, or the unit was sold, tell the owners' committee: it
voids this letter and makes a new one.</p></section>
"""
FACTS = {
    "roll": (
        "进入时请输入全体业主的证件号码，用分号隔开。",
        "Enter with the identity numbers of all owners, with semicolons between them.",
    ),
    "code": (
        "请携带证件到业主委员会当面领取验证码，进入时输入。",
        "Show your papers to the committee, which tells you a code in person; enter with it.",
    ),
}
_DIGITS = re.compile(r"([0-9]+)")
HEADING = "致业主的信"
INVITES = (
    "您所在的小区正在组织老旧小区改造，请您参加业主表决。用手机扫描下面的二维码，即可进入本项目页面，"
    "查看方案、参加表决、查询本户分摊金额、提出意见。"
)
SEVERAL = "名下有多套房屋的业主，各套房屋合计为一票，以截止前最后投出的一票为准。"
GOOD_UNTIL = "本函有效期至 {until}。"
KEPT_SAFE = "本函用于核验本户身份，请妥善保管，勿转交他人；如有遗失，请立即联系业主委员会补发。"
FOOT = "本函由业主委员会（或社区居民委员会）送达本户。不收取任何费用；凡索要钱款或验证码的均非本项目人员。"


UNPRINTED = (
    "印制说明（本页不送达）：下列房号的姓名中有现有字体没有字形的字，在信上印为空框。请系统管理员补充字体"
    "（设置项 GONGJIAN_PAPER_FONTS）后重新打印，或在信上手写补正。"
)


class PrintedLetter(Carried):
    """One letter as it is printed; `fact` says what is asked beside the link."""

    unit_number: str
    link: str
    fact: str
    expires_at: datetime
    owners: tuple[str, ...] = ()
    """Their names as the roll has them: the letter goes to them."""
    prices: tuple[str, ...] = ()
    """What the answers of the announced vote cost this home, as sentences; none before it is announced."""


async def print_letters(
    parts: Parts, situation: Situation, actor: Actor, command: CommandBody
) -> tuple[PrintedLetter, ...]:
    """Make the letters of the units that have none, and give those with which nobody has entered.

    Letters that were made anew for a unit are not among them: another official hands those out. Nor are
    those whose code the asker has told; and whoever has printed tells no code of what they have printed.
    """

    async def change(session: AsyncSession, _now: datetime, _key: str) -> tuple[str, Details]:
        rows = await _missing(session, parts, situation, actor)
        for first in range(0, len(rows), PIECE):
            await session.execute(insert(Letter), rows[first : first + PIECE])
        return command.command_id, {"letters": len(rows)}

    await accept(parts.journal, situation, actor, command, PRINTED, change)
    async with parts.database.session() as session:
        letters = await session.scalars(select(Letter).where(*first_letters(situation, actor)))
        owners = await facts.load_owners(
            session, PersonKeys.of(parts.settings), situation.estate_id
        )
        prices = await price_lines(session, situation)
        made = (
            PrintedLetter(
                unit_number=letter.unit_number,
                link=link_of(parts, token),
                fact=letter.fact,
                expires_at=letter.expires_at,
                owners=tuple(owners[letter.unit_number].names),
                prices=prices.get(letter.unit_number, ()),
            )
            for letter in letters
            if (token := token_again(parts.keys, letter.id, letter.token_hash)) is not None
        )
        return tuple(sorted(made, key=lambda each: as_walked(each.unit_number)))


def as_walked(unit_number: str) -> tuple[tuple[str, int], ...]:
    """The order in which somebody goes from door to door: 2-101 comes before 10-101."""
    parts = _DIGITS.split(unit_number)
    return tuple(
        ("", int(part)) if part.isascii() and part.isdigit() else (part, 0) for part in parts
    )


async def _missing(
    session: AsyncSession, parts: Parts, situation: Situation, actor: Actor
) -> list[dict[str, object]]:
    """The rows of the letters of units that never had one, and were not sold."""
    had = set(
        await session.scalars(
            select(Letter.unit_number).where(
                Letter.renovation_id == situation.id, Letter.kind != "agent"
            )
        )
    )
    had |= set(
        await session.scalars(
            select(OwnerReplacement.unit_number).where(
                OwnerReplacement.renovation_id == situation.id
            )
        )
    )
    secret = owner_secret_of(parts.settings)
    owners = await facts.load_owners(session, PersonKeys.of(parts.settings), situation.estate_id)
    now = await session.scalar(select(func.clock_timestamp()))
    assert now is not None
    rows: list[dict[str, object]] = []
    for unit, each in owners.items():
        if unit in had:
            continue
        letter_id = _first_id(situation, unit)
        rows.append(
            {
                "id": letter_id,
                "renovation_id": situation.id,
                "kind": "unit",
                "unit_number": unit,
                "fact": "roll" if facts.roll_has_numbers(each, secret) else "code",
                "token_hash": token_hash(token_of(parts.keys, letter_id)),
                "made_by": actor.id,
                "made_at": now,
                "handed_by": actor.id,
                "expires_at": now + GOOD_FOR,
            }
        )
    return rows


def _first_id(situation: Situation, unit_number: str) -> str:
    return f"l{id_from(f'{situation.id}/{unit_number}')}"


def as_csv(letters: Iterable[PrintedLetter], zone: tzinfo) -> str:
    """unit,link,fact,good_until,how: what a letter shop prints; `how` is the sentence for the resident."""
    lines = (
        (each.unit_number, each.link, each.fact, _day(each, zone), FACTS[each.fact][0])
        for each in letters
    )
    return csv_text((("unit", "link", "fact", "good_until", "how"), *lines))


def as_pdf(
    letters: Sequence[PrintedLetter],
    title: str,
    zone: tzinfo,
    more_fonts: Path | None = None,
    progress: Progress = silent,
) -> bytes:
    """One PDF, a page for each letter, with its names and its link as a QR code."""
    return letters_pdf(
        sheets_of(letters, zone),
        *(title, HEADING, FOOT),
        note=note_of(letters, more_fonts),
        more_fonts=more_fonts,
        progress=progress,
    )


def note_of(letters: Iterable[PrintedLetter], more_fonts: Path | None = None) -> list[str]:
    """To whoever prints the letters: in which of them a name has a character that no font has; else nothing."""
    names = {each.unit_number: "".join(each.owners) for each in letters}
    missing = missing_characters(names.values(), more_fonts)
    lines = [
        f"{unit}：{'、'.join(f'U+{ord(each):04X}' for each in missing if each in name)}"
        for unit, name in names.items()
        if set(missing) & set(name)
    ]
    return [UNPRINTED, *lines] if lines else []


def sheets_of(letters: Iterable[PrintedLetter], zone: tzinfo) -> list[PaperLetter]:
    """What stands on the page of each letter."""
    return [
        PaperLetter(
            unit_number=each.unit_number,
            owners=each.owners,
            text=(
                *(INVITES + SEVERAL, *each.prices),
                FACTS[each.fact][0] + GOOD_UNTIL.format(until=_day(each, zone)) + KEPT_SAFE,
            ),
            link=each.link,
        )
        for each in letters
    ]


def as_pages(letters: Iterable[PrintedLetter], title: str, zone: tzinfo) -> str:
    """A page of HTML for each letter, with the link as a QR code; it loads nothing."""
    written = "".join(_page(each, html.escape(title), zone) for each in letters)
    return PAGE.format(title=html.escape(title), letters=written)


def _page(letter: PrintedLetter, title: str, zone: tzinfo) -> str:
    fact, fact_en = FACTS[letter.fact]
    return LETTER.format(
        title=title,
        unit=html.escape(letter.unit_number),
        link=html.escape(letter.link),
        qr=segno.make(letter.link, error="m", mask=0).svg_inline(scale=4),
        prices="".join(f"<p>{html.escape(line)}</p>\n" for line in letter.prices),
        fact=fact,
        fact_en=fact_en,
        until=_day(letter, zone),
    )


def _day(letter: PrintedLetter, zone: tzinfo) -> str:
    """The last whole day on which the letter is good, where the estate is."""
    return (letter.expires_at.astimezone(zone) - timedelta(days=1)).date().isoformat()
