import pytest

from tests.model.budget.books import volumes
from twin.errors import InputError
from twin.files import load_yaml
from twin.model.assumptions import Assumptions
from twin.model.budget.levers import BudgetLevers
from twin.model.budget.pay import pay_of, premiums_eur
from twin.model.budget.tables import load_pay

OPERATOR = {
    end: dict.fromkeys(("operator_index_points", "operator_ifse_eur", "employer_rate_other"), end)
    for end in ("low", "central", "high")
}


@pytest.mark.parametrize(
    ("end", "least", "most"),
    [("low", 36_500, 39_000), ("central", 41_000, 43_000), ("high", 46_500, 49_000)],
)
def test_an_operator_costs_37_to_48_thousand_euros(end, least, most):
    pay = pay_of("video_operator", [2026], BudgetLevers(), Assumptions(OPERATOR[end]))
    assert least < pay.total[0] < most


def test_the_path_of_the_pension_contribution():
    table = load_pay()
    rates = [table.cnracl_in(year) for year in (2024, 2025, 2026, 2027, 2028, 2036)]
    assert rates == [0.3465, 0.3465, 0.3765, 0.4065, 0.4365, 0.4365]


def test_pay_rises_with_the_point_the_gvt_and_the_contribution():
    still = Assumptions({"point_growth": 0.0, "gvt_rate": 0.0})
    pay = pay_of("supervisor", [2026, 2027, 2028, 2029], BudgetLevers(), still)
    assert pay.base.tolist() == [pay.base[0]] * 4
    steps = pay.contributions[1:] - pay.contributions[:-1]
    assert steps.tolist() == pytest.approx([0.03 * pay.base[0], 0.03 * pay.base[0], 0])
    rising = pay_of(
        "supervisor",
        [2026, 2027],
        BudgetLevers(),
        Assumptions({"point_growth": 0.02, "gvt_rate": 0.01}),
    )
    assert rising.base[1] / rising.base[0] == pytest.approx(1.02 * 1.01)
    assert rising.bonus[1] / rising.bonus[0] == pytest.approx(1.02)


def test_contract_agents_pay_other_contributions():
    values = Assumptions()
    pay = pay_of("video_operator", [2027], BudgetLevers(contract_share=1.0), values)
    assert pay.contributions[0] == pytest.approx(
        values["contract_employer_rate"] * (pay.base[0] + pay.bonus[0])
    )


def test_premiums_of_a_seat_held_day_and_night():
    room = volumes(operators={"day": 1, "evening": 1, "night": 1}, supervisors={})
    operators = next(f for f in room.functions if f.posts.function == "video_operator")
    assert premiums_eur(operators, BudgetLevers()) == pytest.approx(3_900, rel=0.02)
    plain = premiums_eur(operators, BudgetLevers(intensive_nights=False))
    assert plain == pytest.approx(3_900 - 0.80 * 3_285, rel=0.05)


def test_a_function_without_pay_is_named(own_data):
    path = own_data / "budget" / "pay.yaml"
    path.write_text(path.read_text().replace("  supervisor:", "  supervisors:"))
    with pytest.raises(InputError, match='no pay for the function "supervisor"; did you mean'):
        pay_of("supervisor", [2026], BudgetLevers(), Assumptions())


def test_every_rate_says_where_it_is_written(own_data):
    content = load_yaml(own_data / "budget" / "pay.yaml")
    assert all(content[key] for key in ("point_source", "cnracl_source", "rafp_source"))
    assert content["premiums"]["source"]
