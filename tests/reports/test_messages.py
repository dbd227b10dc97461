import pytest

from twin.contracts import Kind
from twin.planning.finance import budget_of
from twin.planning.first_screen import first_screen
from twin.reports.figures import number
from twin.reports.message import Message, Subject, ends, staged, turned
from twin.reports.messages import MESSAGES
from twin.reports.published import load_published
from twin.scenarios.experiment import Result


def test_each_message_has_a_number_an_envelope_a_reversal_and_sources(
    said: dict[str, Message],
) -> None:
    assert list(said) == list(MESSAGES)
    for message in said.values():
        assert message.figures
        assert message.envelope.endswith(".")
        assert message.reversal
        assert message.notes
        assert message.bars is None or all(
            len(values) == len(message.bars.categories) for _, values in message.bars.series
        )


def test_the_presence_is_the_one_of_the_first_screen(
    subject: Subject, said: dict[str, Message]
) -> None:
    screen, message = first_screen(subject.scenario), said["presence"]
    assert screen.share is not None
    (_, etpt), (_, cost), (_, share), *_ = message.figures
    assert etpt == screen.presence_etpt
    assert cost.value == pytest.approx(screen.presence_cost.value / 1000)
    assert share.value == pytest.approx(100 * screen.share.value)
    assert f"{number(etpt.value)} ETPT, soit {number(share.value)} %" in message.title


def test_the_room_says_what_its_run_found(result: Result, said: dict[str, Message]) -> None:
    made = 100 * result.values("patrols_made").mean()
    assert said["room"].title == f"La salle fait en entier {number(made)} % des rondes"
    assert "2 réplication(s)" in said["room"].envelope


def test_the_tariffs_say_the_result_of_the_budget_in_both_perimeters(
    subject: Subject, said: dict[str, Message]
) -> None:
    budget, message = budget_of(subject.scenario, staged(subject)), said["tariffs"]
    year = int(message.title.split()[1].rstrip(","))
    i = budget.years.index(year)
    assert budget.activity.communes[i] == budget.activity.communes.max()
    assert message.bars is not None
    for (_, figure), (_, bars), perimeter in zip(
        message.figures, message.bars.series, ("tariff", "full"), strict=False
    ):
        cents = budget.perimeter(perimeter).result  # type: ignore[arg-type]
        assert figure.value == pytest.approx(cents[i] / 1e5)
        assert bars == pytest.approx([each / 1e5 for each in cents])
        assert figure.low < figure.value < figure.high
        assert number(abs(figure.value)) in message.title


def test_the_flows_say_how_many_servers_and_the_failure_that_costs_most(
    said: dict[str, Message],
) -> None:
    message = said["flows"]
    (_, nodes), (_, dark), (_, lost), *_ = message.figures
    assert message.title.startswith(f"{number(nodes.value)} serveurs")
    assert 1 <= dark.value <= 5
    assert message.bars is not None
    assert message.bars.series[0][1][0] == lost.value == max(message.bars.series[0][1])


def test_what_is_not_said_is_published_by_others(said: dict[str, Message]) -> None:
    (_, share), (_, useful) = said["unsaid"].figures
    assert (share.value, share.kind) == (1.13, Kind.MEASURED)
    assert (useful.value, useful.kind) == (50, Kind.MEASURED)
    assert "CREOGN" in share.source
    assert ends(share) == ""
    (finding,) = load_published().findings.values()
    assert finding.text in said["unsaid"].envelope


def test_nothing_that_turns_a_message_over_is_said_as_such() -> None:
    assert turned("Équilibre", []) == "Équilibre ; aucune hypothèse, seule, ne le renverse."
