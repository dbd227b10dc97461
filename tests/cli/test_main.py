import subprocess
import sys

import pytest

import twin

HEAVY = {"numpy", "pandas", "scipy", "simpy", "pyarrow", "joblib", "rich", "yaml"}
PROGRAM = """
import sys
from twin.cli import main
sys.argv = ["twin", *sys.argv[1:]]
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


# Typer itself takes pydantic, when it is there, to describe a typed option.
@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], HEAVY | {"pydantic"}),
        (["--version"], HEAVY | {"pydantic"}),
        (["run", "--help"], HEAVY),
        (["scenario", "--help"], HEAVY),
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str], heavy: set[str]) -> None:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout
    assert set(answer.stderr.split()) & heavy == set()


def test_the_version_is_that_of_the_package() -> None:
    command = [sys.executable, "-c", PROGRAM, "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout == f"{twin.__version__}\n"
