"""Each check of `tools/check` sees the kind of fault it is for, in a small project made by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.check.callers import law_has_a_caller
from tools.check.documents import image_has_the_product, merges_are_finished
from tools.check.language import codes_have_sentences, codes_have_statuses, codes_stand_once
from tools.check.periods import periods_are_kept
from tools.check.procedure import DOCUMENT, PATHS, procedure_is_told, written
from tools.check.project import PRODUCT, Project
from tools.check.shape import names_of_classes, sizes_of_packages

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "a.known"\nmsgstr "yes"\n'
LAW = "def bid_bond(price: int) -> int:\n    return _part(price)\n\n\ndef _part(price: int) -> int:\n    return price\n"
REFUSING = (
    "def _problem(code, item):\n    return Problem(code=code, params={'item': item})\n\n\n"
    "def checked(item, late):\n    return [_problem('works.late' if late else 'works.early', item)]\n"
)
TABLE = 'RULE_SAYS_NO = "works.early works.late".split()\nSTATUS_OF_CODE: dict[str, int] = {'

Plant = Callable[[dict[str, str]], Project]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Makes a project of these files: their text by their names."""

    def planted(texts: dict[str, str]) -> Project:
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Project(tmp_path)

    return planted


def one(sentences: Iterator[str]) -> str:
    (sentence,) = sentences
    return sentence


def test_a_second_class_of_one_name_is_told_with_both_places(plant: Plant) -> None:
    project = plant(
        {
            "runtime/keys.py": "class Seal: ...\n",
            "service/ballots/box.py": "def f():\n    class Seal: ...\n",
        }
    )
    said = one(names_of_classes(project))
    assert said.startswith("service/ballots/box.py:2: a class Seal stands in runtime/keys.py:1")
    assert "Rename the one whose name says less" in said


def test_three_classes_of_one_name_are_told_in_one_sentence(plant: Plant) -> None:
    said = one(
        names_of_classes(plant({f"runtime/{name}.py": "class Seal: ...\n" for name in "abc"}))
    )
    assert said.startswith("runtime/a.py:1, runtime/b.py:1, runtime/c.py:1: 3 classes Seal.")


@pytest.mark.parametrize(
    ("one_place", "other_place", "faults"),
    [
        ("models/tables/money.py", "models/values/money.py", 0),
        ("models/tables/money.py", "models/tables/works.py", 1),
        ("models/values/money.py", "models/messages/money.py", 1),
        ("proof/verifier/counting.py", "models/values/voting.py", 0),
        ("proof/bundle/shapes.py", "models/values/voting.py", 1),
        ("tests/money.py", "models/values/money.py", 0),
    ],
)
def test_a_table_and_its_value_share_a_name_and_the_verifier_stands_alone(
    plant: Plant, one_place: str, other_place: str, faults: int
) -> None:
    project = plant({one_place: "class Seal: ...\n", other_place: "class Seal: ...\n"})
    assert len(list(names_of_classes(project))) == faults


@pytest.mark.parametrize("folder", ["service/ballots", "tests/support", "benchmarks"])
def test_a_flat_package_of_sixteen_modules_is_told(plant: Plant, folder: str) -> None:
    fifteen = {f"{folder}/m{number}.py": "" for number in range(15)}
    project = plant({**fifteen, f"{folder}/__init__.py": ""})
    assert not list(sizes_of_packages(project))
    said = one(sizes_of_packages(plant({f"{folder}/m15.py": ""})))
    assert said.startswith(f"{folder}/: 16 modules in one flat folder, at most 15.")
    assert "Move those that serve one idea into a package" in said


def test_migrations_are_a_list_in_time_and_not_counted(plant: Plant) -> None:
    versions = {f"models/migrations/versions/{number:04}.py": "" for number in range(30)}
    assert not list(sizes_of_packages(plant(versions)))


