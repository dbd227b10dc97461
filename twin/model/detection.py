"""How soon somebody who watches images notices what is on one of them."""

from __future__ import annotations

import math

import numpy as np

from twin.errors import InputError
from twin.model.assumptions import Assumptions
from twin.model.clock import MS_PER_MIN

__all__ = ["equivalent_view_min", "notice_hazard_per_ms"]

_DETECTION = "detection_"


def notice_hazard_per_ms(images: int, assumptions: Assumptions) -> float:
    """Hazard at which an agent who watches `images` images notices an incident on one of them.

    The published detection probability p (linear in the number of images between two published
    ones) over the reference time in view T is reached: 1 - exp(-hazard T) = p.

    Raises
    ------
    InputError
        More images than published; probabilities that grow with the images, or outside [0, 1).

    Examples
    --------
    >>> hazard = notice_hazard_per_ms(9, Assumptions({"detection_9": 0.5, "reference_view_min": 1}))
    >>> round(hazard * 60_000, 4)
    0.6931
    """
    keys = (key for key in assumptions.values if key.startswith(_DETECTION))
    counts = sorted(int(key.removeprefix(_DETECTION)) for key in keys)
    shares = [assumptions[f"{_DETECTION}{count}"] for count in counts]
    if not counts[0] <= images <= counts[-1]:
        raise InputError(
            f"{images} images per agent: "
            f"detection is published for {counts[0]} to {counts[-1]} images only"
        )
    if shares != sorted(shares, reverse=True) or not 0 <= shares[-1] <= shares[0] < 1:
        raise InputError(
            f"detection by number of images ({', '.join(map(str, counts))}) is "
            f"{', '.join(map(str, shares))}: it must lie in [0, 1) and may not grow"
        )
    share = float(np.interp(images, counts, shares))
    return -math.log1p(-share) / (assumptions["reference_view_min"] * MS_PER_MIN)


def equivalent_view_min(assumptions: Assumptions) -> float:
    """Reference time at which the central probabilities give the hazard of these assumptions.

    Probability and reference time act through the hazard alone: halving the hazard by one or by the
    other makes the same room.

    Raises
    ------
    InputError
        Nothing would ever be noticed.

    Examples
    --------
    >>> equivalent_view_min(Assumptions({"reference_view_min": 20}))
    20.0
    """
    images = round(assumptions["images_watched"])
    hazard = notice_hazard_per_ms(images, assumptions)
    if not hazard:
        raise InputError(f"{_DETECTION}{images}: 0 is a room that notices nothing")
    view_min = assumptions["reference_view_min"]
    central = Assumptions({"reference_view_min": view_min})
    # The quotient first: it is exactly 1 at the central probabilities.
    return view_min * (notice_hazard_per_ms(images, central) / hazard)
