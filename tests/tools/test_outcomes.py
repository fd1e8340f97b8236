"""A typo in an outcome's name fails `make check`: mypy refuses it where the journey compares."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
JOURNEY = ROOT / "models" / "messages" / "journey_progress.py"


class Mistyped(ast.NodeTransformer):
    """Misspells what the outcome of a stage is compared with."""

    def __init__(self) -> None:
        self.places = 0

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        compared = node.comparators[0]
        if not isinstance(compared, ast.Attribute) or not isinstance(compared.value, ast.Name):
            return node
        if compared.value.id.endswith("Result"):
            self.places += 1
            compared.attr = f"{compared.attr}D"
        return node


@pytest.mark.slow
def test_a_typo_in_each_outcome_is_refused_by_the_type_checker(tmp_path: Path) -> None:
    mistyped = Mistyped()
    source = ast.unparse(mistyped.visit(ast.parse(JOURNEY.read_text(encoding="utf-8"))))
    planted = tmp_path / JOURNEY.name
    planted.write_text(source, encoding="utf-8")
    checked = subprocess.run(
        (
            *(sys.executable, "-m", "mypy", "--no-pretty", "--cache-dir", str(tmp_path / "cache")),
            *("--shadow-file", str(JOURNEY), str(planted), str(JOURNEY)),
        ),
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    told = [line for line in checked.stdout.splitlines() if "error:" in line]
    assert mistyped.places >= 5, "the journey compares outcomes"
    assert len(told) >= mistyped.places, checked.stdout
    assert all(JOURNEY.name in line for line in told)
