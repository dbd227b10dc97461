"""What the network costs, line by line, and what doubling one of its elements would."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from twin.contracts import Figure, Kind
from twin.model.assumptions import Assumptions, load_assumptions
from twin.model.network.failures import Cause, Target
from twin.model.network.links import Link, link_name
from twin.model.network.storage import Recordings
from twin.model.network.topology import Network, NodeKind

__all__ = ["CostLine", "Doubling", "doubling", "network_costs"]

_EUR, _EUR_YEAR = "€", "€ / an"
_FIBRE, _LEASED = "fibre_eur_km_year", "leased_line_eur_year"
_MOBILE = "cellular_eur_camera_year"
_SWITCHES = (NodeKind.AGGREGATION, NodeKind.CENTRE, NodeKind.CELLULAR)
_PRICES = {
    NodeKind.COMMUNE: "access_switch_eur",
    **dict.fromkeys(_SWITCHES, "core_switch_eur"),
    **dict.fromkeys((NodeKind.INGEST, NodeKind.WALL, NodeKind.RECORDER), "one_server_eur"),
}
_RECORDERS = "Enregistreurs, sans leurs disques"
_NOTHING = (0.0, 0.0, 0.0)

Amount = tuple[float, float, float]
"""Value, low and high."""
_ITEMS = {
    "Commutateurs des communes": (NodeKind.COMMUNE,),
    "Commutateurs d'agrégation et du centre": _SWITCHES,
    "Serveurs d'ingestion": (NodeKind.INGEST,),
    "Serveurs d'affichage": (NodeKind.WALL,),
}


@dataclass(frozen=True)
class CostLine:
    """One line of a budget, without VAT.

    Attributes
    ----------
    item : str
        What is paid, in French.
    quantity : float
    quantity_unit : str
    price : str
        Assumption that multiplies the quantity; empty where a file of links says the rent.
    investment, yearly : Figure
        Paid once for the life of the equipment; paid each year. Low and high are the ends of the
        price.
    """

    item: str
    quantity: float
    quantity_unit: str
    price: str
    investment: Figure
    yearly: Figure


@dataclass(frozen=True)
class Doubling:
    """What a second one of an element costs.

    Attributes
    ----------
    investment, yearly : Figure
    per_year : Figure
        Both together, the investment spread over the life of the equipment.
    """

    investment: Figure
    yearly: Figure
    per_year: Figure


def network_costs(
    network: Network, recordings: Recordings, assumptions: Assumptions
) -> list[CostLine]:
    """Yearly cost and investment of links, nodes and disks; a second site has its own recorders."""
    prices = _Prices(assumptions)
    count = {kind: len(network.of(kind)) for kind in NodeKind}
    lines = list(_links(network, prices))
    for item, kinds in _ITEMS.items():
        quantity = sum(count[kind] for kind in kinds)
        lines.append(prices.bought(item, quantity, "unités", _PRICES[kinds[0]]))
    rooms = count[NodeKind.CENTRE] - 1
    copies = 1 + rooms * (recordings.where == "centre")
    recorders, capacity_tb = copies * recordings.recorders, copies * recordings.disk_capacity_tb
    lines.append(prices.bought(_RECORDERS, recorders, "unités", "one_server_eur"))
    lines.append(prices.bought("Disques", capacity_tb, "To", "disk_eur_tb"))
    lines.append(prices.bought("Seconde salle", rooms, "salles", "second_room_eur"))
    return [line for line in lines if line.quantity]


def doubling(
    target: Target, network: Network, recordings: Recordings, assumptions: Assumptions
) -> Doubling | None:
    """Price of a second element that takes over when the first fails.

    A link gets a second one of the same length on other streets; a node, a twin; a site of the
    centre, a second site with all that it holds, a second fallback room and further lines; an
    aggregation point, a second one with a second link to all its neighbours; a mains supply, a
    backup for days. None for what has no second: the site of a commune, whose cameras are wired to
    it, and the State's own equipment. A recorder has its share of the machines and disks.
    """
    prices = _Prices(assumptions)
    graph = network.graph
    if target.cause is Cause.LINK:
        return prices.doubled({}, [target.name], network)
    if target.cause is Cause.NODE:
        kind = graph.nodes[target.name]["kind"]
        twin = _bought([kind], network, recordings)
        return prices.doubled(twin, [], network) if kind in _PRICES else None
    if target.cause is Cause.POWER:
        return prices.doubled({"backup_power_eur": 1.0}, [], network)
    members = [name for name, site in graph.nodes(data="site") if site == target.name]
    kinds = [graph.nodes[name]["kind"] for name in members]
    if NodeKind.COMMUNE in kinds:
        return None
    bought = _bought(kinds, network, recordings)
    if NodeKind.CENTRE in kinds:
        bought["second_room_eur"] = 1.0
    leaving = [link_name(a, b) for a in members for b in graph[a] if b not in members]
    return prices.doubled(bought, leaving, network)


def _bought(
    kinds: Iterable[NodeKind], network: Network, recordings: Recordings
) -> dict[str, float]:
    """Quantities by price of one more of each of these nodes."""
    recorders = len(network.of(NodeKind.RECORDER))
    bought: dict[str, float] = {}
    for kind in kinds:
        machines = recordings.recorders / recorders if kind is NodeKind.RECORDER else 1.0
        if kind in _PRICES:
            bought[_PRICES[kind]] = bought.get(_PRICES[kind], 0.0) + machines
        if kind is NodeKind.RECORDER:
            bought["disk_eur_tb"] = recordings.disk_capacity_tb / recorders
    return bought


def _rented(network: Network) -> dict[str, list[Link]]:
    """Links that cost something each year, by the price they rest on."""
    far = {*network.of(NodeKind.STATE), *network.of(NodeKind.CELLULAR)}
    air = set(network.of(NodeKind.NOMADIC))
    by_price: dict[str, list[Link]] = {key: [] for key in (_FIBRE, _LEASED, _MOBILE)}
    for link in network.links():
        ends = {link.a, link.b}
        key = _MOBILE if ends & air else _LEASED if ends & far else _FIBRE
        if link.cost_eur_year:
            by_price[key].append(link)
    return by_price


def _links(network: Network, prices: _Prices) -> Iterator[CostLine]:
    """Lines of what is rented; the cables of a file cost what it says."""
    rented = _rented(network)
    nomadic = sum(network.graph.nodes[name]["cameras"] for name in network.of(NodeKind.NOMADIC))
    for item, key, quantity, unit in (
        ("Fibres", _FIBRE, sum(link.length_km for link in rented[_FIBRE]), "km"),
        ("Lignes louées", _LEASED, len(rented[_LEASED]), "lignes"),
        ("Abonnements mobiles", _MOBILE, nomadic, "caméras"),
    ):
        amount, source = prices.rent(rented[key], key, network)
        once, yearly = _figure(_NOTHING, _EUR, source), _figure(amount, _EUR_YEAR, source)
        yield CostLine(item, quantity, unit, key if source == key else "", once, yearly)


class _Prices:
    """Prices of a scenario with the ends of their ranges."""

    def __init__(self, assumptions: Assumptions) -> None:
        self.values = assumptions
        self.entries = load_assumptions()
        self.upkeep = assumptions["maintenance_share"]
        self.life_years = assumptions["equipment_life_years"]

    def around(self, key: str, total: float) -> tuple[float, float]:
        """Ends of an amount proportional to a price."""
        entry, value = self.entries[key], self.values[key]
        if not value:
            return total, total
        return total * min(entry.low, value) / value, total * max(entry.high, value) / value

    def amount(self, quantity: float, key: str) -> Amount:
        """Price of a quantity."""
        total = quantity * self.values[key]
        return (total, *self.around(key, total))

    def bought(self, item: str, quantity: float, unit: str, key: str) -> CostLine:
        """Line of an equipment and its upkeep."""
        amount = self.amount(quantity, key)
        yearly = _times(amount, self.upkeep)
        return CostLine(
            item,
            quantity,
            unit,
            key,
            _figure(amount, _EUR, key),
            _figure(yearly, _EUR_YEAR, f"{key}, maintenance_share"),
        )

    def rent(self, links: Iterable[Link], key: str, network: Network) -> tuple[Amount, str]:
        """Yearly cost of some links that rest on one price, and its source."""
        total = sum(link.cost_eur_year for link in links)
        if network.supposed or key == _MOBILE:
            return (total, *self.around(key, total)), key
        return (total, total, total), network.source

    def doubled(
        self, bought: dict[str, float], names: Collection[str], network: Network
    ) -> Doubling:
        """Price of some equipment, and of the rent of further links like those of these names."""
        rents, sources = [], list(bought)
        for key, links in _rented(network).items():
            more = [link for link in links if link.name in names]
            amount, source = self.rent(more, key, network)
            rents.append(amount)
            sources += [source] * bool(more)
        once = _sum(self.amount(quantity, key) for key, quantity in bought.items())
        yearly = _sum([*rents, _times(once, self.upkeep)])
        per_year = _sum([yearly, _times(once, 1 / self.life_years)])
        told = ", ".join(dict.fromkeys(sources)) or network.source
        return Doubling(
            _figure(once, _EUR, told),
            _figure(yearly, _EUR_YEAR, told),
            _figure(per_year, _EUR_YEAR, told),
        )


def _figure(amount: Amount, unit: str, source: str) -> Figure:
    return Figure(*amount, unit, Kind.COMPUTED, source)


def _times(amount: Amount, factor: float) -> Amount:
    value, low, high = amount
    return factor * value, factor * low, factor * high


def _sum(amounts: Iterable[Amount]) -> Amount:
    values, lows, highs = zip(_NOTHING, *amounts, strict=True)
    return sum(values), sum(lows), sum(highs)
