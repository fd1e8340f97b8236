"""Cases with households that gave addresses, and notices about them in the outbox."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select

from models.tables import Contact, Notice, NoticeMessage
from runtime.database import Database
from runtime.record.journal import Journal
from runtime.settings import Settings
from service.identity.passwords import sealed, secrets_key
from service.notices.sending import NoticeSender


def settings_of(database: Database, **more: Any) -> Settings:
    """Settings of a service that writes to nobody by itself, but for what is said."""
    given = {
        "database_url": database.url,
        "credential_key": "0f" * 32,
        "receipt_key": "1e" * 32,
        "person_key": "7e" * 32,
        "notice_quiet": "",
        "mail_from": "office@gongjian.test",
        "smtp_security": "none",
        "public_url": "https://gongjian.test",
    }
    return Settings(**{**given, **more})


def with_mail(database: Database, port: int, **more: Any) -> Settings:
    return settings_of(database, smtp_host="127.0.0.1", smtp_port=port, **more)


def sender_of(database: Database, settings: Settings, **more: Any) -> NoticeSender:
    return NoticeSender(database, settings, Journal(database), **more)


async def add_contacts(
    database: Database,
    settings: Settings,
    rid: str | None,
    addresses: Mapping[str, str],
    *,
    channel: str = "email",
    actor: bool = False,
    language: str = "zh_CN",
) -> None:
    """A contact for each unit (or actor) with its address."""
    key = secrets_key(settings)
    async with database.held() as session:
        session.add_all(
            Contact(
                id=hashlib.sha256(f"{rid}/{who}/{address}".encode()).hexdigest(),
                renovation_id=None if actor else rid,
                unit_number=None if actor else who,
                access_version=0,
                actor_id=who if actor else None,
                channel=channel,
                address=sealed(key, address),
                language=language,
                consented_at=datetime.now(UTC),
            )
            for who, address in addresses.items()
        )
        await session.commit()


async def add_notice(
    database: Database,
    rid: str,
    template: str = "stage_entered",
    params: Mapping[str, JsonValue] | None = None,
    audience: str = "all_owners",
    name: str = "",
) -> str:
    """A notice in the outbox."""
    found = hashlib.sha256(f"{rid}/{template}/{name}".encode()).hexdigest()
    async with database.held() as session:
        session.add(
            Notice(
                id=found,
                renovation_id=rid,
                command_id="test",
                audience=audience,
                audience_id=None,
                template=template,
                params=dict(params or {"stage": "voting"}),
                state="queued",
                attempts=0,
                created_at=datetime.now(UTC),
            )
        )
        await session.commit()
    return found


async def messages_of(database: Database, notice_id: str) -> Sequence[NoticeMessage]:
    """The messages of a notice, by unit."""
    async with database.session() as session:
        rows = await session.scalars(
            select(NoticeMessage)
            .where(NoticeMessage.notice_id == notice_id)
            .order_by(NoticeMessage.unit_number, NoticeMessage.channel)
        )
        return rows.all()


async def state_of(database: Database, notice_id: str) -> str:
    async with database.session() as session:
        return str((await session.get_one(Notice, notice_id)).state)
