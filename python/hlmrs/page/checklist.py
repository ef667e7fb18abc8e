"""What reporting guidelines ask for, and where it is: in a part of the page, or with the author.

JARS-Quant (Appelbaum et al. 2018, Am. Psychol. 73, 3), LEVEL (Monsalves et al. 2020, BMC Med. Res. Methodol. 20, 3),
and Meteyard and Davies (2020, J. Mem. Lang. 112, 104092).
"""

from html import escape

from .subject import Subject

AUTHOR = "for the author"

_ITEMS = (
    ("The question, and why the data are grouped", AUTHOR),
    ("Formula and equations of all levels", "1"),
    ("Which coefficients are random", "1"),
    ("Why these coefficients are random", AUTHOR),
    ("Levels, units of each and rows of a unit", "2"),
    ("How units of each level were sampled, and weights", AUTHOR),
    ("Variables, the level and the coding of each, missing values", "3"),
    ("Why values are missing, and what was done about it", AUTHOR),
    ("Estimator, software and version, convergence, degrees of freedom", "4"),
    ("Null model: variance of each level, intraclass correlation, reliability", "5"),
    ("All models that were fitted, and how they were compared", "6"),
    ("Estimates, standard errors, tests and intervals of all coefficients", "7"),
    ("Variances and covariances of all levels, with intervals", "7"),
    ("Explained variance by level and source", "7"),
    ("Effects in the units of the response, with pictures", "8"),
    ("Checks of the assumptions at every level", "9"),
    ("Sensitivity to single groups and to the standard errors", "9"),
    ("What effects the data could have found", "10"),
    ("Limits", "11"),
    ("Ethics, data and code availability, preregistration", AUTHOR),
)


_GROUPED = (
    "Which coefficients are random",
    "Why these coefficients are random",
    "Explained variance by level and source",
)
"""Items that models without random effects have no answer to."""
_WITHOUT_GROUPS = {
    "Formula and equations of all levels": "Formula and equations",
    "Null model: variance of each level, intraclass correlation, reliability": "Null model",
    "Variances and covariances of all levels, with intervals": "Variances and correlations of residuals",
    "Checks of the assumptions at every level": "Checks of the assumptions",
}
"""What items are called there."""
_SENSITIVITY = "Sensitivity to single groups and to the standard errors"


def checklist(subject: Subject) -> str:
    """Tabulate the items that the model can have."""
    rows = "".join(f"<tr><td>{escape(item)}</td><td>{_place(place)}</td></tr>" for item, place in _items(subject))
    head = '<thead><tr><th scope="col">Item</th><th scope="col">Where</th></tr></thead>'
    return f"<table><caption>What was reported</caption>{head}<tbody>{rows}</tbody></table>"


def _items(subject: Subject) -> list[tuple[str, str]]:
    """List items and their places: what the page cannot compute is the author's."""
    is_whole = not subject.groups and not subject.residual_groups
    of_author = (_SENSITIVITY,) if subject.has_residual and is_whole else ()
    found = [(item, AUTHOR if item in of_author else place) for item, place in _ITEMS]
    if subject.groups:
        return found
    return [(_WITHOUT_GROUPS.get(item, item), place) for item, place in found if item not in _GROUPED]


def _place(place: str) -> str:
    return escape(place) if place == AUTHOR else f'<a href="#part-{place}">part {place}</a>'
