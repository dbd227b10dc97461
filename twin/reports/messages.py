"""What is said in the plenary: a few messages, each with its number, its envelope and its reversal.

The page and the slides print the same messages. Each rests on what the planning rooms computed; a
run that is not stored yet is played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from twin.contracts import Figure, Kind
from twin.model.assumptions import load_assumptions
from twin.model.budget.accounts import Budget, Perimeter
from twin.model.budget.risk import PERIMETERS, Risk
from twin.model.indicators import load_indicators
from twin.model.network.failures import Cause
from twin.planning.finance import budget_of, risk_of, verdict_of
from twin.planning.first_screen import first_screen
from twin.planning.network import Failures, capacity_in_use, failures_of, study
from twin.planning.points import Choices, Plays, factors
from twin.planning.presence import presence_reversals
from twin.planning.sensitivity import ends, reversals
from twin.reports.figures import chosen_figures, number
from twin.reports.message import (
    PERIMETER_NAMES,
    Bars,
    Message,
    Progress,
    Subject,
    assumed,
    between,
    keur,
    percent,
    played,
    staged,
    thousands,
    turned,
)
from twin.reports.published import load_published

__all__ = ["MESSAGES", "messages"]

DRAWS = 200
"""Budgets drawn for the envelope of a year."""
KEPT_OF_TEN = 0.9
"""What the room is judged by here: nine out of ten of what it owes. A way to read, not a rule."""
RESOLUTION = 0.1
"""Width at which the search for what turns the room over stops: see `reversals`."""
ROOM = {
    "requisition_saved": "sauvegarde {} % des réquisitions reçues à temps",
    "patrols_made": "fait en entier {} % des rondes",
}
"""Indicators of the title about the room, with the words round their number."""
BESIDE = ("requisition_in_time", "checks_made", "agents_present")
"""Shown beside them."""
OF_THE_ROOM = (
    "absence_rate",
    "cameras_per_1000",
    "patrols_scale",
    "requisition_work_h",
    "requisitions_per_camera_year",
)
"""Assumptions moved alone to see what turns the message about the room over."""
TOO_SHORT = "La durée simulée est trop courte pour dire ce qui le renverserait."
CAUSES = {
    Cause.LINK: "coupure d'une liaison",
    Cause.NODE: "panne d'un équipement",
    Cause.POWER: "coupure de courant",
    Cause.SITE: "perte d'un bâtiment",
}
SHOWN_FAILURES = 5
SHOWN_MOVED = 3
_PERCENT = 100


def messages(subject: Subject, progress: Progress = lambda *_: None) -> dict[str, Message]:
    """Every message on a subject, by its key in `MESSAGES`.

    Raises
    ------
    TwinError
        The scenario cannot be played or billed.
    """
    return {key: say(subject, progress) for key, say in MESSAGES.items()}


def _presence(subject: Subject, progress: Progress) -> Message:
    progress("présence", 0, 2)
    screen = first_screen(subject.scenario)
    progress("présence", 1, 2)
    found = presence_reversals(subject.scenario)
    progress("présence", 2, 2)
    etpt, cost, plan = screen.presence_etpt, thousands(screen.presence_cost), screen.cost
    fees = {f"forfait {key}": thousands(each) for key, each in screen.revenue.items()}
    title = f"Tenir {screen.agents} agents jour et nuit prend {number(etpt.value)} ETPT"
    shown = [(f"{screen.agents} agents présents jour et nuit", etpt), ("Leur coût", cost)]
    if screen.share:
        share = percent(screen.share)
        title += f", soit {number(share.value)} % des redevances annuelles"
        shown.append(("Part des redevances annuelles", share))
    shown += [("Toute la salle prévue", screen.etpt), ("Coût de la salle prévue", thousands(plan))]
    bars = Bars(
        "Coût de la présence et recettes, k€ par an",
        ("Présence", "Salle prévue", *(f"Redevances, {label}" for label in fees)),
        (("k€ par an", (cost.value, thousands(plan).value, *(f.value for f in fees.values()))),),
    )
    covered = screen.share is not None and screen.share.value <= 1
    state = "les redevances paient cette présence" if covered else "elles ne la paient pas"
    return Message(
        title=title,
        figures=tuple(shown),
        bars=bars,
        envelope=f"{between(shown[:3])}. Hypothèses de postes et de paie, extrêmes ensemble.",
        reversal=turned(f"Aux valeurs centrales, {state}", found),
        notes=(
            f"Redevances : {', '.join(f'{k} {number(f.value)} k€' for k, f in fees.items())} par "
            "an, année pleine de chaque commune, droits d'entrée exclus.",
            *assumed(
                subject.scenario,
                ("minimum_agents", "annual_hours", "absence_rate", "etpt_cost_eur"),
            ),
        ),
    )


def _room(subject: Subject, progress: Progress) -> Message:
    result = played(subject, progress)
    found = chosen_figures(result.indicators, result.stored, (*ROOM, *BESIDE))
    by_label = dict(found)
    judged = [name for name in ROOM if load_indicators()[name].label in by_label]
    values = {name: by_label[load_indicators()[name].label].value for name in judged}
    heads = [ROOM[name].format(number(value)) for name, value in values.items()]
    shares = [(label, figure) for label, figure in found if figure.unit == "%"]
    return Message(
        title="La salle " + (" et ".join(heads) or "n'a ni réquisition ni ronde sur cette durée"),
        figures=tuple(found),
        bars=Bars(
            "Ce que la salle fait de ce qu'elle doit, %",
            tuple(label for label, _ in shares),
            (("%", tuple(figure.value for _, figure in shares)),),
        ),
        envelope=f"{between(found)}. Intervalle à 95 % entre {result.replications}"
        " réplication(s) : la part du hasard, pas celle des hypothèses.",
        reversal=_room_turned(subject, judged, progress) if judged else TOO_SHORT,
        notes=(
            f"Calcul {result.stored.folder.name}, graine {subject.experiment.seed}.",
            *assumed(subject.scenario, OF_THE_ROOM),
        ),
    )


def _room_turned(subject: Subject, judged: Sequence[str], progress: Progress) -> str:
    """What would bring the room to the other side of nine out of ten, one replication a point."""
    plays = Plays(
        subject.scenario,
        subject.experiment.exactly(1),
        out=subject.out,
        workers=subject.workers,
        engine=subject.engine,
        progress=lambda done, wanted: progress("renversements", done, wanted),
    )

    def spare(choices: Choices) -> float:
        return min(plays.mean(name, choices) for name in judged) - KEPT_OF_TEN

    moved = [each for each in factors(subject.scenario) if each.key in OF_THE_ROOM]
    if any(name not in table.index for table in plays.play(ends(moved)) for name in judged):
        return TOO_SHORT
    side = 1 if spare({}) >= 0 else -1
    found = reversals(lambda choices: side * spare(choices), moved, resolution=RESOLUTION)
    done = "fait" if side > 0 else "ne fait pas"
    opening = f"Aux valeurs centrales, la salle {done} neuf dixièmes de chacune"
    tried = f"{len(moved)} hypothèses essayées, dans leur fourchette, une réplication chacune"
    return f"{turned(opening, found)} ({tried}.)"


def _tariffs(subject: Subject, progress: Progress) -> Message:
    stages = staged(subject, progress)
    budget = budget_of(subject.scenario, stages)
    year = _steady(budget)
    risk = risk_of(
        subject.scenario,
        stages,
        count=DRAWS,
        seed=subject.experiment.seed,
        progress=lambda done, wanted: progress("budgets", done, wanted),
    )
    results = {name: _result(budget, risk, name, year) for name in PERIMETERS}
    reversed_by, odds = [], []
    for done, name in enumerate(PERIMETERS):
        progress("renversements", done, len(PERIMETERS))
        verdict = verdict_of(subject.scenario, stages, perimeter=name, year=year)
        state = "équilibre" if verdict.result_eur >= 0 else "déficit"
        reversed_by.append(turned(f"{PERIMETER_NAMES[name]}, {state}", verdict.reversals))
        share = risk.balance_probability(name)[budget.years.index(year)]
        odds.append(f"{PERIMETER_NAMES[name].lower()} {number(_PERCENT * float(share))} %")
    shown = [
        (f"{PERIMETER_NAMES[name]}, résultat {year}", found) for name, found in results.items()
    ]
    last = stages[-1]
    return Message(
        title=f"En {year}, {_gaps(results)}",
        figures=(*shown, *_coverages(budget, year)),
        bars=Bars(
            "Résultat de fonctionnement avant prise en charge par la MEL, k€",
            tuple(map(str, budget.years)),
            tuple(
                (PERIMETER_NAMES[name], tuple(map(keur, budget.perimeter(name).result)))
                for name in PERIMETERS
            ),
        ),
        envelope=f"{between(shown)}. 5 à 95 % de {DRAWS} budgets tirés. Part des tirages à"
        f" l'équilibre : {' ; '.join(odds)}.",
        reversal=" ".join(reversed_by),
        notes=(
            f"Calcul {last.identity[:12]}, graine {last.seed}, {last.replications} réplication(s) ;"
            f" montée en charge jouée avec {', '.join(str(len(s.communes)) for s in stages)}"
            f" communes. {year} : première année pleine avec toutes les communes attendues.",
            "La salle n'est pas rejouée à chaque tirage : seul le budget varie.",
            *assumed(subject.scenario, ("annual_hours", "fipd_centre_rate", "cameras_per_1000")),
        ),
    )


def _steady(budget: Budget) -> int:
    """First whole year with as many communes as there will be, or the last year."""
    communes = budget.activity.communes
    return budget.years[min(int(communes.argmax()) + 1, len(budget.years) - 1)]


def _gaps(results: dict[Perimeter, Figure]) -> str:
    """What the fees lack or leave in each perimeter; the verb is said once when it can be."""
    said, before = [], ""
    for name, result in results.items():
        verb = "il manque" if result.value < 0 else "il reste"
        amount = f"{number(abs(result.value))}\u00a0k€ au {PERIMETER_NAMES[name].lower()}"
        said.append(amount if verb == before else f"{verb} {amount}")
        before = verb
    return " et ".join(said)


def _result(budget: Budget, risk: Risk, perimeter: Perimeter, year: int) -> Figure:
    i = budget.years.index(year)
    value = keur(budget.perimeter(perimeter).result[i])
    low, _, high = (keur(float(row[i])) for row in risk.quantiles(perimeter))
    last = budget.stages[-1]
    source = f"budget {year}, calcul {last.identity[:12]}, graine {last.seed}, {DRAWS} tirages"
    return Figure(value, min(low, value), max(high, value), "k€", Kind.COMPUTED, source)


def _coverages(budget: Budget, year: int) -> Iterator[tuple[str, Figure]]:
    i = budget.years.index(year)
    for name in PERIMETERS:
        accounts = budget.perimeter(name)
        spent = accounts.total("operating", "expense", balanced=False)[i]
        if spent:
            value = _PERCENT * (spent + accounts.result[i]) / spent
            source = f"budget {year}, calcul {budget.stages[-1].identity[:12]}"
            yield (
                f"{PERIMETER_NAMES[name]}, dépenses couvertes",
                Figure(value, value, value, "%", Kind.COMPUTED, source),
            )


def _flows(subject: Subject, progress: Progress) -> Message:
    capacity = capacity_in_use()
    scenario, seed, engine = subject.scenario, subject.experiment.seed, subject.engine
    found = study(
        scenario, seed, capacity, engine=engine, progress=lambda *n: progress("réseau", *n)
    )
    failures = failures_of(
        scenario,
        seed,
        1,
        capacity,
        played_again=0,
        engine=engine,
        progress=lambda *n: progress("pannes", *n),
    )
    nodes = replace(found.nodes.nodes, unit="serveurs")
    shown = (("Serveurs d'ingestion, secours compris", nodes), *_worst(subject, failures))
    first = failures.rows[:SHOWN_FAILURES]
    ranked = [f"{rank}. {CAUSES[row.failure.target.cause]}" for rank, row in enumerate(first, 1)]
    moved = " ; ".join(_moved(failures)[:SHOWN_MOVED])
    dark = failures.rows[0].cameras
    return Message(
        title=f"{number(nodes.value)} serveurs portent les images ; la panne qui coûte le plus"
        f" éteint {number(dark)} caméras",
        figures=shown,
        bars=Bars(
            "Pannes qui coûtent le plus, heures-caméra par an",
            tuple(ranked),
            (("heures-caméra par an", tuple(row.yearly.camera_h for row in first)),),
        ),
        envelope=f"{between(shown)}. Toutes les hypothèses de panne à leur borne douce, puis dure.",
        reversal=f"Une autre panne passe première avec {moved}."
        if moved
        else "Aucune hypothèse de panne, seule, n'en met une autre en tête.",
        notes=(
            "Topologie supposée à partir des coordonnées : la fibre réelle n'est pas publique."
            if found.network.supposed
            else f"Topologie : {found.network.source}.",
            f"Serveur mesuré le {capacity.provenance.measured_on}, {capacity.provenance.host}.",
            *assumed(subject.scenario, ("disasters_per_year", "disaster_repair_h")),
        ),
    )


def _worst(subject: Subject, failures: Failures) -> Iterator[tuple[str, Figure]]:
    """Failure that takes away most camera-hours in a year, and what all of them leave."""
    row = failures.rows[0]
    source = f"réseau du scénario {subject.name}, graine {subject.experiment.seed}"
    lost_h, (mild, harsh) = row.yearly.camera_h, failures.envelope
    for label, value, low, high, unit in (
        ("Caméras éteintes", row.cameras, row.cameras, row.cameras, "caméras"),
        ("Perdu", lost_h, min(mild, lost_h), max(harsh, lost_h), "heures-caméra par an"),
    ):
        figure = Figure(value, low, high, unit, Kind.COMPUTED, source)
        yield f"{label} ({CAUSES[row.failure.target.cause]})", figure
    seen = _PERCENT * failures.availability
    yield (
        "Temps où un agent peut voir une caméra, pannes des caméras exclues",
        Figure(seen, seen, seen, "%", Kind.COMPUTED, source),
    )


def _moved(failures: Failures) -> list[str]:
    table = load_assumptions()
    words = {"low": "basse", "high": "haute"}
    pairs = (each.split(", ") for each in failures.reversals)
    return [f"« {table[key].label} » à sa borne {words[end]}" for key, end in pairs]


def _unsaid(_: Subject, progress: Progress) -> Message:
    progress("limites", 1, 1)
    published = load_published()
    findings = published.findings.values()
    return Message(
        title="Ce que l'outil ne dit pas : ni la délinquance, ni l'effet des caméras sur elle",
        figures=tuple((each.label, each.figure) for each in published.figures.values()),
        bars=None,
        envelope=" ".join(
            ("Chiffres publiés, sans intervalle.", *(each.text for each in findings))
        ),
        reversal="Rien de ce que l'outil calcule : il compte ce qu'une salle voit, répond et coûte."
        " Seule une évaluation de terrain, avec témoin, pourrait le dire.",
        notes=tuple(
            f"{each.source} ({each.url})" for each in (*published.figures.values(), *findings)
        ),
    )


MESSAGES: dict[str, Callable[[Subject, Progress], Message]] = {
    "presence": _presence,
    "room": _room,
    "tariffs": _tariffs,
    "flows": _flows,
    "unsaid": _unsaid,
}
"""How each message is found, in the order in which they are said."""
