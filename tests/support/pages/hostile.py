"""What nobody's browser sends: hostile values in paths, queries and forms, and bodies that are no form of ours.

And what it is shown where every text that somebody has written is hostile.
"""

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote

import asyncpg
from pydantic import JsonValue

from tests.support.fields.forbidden import OF_NO_LABEL
from tests.support.pages.every import IDS, Route, World

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
VALUES = (
    *OF_NO_LABEL,
    "x" * 5_000,
    "9" * 5_000,
    *("-1", "²", "１２", str(2**70), "2026-02-30", "../../a", "%00", "yes", ""),
    EVIL,
)
WRITTEN = frozenset(
    {
        *("title", "label", "name", "text", "answer", "reason", "reference", "scan", "document"),
        *("description", "note", "theme", "proposal", "contact", "qualification", "evidence"),
    }
)
"""How columns are called in which somebody has written what they liked."""
GIVEN = frozenset(
    {
        *("actor_label", "bond_account", "envelope", "excluded_reason", "system", "certificate"),
        *("funded_by", "file_name", "end_reason", "refusal"),
    }
)
"""The same of columns that say something by being empty: such a one stays so."""
IN_JSON = WRITTEN | GIVEN | {"agent_name", "operator_line", "causes", "report", "defects", "words"}
"""Under what names such texts stand in contents and details."""
REFUSED_BY_DATABASE = (
    asyncpg.CheckViolationError,
    asyncpg.UniqueViolationError,
    asyncpg.InsufficientPrivilegeError,
)
TABLES = """
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS of, column_name AS name, data_type AS kind
FROM information_schema.columns JOIN pg_tables ON schemaname = table_schema AND tablename = table_name
WHERE table_schema IN ('public', 'private') AND is_generated = 'NEVER'
  AND (data_type = 'jsonb' OR column_name = ANY($1) AND data_type IN ('text', 'character varying'))
"""
LONGEST_ADDRESS = 4_000
SEEN_BY_PAGES = (
    *("box", "building", "done", "estate", "template", "again", "reference", "scan", "channel"),
    *("rows", "moved", "reminded", "reason", "title"),
)
"""Parameters of addresses that pages read without declaring them."""
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"


class Attack(NamedTuple):
    """A request that is sent as it stands."""

    name: str
    method: str
    address: str
    who: str
    body: str = ""
    headers: Mapping[str, str] = {}


def attacks(world: World, route: Route) -> list[Attack]:
    """Everything that is tried at a route."""
    found = [*_in_path(world, route), *_in_query(world, route)]
    if route.method == "POST":
        found += [*_in_form(world, route), *_no_form(world, route)]
    address = world.addresses(route)[0]
    other = {"cookie": "__Host-gongjian=a; __Host-gongjian-home=b"}
    found.append(Attack("another method", "PUT", address, route.who))
    found.append(Attack("no cookie", route.method, address, ""))
    found.append(Attack("cookies of nobody", route.method, address, "", headers=other))
    return found


async def write_everywhere(superuser: str, words: str) -> int:
    """Put these words for every text that somebody has written, in columns and in JSON; in how many columns.

    Neither triggers nor keys are asked: rows of before any rule of ours could hold it.
    """
    sql = await asyncpg.connect(superuser)
    await sql.execute("SET session_replication_role = replica")
    filled = 0
    for column in await sql.fetch(TABLES, WRITTEN | GIVEN):
        if column["kind"] == "jsonb":
            filled += await _in_json(sql, column["of"], column["name"], words)
        else:
            filled += await _in_column(sql, column["of"], column["name"], words)
    await sql.close()
    return filled


async def _in_column(sql: asyncpg.Connection, table: str, column: str, words: str) -> bool:
    where = "" if column in WRITTEN else f" WHERE {column} <> ''"
    for said in (words, words[:40]):
        try:
            done = await sql.execute(f"UPDATE {table} SET {column} = $1{where}", said)
        except REFUSED_BY_DATABASE:
            return False  # it allows no such word there, whoever asks
        except asyncpg.StringDataRightTruncationError:
            continue
        return bool(done != "UPDATE 0")
    return False


