"""What is posted of money and of a tender, read back from the PDF: what its publication says, and no household."""

import io
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pypdfium2
import pytest

from models.values.refusal import Refused
from runtime.database import Database
from service.paper.posted import Kind, posted_pdf
from service.situation import load_situation
from tests.support.estate import make_renovation

NOW = datetime(2026, 11, 27, 16, tzinfo=UTC)


async def published(sql: asyncpg.Connection, rid: str, subject: str, content: str) -> None:
    await sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at)"
        " VALUES ($1, $2, $3, $4::jsonb, $5, $6)",
        *(f"{rid}.{subject}", rid, subject, content, NOW, NOW + timedelta(days=7)),
    )


async def posted(database: Database, rid: str, kind: Kind) -> str:
    situation = await load_situation(database, rid)
    async with database.session() as session:
        pdf = await posted_pdf(session, situation, kind, "https://vote.example.org")
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    text = str(document[0].get_textpage().get_text_bounded())
    document.close()
    return "".join(text.split())


@pytest.fixture
async def rid(database: Database) -> str:
    return await make_renovation(database, rid=f"r{uuid.uuid4().hex[:8]}")


async def test_the_share_table_says_items_keys_and_sums(
    database: Database, owner: str, rid: str
) -> None:
    sql = await asyncpg.connect(owner)
    await published(sql, rid, "share_table", '{"units": 12, "total_fen": 123456789}')
    said = await posted(database, rid, "share-table")
    items = await sql.fetchval("SELECT content->'items' FROM scheme WHERE renovation_id = $1", rid)
    await sql.close()
    assert "改造费用分摊公示" in said
    assert "参与分摊12户，业主共分摊1,234,567.89元" in said
    assert "自2026年11月28日0:00起至2026年12月5日0:00止" in said
    assert "按专有部分面积" in said
    assert '"title"' in items
    assert "1-101" not in said


async def test_the_candidates_stand_in_their_order_with_name_and_price(
    database: Database, owner: str, rid: str
) -> None:
    sql = await asyncpg.connect(owner)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('post-b1', '甲建筑公司', 'contractor', 'd')"
    )
    content = (
        '{"candidates": [{"bidder": "post-b1", "price_fen": 90000000},'
        ' {"bidder": "post-b2", "price_fen": 93000050}]}'
    )
    await published(sql, rid, "candidates", content)
    await sql.close()
    said = await posted(database, rid, "candidates")
    assert "第1名甲建筑公司900,000.00" in said
    assert "第2名post-b2930,000.50" in said
    assert "第五十四条" in said


async def test_what_is_not_published_is_not_posted(database: Database, rid: str) -> None:
    for kind in ("share-table", "candidates"):
        with pytest.raises(Refused, match=r"posted\.no_publication"):
            await posted(database, rid, kind)
