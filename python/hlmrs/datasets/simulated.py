"""Data sets that are simulated when they are loaded: their models, parameters and seeds are all that is stored.

The numbers come from ``numpy.random.RandomState``, whose streams NumPy keeps as they are for good (NEP 19), and are
rounded, so that every machine has the same data.

``classrooms``: student i of classroom j of school k, 20 in each of 4 classrooms of 25 schools,

    prior      = p_k + p_jk + p_ijk            standard deviations 0.3, 0.3, 0.9
    motivation = 5 + m_k + m_jk + m_ijk        standard deviations 0.3, 0.4, 1
    ses        = s_k + s_ijk                   standard deviations 0.5, 0.9
    score      = 50 + 4 prior + (2 + b_jk + 1.2 inquiry_jk) (motivation - 5) + 2 (m_k + m_jk) + 1.5 ses
                 + 2 inquiry_jk + 1 project_jk + 0.12 (experience_jk - 10) + 1.5 private_k + a_k + a_jk + e_ijk

with standard deviations 2 of a_k, 3.2 of a_jk, 1 of b_jk (correlated with a_jk, -0.3) and 7.3 of e_ijk.  The
coefficient of a classroom's mean motivation, beside that of the student's, is its contextual effect, 2.  A quarter of
the variance of the score lies between classrooms and schools.  The seed is one of those by which the data have such a
share too.

``diary``: day t of person i, 14 days of 120 people, each day missing with probability 0.15,

    stress = 4 + s_i + 0.4 neuroticism_i - 1 weekend + s_it      standard deviations 0.8, 1.2
    sleep  = 7 + l_i + 0.7 weekend + l_it                        standard deviations 0.6, 0.9
    mood   = 6 + a_i + (-0.4 + b_i) (stress - 4) + 0.25 (sleep - 7) + 0.3 weekend - 0.5 neuroticism_i + e_it

with standard deviations 0.8 of a_i and 0.2 of b_i (correlated, 0.2), and e_it of variance 1 whose correlation at lag h
is 0.35^h, also across missing days.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..frame import CategoricalColumn, Column

Vector = NDArray[np.float64]


class _Draws:
    """Normal variates, uniform ones and integers of one seed."""

    def __init__(self, seed: int) -> None:
        self.state = np.random.RandomState(seed)

    def normal(self, sd: float, *shape: int) -> Vector:
        """Draw from a normal distribution around zero."""
        return sd * self.state.standard_normal(shape)

    def pair(self, sd_1: float, sd_2: float, correlation: float, *shape: int) -> tuple[Vector, Vector]:
        """Draw two correlated normal variates."""
        first, second = self.normal(1, *shape), self.normal(1, *shape)
        return sd_1 * first, sd_2 * (correlation * first + np.sqrt(1 - correlation**2) * second)


def _factor(codes: NDArray[np.int64], levels: list[str]) -> CategoricalColumn:
    return CategoricalColumn(codes.astype(np.int32), levels)


_SCHOOLS, _CLASSROOMS, _STUDENTS = 25, 4, 20
_SEED = 20037


def classrooms() -> dict[str, Column]:
    """Simulate students in classrooms in schools; arrays are schools by classrooms by students."""
    draws, shape = _Draws(_SEED), (_SCHOOLS, _CLASSROOMS, _STUDENTS)
    of_school, of_classroom = (_SCHOOLS, 1, 1), (_SCHOOLS, _CLASSROOMS, 1)
    places = draws.normal(0.3, *of_school) + draws.normal(0.4, *of_classroom)
    motivation = np.round(5 + places + draws.normal(1, *shape), 2)
    prior = draws.normal(0.3, *of_school) + draws.normal(0.3, *of_classroom) + draws.normal(0.9, *shape)
    prior = np.round(prior, 2)
    ses = np.round(draws.normal(0.5, *of_school) + draws.normal(0.9, *shape), 2)
    approach = draws.state.randint(0, 3, of_classroom)
    experience = draws.state.randint(1, 31, of_classroom)
    private = draws.state.randint(0, 2, of_school)
    intercept, slope = draws.pair(3.2, 1.0, -0.3, *of_classroom)
    score = 50 + 4 * prior + (2 + slope + 1.2 * (approach == 1)) * (motivation - 5) + 2 * places + 1.5 * ses
    score = score + 2 * (approach == 1) + (approach == 2) + 0.12 * (experience - 10) + 1.5 * private
    score = score + draws.normal(2, *of_school) + intercept + draws.normal(7.3, *shape)
    school, room, _ = np.indices(shape)
    names = [f"s{k + 1:02d}" for k in range(_SCHOOLS)]
    rooms = [f"{name}-{room + 1}" for name in names for room in range(_CLASSROOMS)]
    by_row: dict[str, Column] = {
        "school": _factor(school.ravel(), names),
        "classroom": _factor((school * _CLASSROOMS + room).ravel(), rooms),
        "student": np.arange(1, score.size + 1),
        "score": np.round(score.ravel(), 2),
        "prior": prior.ravel(),
        "motivation": motivation.ravel(),
        "ses": ses.ravel(),
        "approach": _factor(np.broadcast_to(approach, shape).ravel(), ["lecture", "inquiry", "project"]),
        "experience": np.broadcast_to(experience, shape).ravel().astype(np.int64),
        "sector": _factor(np.broadcast_to(private, shape).ravel(), ["public", "private"]),
    }
    return by_row


_PEOPLE, _DAYS = 120, 14


def diary() -> dict[str, Column]:
    """Simulate the days of people; arrays are people by days, of which some are left out."""
    draws, shape, of_person = _Draws(14014), (_PEOPLE, _DAYS), (_PEOPLE, 1)
    person, day = np.indices(shape)
    weekend = (day % 7 >= 5).astype(np.int64)
    neuroticism = np.round(draws.normal(1, *of_person), 2)
    stress = 4 + draws.normal(0.8, *of_person) + 0.4 * neuroticism - weekend + draws.normal(1.2, *shape)
    sleep = 7 + draws.normal(0.6, *of_person) + 0.7 * weekend + draws.normal(0.9, *shape)
    stress, sleep = np.round(stress, 2), np.round(sleep, 2)
    intercept, slope = draws.pair(0.8, 0.2, 0.2, *of_person)
    mood = 6 + intercept + (slope - 0.4) * (stress - 4) + 0.25 * (sleep - 7) + 0.3 * weekend - 0.5 * neuroticism
    mood = mood + _correlated(draws.normal(1, *shape), 0.35)
    kept = draws.state.random_sample(shape) >= 0.15
    columns = {
        "person": person + 1,
        "day": day,
        "weekend": weekend,
        "mood": np.round(mood, 2),
        "stress": stress,
        "sleep": sleep,
        "neuroticism": np.broadcast_to(neuroticism, shape),
    }
    return {name: values[kept] for name, values in columns.items()}


def _correlated(innovations: Vector, correlation: float) -> Vector:
    """Make a stationary first-order autoregression of variance 1 along the days: e_t = r e_(t-1) + sqrt(1 - r²) z_t."""
    errors = innovations.copy()
    for t in range(1, errors.shape[1]):
        errors[:, t] = correlation * errors[:, t - 1] + np.sqrt(1 - correlation**2) * innovations[:, t]
    return errors


GENERATORS: Mapping[str, Callable[[], dict[str, Column]]] = {"classrooms": classrooms, "diary": diary}
"""By the name of the data set, what makes its columns."""
