"""The tiny scenario spoken of once, for every report that carries its messages."""

import pytest

from tests.conftest import SCENARIOS
from twin.reports.message import Message, Subject, played
from twin.reports.messages import messages
from twin.scenarios.experiment import Result
from twin.scenarios.library import load_library


@pytest.fixture(scope="package")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """Two communes, five cameras, two days, two replications."""
    folder = tmp_path_factory.mktemp("reports")
    communes = folder / "communes.csv"
    communes.write_text(
        "insee,cameras,forfait,window,joined\n59360,3,3,00:00-24:00,\n59507,2,3,00:00-24:00,\n"
    )
    (folder / "scenarios.yaml").write_text(SCENARIOS.format(communes=communes))
    library = load_library(folder / "scenarios.yaml")
    return Subject(
        name="tiny",
        label="=1+1 Petite",
        scenario=library["tiny"].with_overrides({"horizon": {"days": 2}}, "test"),
        experiment=library.experiment.exactly(2),
        out=folder / "runs",
        engine="reference",
    )


@pytest.fixture(scope="package")
def said(subject: Subject) -> dict[str, Message]:
    """Every message on it."""
    return messages(subject)


@pytest.fixture(scope="package")
def result(subject: Subject) -> Result:
    """Its run."""
    return played(subject)