async def _in_json(sql: asyncpg.Connection, table: str, column: str, words: str) -> bool:
    rows = await sql.fetch(
        f"SELECT ctid, {column} AS found FROM {table} WHERE {column} IS NOT NULL"
    )
    told = [(row["ctid"], json.loads(row["found"])) for row in rows]
    spoilt = [(row, found, with_words(found, words)) for row, found in told]
    changed = [(row, after) for row, before, after in spoilt if after != before]
    for row, content in changed:
        await sql.execute(
            f"UPDATE {table} SET {column} = $1 WHERE ctid = $2",
            *(json.dumps(content), row),
        )
    return bool(changed)


def with_words(value: JsonValue, words: str, name: str = "") -> JsonValue:
    """A content with these words for each text under a name of `IN_JSON`."""
    if isinstance(value, dict):
        return {key: with_words(inner, words, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_words(each, words, name) for each in value]
    return words if isinstance(value, str) and name in IN_JSON else value


def percent(value: str) -> str:
    """A value as an address or a form carries it, half a character too."""
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def _in_path(world: World, route: Route) -> Iterator[Attack]:
    good = {name: values[0] for name, values in world.values.items()}
    body = f"form_token={world.token(route.who)}" if route.method == "POST" else ""
    for name in route.in_path:
        for value in VALUES:
            if value:
                address = route.path.format(**{**good, name: percent(value)})
                yield Attack(
                    f"{name}={value[:9]!r}", route.method, address, route.who, body, _kind(body)
                )


def _in_query(world: World, route: Route) -> Iterator[Attack]:
    if route.method != "GET":
        return
    address = world.addresses(route)[0].partition("?")[0]
    names = route.in_query or SEEN_BY_PAGES
    for value in VALUES:
        if len(value) * len(names) < LONGEST_ADDRESS:
            query = "&".join(f"{name}={percent(value)}" for name in names)
            yield Attack(f"?={value[:9]!r}", "GET", f"{address}?{query}", route.who)


def _in_form(world: World, route: Route) -> Iterator[Attack]:
    address = world.addresses(route)[0]
    names = sorted({*world.fields(route), *IDS})
    for number, value in enumerate(VALUES):
        own = {each: f"{route.path}-{number}"[-60:].replace("/", ".") for each in IDS}
        own["form_token"] = world.token(route.who)
        for kept in (IDS, IDS[:1]):
            body = "&".join(
                f"{name}={percent(own[name] if name in kept else value)}" for name in names if name
            )
            name = f"fields={value[:9]!r}, {len(kept)} ids kept"
            yield Attack(name, "POST", address, route.who, body, _kind(body))


def _no_form(world: World, route: Route) -> Iterator[Attack]:
    address, token = world.addresses(route)[0], world.token(route.who)
    names = sorted(world.fields(route) - {*IDS, ""}) or ["a"]
    own = _part("form_token", token)
    for name, kind, body in (
        ("nothing but the token", FORM, f"form_token={token}"),
        ("no token", FORM, "a=b"),
        ("a forged token", FORM, "form_token=forged"),
        ("JSON", "application/json", '{"a": 1}'),
        ("JSON with a key twice", "application/json", '{"a": 1, "a": 2}'),
        ("plain text", "text/plain", "form_token=" + token),
        ("no boundary", "multipart/form-data", "x"),
        ("half a part", PARTS, "--x\r\nhi"),
        ("half a character", f"{PARTS}; charset=utf-7", own + "".join(_part(n, "+2AA-") for n in names)),
        ("a file in a field", PARTS, own + _part(names[0], "abc", '; filename="a.txt"')),
        ("three files", PARTS, own + "".join(_part(n, "a", '; filename="a"') for n in "abc")),
        ("the token as a file", PARTS, _part("form_token", token, '; filename="a"')),
        ("600 fields", FORM, f"form_token={token}&" + "&".join(f"f{n}=1" for n in range(600))),
        ("2 MB", FORM, f"form_token={token}&text={'a' * 2_000_000}"),
    ):  # fmt: skip
        end = "--x--\r\n" if kind.startswith(PARTS) else ""
        yield Attack(name, "POST", address, route.who, body + end, {"content-type": kind})


def _part(name: str, value: str, more: str = "") -> str:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


def _kind(body: str) -> Mapping[str, str]:
    return {"content-type": FORM} if body else {}
