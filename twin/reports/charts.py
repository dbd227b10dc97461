"""How charts look and speak: one theme for pages, slides and pictures."""

from __future__ import annotations

from typing import Final

import altair as alt

__all__ = ["PALETTE", "SCHEME", "theme"]

PALETTE = ("#0B5C7A", "#B35C00", "#3F7D2C", "#7A3E7A", "#5A6670")
"""Contrast on white of 4.7 at least (WCAG 2.1 asks for 3 of graphics, 4.5 of text)."""

SCHEME: Final = "teals"
"""Of a quantity."""

_TEXT = "#1F2A33"


@alt.theme.register("cmsu", enable=True)
def theme() -> alt.theme.ThemeConfig:
    """Theme registered when this module is imported; numbers are French."""
    return {
        "config": {
            "locale": {
                "number": {
                    "decimal": ",",
                    "thousands": "\u202f",
                    "grouping": [3],
                    "currency": ["", "\u00a0€"],
                }
            },
            "font": "sans-serif",
            "background": "white",
            "axis": {"labelColor": _TEXT, "titleColor": _TEXT, "labelFontSize": 12},
            "legend": {"labelColor": _TEXT, "titleColor": _TEXT},
            "range": {"category": list(PALETTE)},
        },
    }