@pytest.mark.parametrize(
    "refusing",
    [
        "raise Refused(Problem(where='x', code='works.new'))",
        "raise refusal('works.new', where='x')",
        "raise refuse('works.new')",
        "yield problem(code='works.new')",
        "raise refuse('works.late' if late else 'works.new')",
    ],
)
def test_a_code_without_a_status_is_told_however_it_is_refused(plant: Plant, refusing: str) -> None:
    project = plant({"service/http/problems.py": f"{TABLE}**dict.fromkeys(RULE_SAYS_NO, 422)}}\n"})
    assert not list(codes_have_statuses(project))
    said = one(
        codes_have_statuses(plant({"workflows/works.py": f"def f(late):\n    {refusing}\n"}))
    )
    assert said.startswith("workflows/works.py:2: works.new has no HTTP status.")
    assert "Add it to STATUS_OF_CODE in service/http" in said


def test_a_code_that_a_helper_is_given_needs_a_status_too(plant: Plant) -> None:
    project = plant(
        {"rules/works.py": REFUSING, "service/http/problems.py": f"{TABLE}'works.late': 409}}\n"}
    )
    said = one(codes_have_statuses(project))
    assert said.startswith("rules/works.py:6: works.early has no HTTP status.")


def test_a_code_in_a_helper_of_another_module_counts_where_the_helper_is_public(
    plant: Plant,
) -> None:
    shown = "def refused(self, where, code):\n    return Refused(Problem(code=code))\n"
    used = "def f(book):\n    book.refused('x', 'works.late')\n    self._problem('no.code', 1)\n"
    project = plant({"runtime/book.py": shown, "service/works.py": used})
    assert one(codes_have_statuses(project)).startswith("service/works.py:2: works.late")


def test_what_is_only_said_or_said_by_the_command_line_needs_no_status(plant: Plant) -> None:
    project = plant(
        {
            "service/page.py": "print(sentence(Problem(code='page.title'), 'en'))\n",
            "cli/roll.py": "raise Refused(Problem(code='cli.no_file'))\n",
        }
    )
    assert not list(codes_have_statuses(project))


def test_a_code_without_a_sentence_is_told(plant: Plant) -> None:
    project = plant(
        {
            "runtime/language/locales/en/LC_MESSAGES/messages.po": PO,
            "rules/works.py": "raise refusal('a.known')\nraise refusal('a.new')\n",
        }
    )
    assert one(codes_have_sentences(project)) == "rules/works.py:2: no sentence for a.new"


def test_a_code_that_stands_twice_in_a_catalogue_is_told(plant: Plant) -> None:
    path = "runtime/language/locales/en/LC_MESSAGES/messages.po"
    twice = f'{PO}\nmsgid "a.known"\nmsgstr "no"\n'
    assert (
        one(codes_stand_once(plant({path: twice}))) == f"{path}:7: a.known stands in line 4 already"
    )
    assert not list(codes_stand_once(plant({path: PO})))


def test_public_law_that_only_tests_call_is_told(plant: Plant) -> None:
    calling = "from rules.bidding.money import bid_bond\n\nbid_bond(3)\n"
    project = plant(
        {"rules/bidding/money.py": LAW, "tests/test_m.py": calling, "benchmarks/m.py": calling}
    )
    said = one(law_has_a_caller(project))
    assert said.startswith("rules/bidding/money.py:1: only tests call bid_bond.")
    assert "`# waits for <procedure>` in the line above it" in said


@pytest.mark.parametrize(
    "calling",
    [
        "from rules.bidding.money import bid_bond as bond\n\n\ndef f():\n    bond(3)\n",
        "from rules.bidding import money\n\n\nclass A:\n    BOND = money.bid_bond\n",
        "import rules.bidding.money\n\nTABLE = {'bond': rules.bidding.money.bid_bond}\n",
        "from rules import bidding\n\nbidding.bond(3)\n",
        "from rules.bidding.all import TABLE\n\nprint(TABLE)\n",
    ],
)
def test_law_that_the_product_uses_in_whatever_way_is_called(plant: Plant, calling: str) -> None:
    project = plant(
        {
            "rules/bidding/__init__.py": "from rules.bidding.money import bid_bond as bond\n",
            "rules/bidding/all.py": "from rules.bidding.money import bid_bond\n\nTABLE = {1: bid_bond}\n",
            "rules/bidding/money.py": LAW,
        }
    )
    assert len(list(law_has_a_caller(project))) == 1
    assert not list(law_has_a_caller(plant({"cli/money.py": calling})))


