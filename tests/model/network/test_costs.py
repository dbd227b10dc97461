import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.network.towns import MEL, TYPES, network
from twin.contracts import Kind
from twin.model.assumptions import Assumptions
from twin.model.network.costs import CostLine, Doubling, doubling, network_costs
from twin.model.network.failures import Cause, single_failures
from twin.model.network.levers import NetworkLevers
from twin.model.network.storage import Recordings, recordings

VALUES = Assumptions()
SAME_DISKS = {"disk_tb": 1, "disk_usable_share": 1, "disks_per_recorder": 1e9}


def kept(where: str = "edge", days: float | None = None, **choices) -> Recordings:
    return recordings(where, MEL, NetworkLevers(), Assumptions(choices), TYPES, days)


def test_recordings_by_hand() -> None:
    """One stream of 4 Mbit/s, day and night alike, is 43.2 GB a day."""
    found = kept(days=10, night_bitrate_factor=1)
    streams = sum((c.cameras - c.nomadic) * c.streams_per_camera for c in MEL.communes)
    assert found.stored_tb == pytest.approx(streams * 0.0432 * 10)
    assert (found.wide_area_mbps, found.recorders) == (0.0, 4)
    centre = kept("centre", days=10, night_bitrate_factor=1)
    nomadic = sum(c.nomadic for c in MEL.communes) * TYPES.profiles["CELL"].bitrate_mbit_s
    mbps = (streams * 4 + nomadic) * TYPES.node.wire_overhead
    assert centre.wide_area_mbps == pytest.approx(mbps)
    assert centre.stored_tb > found.stored_tb


def test_each_commune_rounds_its_disks_up() -> None:
    edge, centre = (kept(where, **SAME_DISKS) for where in ("edge", "centre"))
    assert 0 <= edge.disks - edge.stored_tb < 4
    assert 0 <= centre.disks - centre.stored_tb < 1
    assert centre.recorders == 1


@given(st.floats(1, 30), st.floats(0, 30))
def test_longer_retention_never_needs_fewer_disks(days: float, more: float) -> None:
    for where in ("edge", "centre"):
        short, long = kept(where, days), kept(where, days + more)
        assert short.disks <= long.disks
        assert short.recorders <= long.recorders
        assert short.wide_area_mbps == long.wide_area_mbps


def lines(**choices) -> dict[str, CostLine]:
    values = Assumptions(choices)
    found = network_costs(network(assumptions=values), kept(), values)
    return {line.item: line for line in found}


def test_costs_are_quantities_times_prices() -> None:
    found = lines()
    switches = found["Commutateurs des communes"]
    assert switches.quantity == 4
    assert switches.investment.value == 4 * VALUES["access_switch_eur"]
    assert switches.yearly.value == pytest.approx(
        switches.investment.value * VALUES["maintenance_share"]
    )
    fibre = found["Fibres"]
    assert fibre.yearly.value == pytest.approx(fibre.quantity * VALUES["fibre_eur_km_year"])
    assert fibre.yearly.low < fibre.yearly.value < fibre.yearly.high
    assert found["Abonnements mobiles"].quantity == 12
    assert found["Disques"].quantity == kept().disk_capacity_tb
    assert "Seconde salle" not in found
    for line in found.values():
        assert line.investment.kind is line.yearly.kind is Kind.COMPUTED
        assert line.yearly.source


def test_a_price_out_of_its_range_is_its_own_end() -> None:
    dear = lines(access_switch_eur=20_000)["Commutateurs des communes"].investment
    assert dear.value == dear.high == 80_000
    assert dear.low == 4 * 1_500
    free = lines(access_switch_eur=0)["Commutateurs des communes"].investment
    assert (free.low, free.value, free.high) == (0, 0, 0)


def prices(**levers) -> dict[tuple[Cause, str], Doubling | None]:
    whole = network(**levers)
    found = single_failures(whole, MEL, VALUES)
    return {
        (f.target.cause, f.target.name): doubling(
            f.target, whole, kept(levers.get("recording", "edge")), VALUES
        )
        for f in found
    }


def test_the_price_of_a_second_one() -> None:
    found = prices(aggregation_points=2)
    line = found[Cause.LINK, "centre-1 — police"]
    assert (line.investment.value, line.yearly.value) == (0, VALUES["leased_line_eur_year"])
    switch = found[Cause.NODE, "centre-1"]
    assert switch.investment.value == VALUES["core_switch_eur"]
    yearly = switch.investment.value / VALUES["equipment_life_years"] + switch.yearly.value
    assert switch.per_year.value == pytest.approx(yearly)
    assert found[Cause.POWER, "59163"].investment.value == VALUES["backup_power_eur"]
    site = found[Cause.SITE, "site-1"]
    inside = VALUES["core_switch_eur"] + 3 * VALUES["one_server_eur"] + VALUES["second_room_eur"]
    assert site.investment.value == pytest.approx(inside)
    assert site.yearly.value > 3 * VALUES["leased_line_eur_year"]
    for nothing in ((Cause.SITE, "59163"), (Cause.NODE, "police")):
        assert found[nothing] is None
    for price in found.values():
        assert price is None or price.per_year.low <= price.per_year.value <= price.per_year.high


@pytest.mark.parametrize("recording", ["edge", "centre"])
def test_a_second_site_costs_its_equipment_and_a_room(recording: str) -> None:
    levers = {"aggregation_points": 2, "recording": recording, "main_stream": "always"}
    once = [
        sum(line.investment.value for line in network_costs(
            network(second_site=second, **levers), kept(recording), VALUES))
        for second in (None, "59009")
    ]  # fmt: skip
    site = prices(**levers)[Cause.SITE, "site-1"]
    assert once[1] - once[0] == pytest.approx(site.investment.value)
