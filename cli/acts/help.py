"""What `gongjian act --help` says beside the options: every act, who may do it, and its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args

from cli.output import JsonCommand, say
from cli.words import listed, named, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo
    from typer._click import Context, HelpFormatter


class ActCommand(JsonCommand):
    """The command with a help that is read from the acts themselves."""

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The options, and then the acts; in the language of the environment."""
        super().format_help(ctx, formatter)
        say(*act_lines())


def act_lines() -> Iterator[str]:
    """Each act on a line, below it who may do it by which article, and its fields."""
    from models.messages.act_bodies import BODIES
    from rules.authority import ROLES_OF_ACT

    yield said("line.acts")
    for name, authority in sorted(ROLES_OF_ACT.items()):
        if name not in BODIES:
            continue
        yield f"\n  {name.replace('_', '-')}  {named('act_title', name)}"
        roles = listed(sorted(named("role", role.value) for role in authority.roles))
        yield f"    {said('line.act_who', roles=roles, article=authority.article)}"
        for field, info in BODIES[name].model_fields.items():
            optional = "" if info.is_required() else said("line.act_optional")
            yield f"    {field}  {_expected(info)}{optional}"


def _expected(info: FieldInfo) -> str:
    """What a field takes, in the words in which a wrong value is refused."""
    from pydantic import TypeAdapter, ValidationError

    from models.fields import expectation

    kind: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    try:
        TypeAdapter(kind).validate_python(_NOTHING_FITS)
    except ValidationError as error:
        found = [each for each in error.errors() if "none" not in each["loc"]]
        given = expectation(found[0])
        inside = listed(name for model in _models(info.annotation) for name in model.model_fields)
        more = said("line.act_inside", names=inside) if inside else ""
        return said(str(given.pop("expected")), **given) + more
    return ""


def _models(kind: object) -> Iterator[type[BaseModel]]:
    """The shapes that a list or an object holds, and an object itself."""
    from pydantic import BaseModel

    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _models(inner)


_NOTHING_FITS = object()
