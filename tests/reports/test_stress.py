import json
from pathlib import Path

import pytest

from twin.reports.stress import stress_report
from twin.scenarios.experiment import run
from twin.scenarios.library import Library, load_library
from twin.scenarios.store import Run

CHECKLIST = (
    "## 1. Objectifs",
    *("### 1.1 But du modèle", "### 1.2 Sorties du modèle", "### 1.3 But de l'expérience"),
    "## 2. Logique",
    *("### 2.1 Schéma du modèle", "### 2.2 Logique du modèle", "### 2.3 Logique du scénario"),
    *("### 2.4 Algorithmes", "### 2.5 Composants"),
    "## 3. Données",
    *("### 3.1 Sources", "### 3.2 Prétraitement"),
    *("### 3.3 Paramètres d'entrée", "### 3.4 Hypothèses"),
    "## 4. Expérimentation",
    *("### 4.1 Initialisation", "### 4.2 Durée", "### 4.3 Estimation"),
    "## 5. Mise en œuvre",
    *("### 5.1 Logiciel et langage", "### 5.2 Tirages aléatoires", "### 5.3 Exécution"),
    "### 5.4 Machine et durée",
    "## 6. Accès au code",
    "### 6.1 Partage du modèle",
)
EVENT = {
    "name": "Fête",
    "communes": ["59360"],
    "start": "2027-01-04 10:00",
    "end": "2027-01-04 12:00",
    "multiplier": "low",
}


@pytest.fixture
def library(scenarios: Path) -> Library:
    return load_library(scenarios)


@pytest.fixture
def stored(library: Library, tmp_path: Path) -> Run:
    scenario = library["tiny_heavy"].with_overrides(
        {"seats": {"wall_minimum": 2}, "events": [EVENT]}
    )
    experiment = library.experiment.exactly(2)
    return run(scenario, experiment, name="tiny_heavy", out=tmp_path / "runs").stored


def test_every_item_of_the_checklist_is_there_in_order_and_filled(
    stored: Run, library: Library
) -> None:
    text = stress_report(stored, library)
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("##")] == list(CHECKLIST)
    parts = text.split("\n### ")[1:]
    assert all(len(part.split("\n\n", 1)[1].strip()) > 30 for part in parts)


def test_it_says_what_the_run_is(stored: Run, library: Library) -> None:
    text = stress_report(stored, library)
    manifest, machine = stored.manifest, stored.machine
    assert manifest["identity"] in text
    assert f"Graine {manifest['seed']}" in text
    assert "2 réplication(s) indépendantes conservées, sur 2 demandée(s)" in text
    assert machine["python"] in text
    for path, found in manifest["data"].items():
        assert any(f"`{path}`" in line and found[:12] in line for line in text.splitlines()), path
    for key in manifest["scenario"]["assumptions"]:
        assert f"(`{key}`)" in text, key
    assert "| **11,6** | 0,5 à 11,6 | h |" in text
    assert "Au moins 2 agent(s) au mur" in text
    assert "wall_minimum: 2" in text


def test_the_command_gives_the_run_again_and_names_no_commune(
    stored: Run, library: Library
) -> None:
    text = stress_report(stored, library)
    assert "twin run tiny_heavy --seed 7 --replications 2" in text
    assert "--set seats.wall_minimum=2" in text
    assert "Fête" in text
    assert "59360" not in text
    assert "commune masquée" in text


def test_a_run_of_other_data_says_so(stored: Run, library: Library) -> None:
    assert "ont changé depuis" not in stress_report(stored, library)
    manifest = stored.folder / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps(content | {"engine": "0" * 64}), encoding="utf-8")
    assert "ont changé depuis ce calcul" in stress_report(Run(stored.folder), library)