def test_law_that_is_called_by_uncalled_law_only_is_told_with_it(plant: Plant) -> None:
    more = "\n\ndef twice(price: int) -> int:\n    return 2 * bid_bond(price)\n"
    told = list(law_has_a_caller(plant({"rules/money.py": LAW + more})))
    assert [said.split(":")[1] for said in told] == ["1", "9"]


def test_marked_law_may_wait_with_all_that_it_calls(plant: Plant) -> None:
    more = "\n\n# waits for the bond of a tender\ndef twice(price: int) -> int:\n    return 2 * bid_bond(price)\n"
    assert not list(law_has_a_caller(plant({"rules/money.py": LAW + more})))


def test_a_mark_goes_when_the_procedure_has_come(plant: Plant) -> None:
    project = plant(
        {
            "rules/money.py": f"# waits for the bond of a tender\n{LAW}",
            "service/bids.py": "from rules.money import bid_bond\n\nbid_bond(3)\n",
        }
    )
    said = one(law_has_a_caller(project))
    assert said.startswith("rules/money.py:2: bid_bond is called by the product now.")
    assert "Delete the comment" in said


def test_a_package_that_the_image_does_not_copy_is_told(plant: Plant) -> None:
    copied = "".join(f"COPY {each} ./{each}\n" for each in PRODUCT if each != "proof")
    said = one(image_has_the_product(plant({"deploy/Dockerfile": copied})))
    assert said == (
        "deploy/Dockerfile: proof/ is not in the image. Add the line `COPY proof ./proof`."
    )


def test_the_marks_of_a_merge_are_told_also_in_a_text(plant: Plant) -> None:
    half = f'CODES = """\n{"<" * 7} HEAD\na.b\n{"=" * 7}\na.c\n{">" * 7} other\n"""\n'
    told = list(merges_are_finished(plant({"service/http/statuses.py": half})))
    assert [each.split(":")[1] for each in told] == ["2", "6"]
    assert "keep one side" in told[0]


TIMETABLE = """WAITING = frozenset({"waiting", "lost"})


class Timetable:
    kept: int = 1
    # waits for another day
    waiting: int = 2
    lost: int = 3
    # waits for nothing any more
    built: int = 4
"""


def test_a_period_that_nothing_keeps_and_a_mark_that_is_over_are_told(plant: Plant) -> None:
    project = plant(
        {
            "models/values/timetable.py": TIMETABLE,
            "rules/time/timetables.py": "LEGAL_BOUNDS = (Bound('waiting', '<=', 5),)\n",
            "rules/clocks.py": "def f(t):\n    return t.kept + t.built\n\n\n# waits for it\n"
            "def g(t):\n    return t.lost\n",
        }
    )
    told = sorted(periods_are_kept(project), key=lambda each: int(each.split(":")[1]))
    waiting, lost, unmarked, built, unlisted = told
    assert "waiting waits for another day: take it out of LEGAL_BOUNDS" in waiting
    assert "lost is kept by nothing" in lost
    assert "lost waits for a procedure or does not" in unmarked
    assert "built is used by the product now" in built
    assert "built waits for a procedure or does not" in unlisted


def test_a_path_that_is_said_to_be_carried_has_code_and_test(plant: Plant) -> None:
    carried = [path.number for path in PATHS if not path.waits_for]
    waiting = next(path.number for path in PATHS if path.waits_for)
    cited = ", ".join(f"E{number}" for number in carried[1:])
    texts = {
        "docs/architecture.md": "",
        "workflows/all.py": f'"""{cited}"""\n',
        "tests/test_all.py": f"# carries {cited}, E{waiting}\nasync def test_it(): ...\n",
    }
    project = plant(texts)
    (project.root / DOCUMENT).write_text(written(project), encoding="utf-8")
    one_missing, too_modest = procedure_is_told(project)
    assert one_missing.startswith(f"E{carried[0]} (a vote fails): no code names it")
    assert too_modest.startswith(f"tests/test_all.py::test_it: E{waiting} is carried now")


def test_a_table_that_was_written_by_hand_is_told(plant: Plant) -> None:
    project = plant({DOCUMENT: "| E1 | a vote fails | somewhere | |\n"})
    assert list(procedure_is_told(project))[-1].startswith(f"{DOCUMENT} is not what the code says")
