"""Many cases at once: counted by place and stage, and a page of their list as a file."""

from collections.abc import Sequence

from fastapi import Response

from runtime.database import driver_connection
from runtime.finding.counts import CaseCounts, count_cases
from runtime.finding.files import FileForm, cases_file
from runtime.record.cases import CaseRow
from service.parts import Parts

MEDIA = {
    FileForm.CSV: "text/csv; charset=utf-8",
    FileForm.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileForm.JSON: "application/json",
}
AS_FILE: dict[int | str, dict[str, object]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            MEDIA[FileForm.XLSX]: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}


async def counts_of(parts: Parts, place: str) -> CaseCounts:
    """The counts of the places below one, told to all who ask within a while (`service.edge.ready`)."""
    place = place.rstrip("/")

    async def counted() -> CaseCounts:
        async with parts.database.session() as session:
            return await count_cases(await driver_connection(session), place)

    return await parts.ready.read(("case_counts", place), counted)


def file_of(cases: Sequence[CaseRow], form: FileForm) -> Response:
    """The cases as a file to be saved."""
    headers = {"Content-Disposition": f'attachment; filename="renovations.{form}"'}
    return Response(cases_file(cases, form), media_type=MEDIA[form], headers=headers)
