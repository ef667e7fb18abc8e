"""A generalized model changed: its formulas as R's update changes them, and any of its options."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, TypedDict

from numpy.typing import ArrayLike

from ..calls import refuse_unknown
from ..control import Control
from ..errors import FormulaWarning, warn
from ..families import Family, chosen_family
from ..formula import ModelSpec
from ..frame import Frame
from ..options import Missing, Thresholds
from ..priors import Prior
from .generalized_request import OTHER_PARTS, GeneralizedRequest, chosen_approximation, make_generalized_request
from .request import ARRAY_OFFSET, ARRAY_WEIGHTS, Contrast, require_same_rows, updated, without_idle_contrasts


class GeneralizedChanges(TypedDict, total=False):
    """Arguments of ``glmer`` that ``update`` can change."""

    family: "str | Family"
    link: str | None
    dispersion: str | None
    zero_inflation: str | None
    thresholds: Thresholds
    nominal: str | None
    scale: str | None
    prior: Prior | None
    nagq: int
    information: Literal["observed", "expected"]
    reml: bool
    weights: "str | ArrayLike | None"
    offset: "str | ArrayLike | None"
    contrasts: "Mapping[str, Contrast] | None"
    missing: Missing
    control: Control | None


def change_generalized_request(
    old: GeneralizedRequest, change: str, data: Frame, options: Mapping[str, Any], *, same_rows: bool
) -> GeneralizedRequest:
    """Change a model's formula and options; arrays belong to the rows of the model."""
    refuse_unknown("update", options, list(GeneralizedChanges.__annotations__))
    if not same_rows:
        require_same_rows(old.mean, options)
    spec = updated(without_offset_column(old), change, data, same_rows=same_rows)
    for note in spec.notes:
        warn(note, FormulaWarning)
    arrays, mean = old.mean.arrays, old.mean
    given = {
        "weights": arrays.get(ARRAY_WEIGHTS, mean.weights),
        "offset": arrays.get(ARRAY_OFFSET, mean.offset or old.offset_column),
        "contrasts": None,
        "missing": mean.missing,
        "control": mean.control,
    }
    new = make_generalized_request(
        spec.formula,
        data,
        _family(old, options),
        {argument: options.get(argument, _text(old, part)) for argument, part in OTHER_PARTS.items()},
        _approximation(old, options),
        options.get("thresholds", old.thresholds),
        options.get("prior", old.given_prior),
        **given | {name: value for name, value in options.items() if name in given},
    )
    return new if "contrasts" in options else with_contrasts_of(old, new)


def without_offset_column(old: GeneralizedRequest) -> ModelSpec:
    """Return the formula of the mean as it was given: an offset that was an argument is none of its terms."""
    spec = old.mean.spec
    return spec if old.offset_column is None else replace(spec, offsets=spec.offsets[:-1])


def _text(old: GeneralizedRequest, part: str) -> str | None:
    return old.others[part].spec.formula if part in old.others else None


def _family(old: GeneralizedRequest, options: Mapping[str, Any]) -> Family:
    """Return the family; another one has its own link, unless one is given."""
    if "family" in options:
        return chosen_family(options["family"], options.get("link"))
    return chosen_family(old.family, options.get("link"))


def _approximation(old: GeneralizedRequest, options: Mapping[str, Any]) -> str | dict[str, int]:
    if not {"nagq", "information", "reml"} & options.keys():
        return old.approximation
    how = old.approximation
    before = {
        "nagq": how["quadrature"] if isinstance(how, dict) else int(how != "penalized"),
        "information": "expected" if how == "expected" else "observed",
        "reml": how == "restricted",
    }
    nagq, information, reml = (options.get(name, before[name]) for name in before)
    return chosen_approximation(nagq, information, reml)


def with_contrasts_of(old: GeneralizedRequest, new: GeneralizedRequest) -> GeneralizedRequest:
    """Code the factors of every part as they were."""
    before = old.parts()
    mean, *_ = parts = [
        without_idle_contrasts(replace(part, contrasts=before[name].contrasts)) if name in before else part
        for name, part in new.parts().items()
    ]
    return replace(new, mean=mean, others=dict(zip(new.others, parts[1:], strict=True)))
