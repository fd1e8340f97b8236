"""Run every check: `python -m tools.check`. It prints every fault and exits 1 if there is one."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.check.callers import law_has_a_caller
from tools.check.documents import (
    commands_in_readme,
    image_has_the_product,
    links_in_documents,
    merges_are_finished,
    places_of_this_machine,
)
from tools.check.language import (
    catalogues_agree,
    codes_have_sentences,
    codes_have_statuses,
    codes_stand_once,
    templates_have_texts,
)
from tools.check.periods import periods_are_kept
from tools.check.procedure import procedure_is_told
from tools.check.project import Project
from tools.check.shape import (
    names_of_classes,
    sizes_of_functions_and_modules,
    sizes_of_packages,
    stages_in_every_room,
)

CHECKS: tuple[Callable[[Project], Iterator[str]], ...] = (
    commands_in_readme,
    links_in_documents,
    places_of_this_machine,
    merges_are_finished,
    image_has_the_product,
    sizes_of_functions_and_modules,
    sizes_of_packages,
    stages_in_every_room,
    names_of_classes,
    catalogues_agree,
    codes_have_sentences,
    codes_have_statuses,
    codes_stand_once,
    templates_have_texts,
    law_has_a_caller,
    periods_are_kept,
    procedure_is_told,
)


def main() -> int:
    """The exit code: 1 if a check found something."""
    project = Project(Path(__file__).resolve().parents[2])
    problems = [problem for check in CHECKS for problem in check(project)]
    for problem in problems:
        print(problem)
    print(f"tools/check: {len(CHECKS)} checks, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
