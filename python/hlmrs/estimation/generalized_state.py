"""A generalized estimate as a header and arrays, and back.  What is read is checked: a file is not to be trusted."""

import copyreg
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from .. import storage
from .._core import Columns, Encoding, GeneralizedFit, family_predictors
from ..families import Family
from ..options import Thresholds
from ..priors import CoefficientPrior, Normal
from .estimate import GONE
from .generalized import GeneralizedEstimate, generalized_model
from .generalized_core import GeneralizedCore, SavedFit, read_core, write_core
from .generalized_request import OTHER_PARTS, GeneralizedRequest
from .layout import Layout
from .ordered import threshold_names
from .parts import PartDesign, rows_again
from .response import Response
from .separation import Separated
from .state import (
    NO_FRAME,
    Arrays,
    labels_of,
    read_between,
    read_bytes,
    read_group_rows,
    read_labels,
    read_request,
    read_row_values,
    reading,
    under,
    with_columns,
    write_request,
    write_row_values,
)

_OF_RESPONSE = ("y", "trials", "weights")


def to_bytes(estimate: GeneralizedEstimate) -> bytes:
    """Write an estimate with all that its rows gave, for another process."""
    return storage.to_bytes(*with_core(estimate, *generalized_to_state(estimate, keep_rows=True)))


def with_core(estimate: GeneralizedEstimate, header: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Add the core's fit and the columns that its rows are encoded from, if they are there."""
    if estimate.rows_if_kept is not None:
        meta, own = estimate.own.fit.state()
        header = header | {"core": meta}
        arrays = arrays | {f"core.{name}": array for name, array in own.items()}
    return with_columns(estimate, header, arrays)


def from_bytes(data: bytes) -> GeneralizedEstimate:
    """Read what ``to_bytes`` wrote."""
    return generalized_from_state(*read_bytes(data))


def _reduced(estimate: GeneralizedEstimate) -> tuple[Any, ...]:
    return from_bytes, (to_bytes(estimate),)


copyreg.pickle(GeneralizedEstimate, _reduced)  # how an estimate goes to another process


def generalized_to_state(estimate: GeneralizedEstimate, *, keep_rows: bool) -> tuple[dict[str, Any], Arrays]:
    """Take an estimate apart; the values of its rows come along if `keep_rows`."""
    request = estimate.generalized
    core, arrays = write_core(estimate.own.fit)
    parts = {}
    for name, design in estimate.designs.items():
        parts[name] = write_request(design.request, estimate.kind, design.splines)
        parts[name]["encoding"] = design.encoding.to_json()
        arrays |= {f"moments.{name}.{k}": moments for k, moments in enumerate(design.moments)}
    arrays |= {f"group_rows.{g}": counts for g, counts in enumerate(estimate.group_rows)}
    header = {
        "generalized": {
            "family": {"name": request.family.name, "link": request.family.link},
            "approximation": request.approximation,
            "offset_column": request.offset_column,
            "thresholds": request.thresholds,
            "prior": _written_prior(request.prior),
            "categories": list(estimate.categories),
            "levels": estimate.levels,
            "separated": None if estimate.separated is None else _written_separation(estimate.separated),
            "fit": core,
        },
        "parts": parts,
        "layout": estimate.layout.as_json(),
        "labels": labels_of(estimate),
        "between": estimate.between_terms,
    }
    return header, arrays | write_row_values(estimate, keep_rows) | (_row_arrays(estimate) if keep_rows else {})


def _written_prior(prior: CoefficientPrior | None) -> list[Any] | dict[str, list[float]] | None:
    if isinstance(prior, Normal):
        return [prior.mean, prior.sd]
    return None if prior is None else {name: [own.mean, own.sd] for name, own in prior.items()}


def _read_prior(written: Any) -> CoefficientPrior | None:
    if isinstance(written, dict):
        return {str(name): Normal(*own) for name, own in written.items()}
    return None if written is None else Normal(*written)


def _written_separation(separated: Separated) -> dict[str, Any]:
    return {"rise": {name: value > 0 for name, value in separated.endless.items()}, "text": separated.text}


def _read_separation(own: Mapping[str, Any]) -> Separated | None:
    written = own.get("separated")
    if written is None:
        return None
    endless = {str(name): np.inf if rises else -np.inf for name, rises in written["rise"].items()}
    return Separated(endless, str(written["text"]))


def _row_arrays(estimate: GeneralizedEstimate) -> Arrays:
    """Return the response as it was modelled, and the linear predictors of the rows used."""
    if not estimate.has_values:
        return {}
    given = {name: getattr(estimate.response, name) for name in _OF_RESPONSE}
    arrays = {f"response.{name}": values for name, values in given.items() if values is not None}
    return arrays | {f"eta.{k}": eta for k, eta in enumerate(estimate.own.fit.linear_predictors())}


def generalized_from_state(
    header: dict[str, Any], arrays: Arrays, name: str, columns: Columns | None = None
) -> GeneralizedEstimate:
    """Put an estimate together again; `name` is that of the file, for messages; `columns` have its rows."""
    with reading(name, "a fit"):
        return _rebuild(header, arrays, columns)


def _rebuild(header: dict[str, Any], arrays: Arrays, columns: Columns | None) -> GeneralizedEstimate:
    own = header["generalized"]
    request, kind, saved = _read_parts(header, arrays)
    layout, fit = Layout.from_json(header["layout"]), read_core(own["fit"], arrays)
    _check(layout, fit, saved, own["categories"], own["thresholds"])
    group_rows = read_group_rows(arrays, layout)
    values = read_row_values(arrays, layout)
    response = None if values is None else _read_response(own, arrays, layout)
    designs, core = saved, cast("GeneralizedFit | SavedFit", fit)
    if columns is not None:
        if response is None:
            raise ValueError("its columns have no response")
        designs = rows_again(request, columns)
        core = _core_again(request, designs, response, header, arrays)
    elif response is not None:
        predictors = family_predictors(request.core_family(len(response.categories)))
        core = replace(fit, eta=[_by_row(arrays[f"eta.{k}"], layout) for k in range(len(predictors))])
    return GeneralizedEstimate(
        request,
        GeneralizedCore(core),
        kind,
        designs,
        response,
        categories=tuple(own["categories"]),
        levels=_levels(own),
        separated=_read_separation(own),
        why_gone=NO_FRAME if columns is not None else GONE,
        layout=layout,
        group_rows=group_rows,
        values=values,
        labels=read_labels(header),
        between_terms=read_between(header, layout),
        encoding=designs["conditional"].encoding,
    )


def _read_parts(header: dict[str, Any], arrays: Arrays) -> tuple[GeneralizedRequest, str, dict[str, PartDesign]]:
    """Read what was asked for, and what encodes new data for every part."""
    own, designs, kind = header["generalized"], {}, ""
    for name, entry in header["parts"].items():
        request, kind, splines = read_request(entry)
        encoding = Encoding.from_json(entry["encoding"])
        n_terms = len(encoding.layout()["random"])
        moments = [arrays[f"moments.{name}.{k}"] for k in range(n_terms)]
        designs[name] = PartDesign(request, splines, None, encoding, moments)
    others = {name: design.request for name, design in designs.items() if name != "conditional"}
    if not others.keys() <= set(OTHER_PARTS.values()) or own["thresholds"] not in get_args(Thresholds):
        raise ValueError(f"it has the parts {', '.join(others)}")
    family = Family(own["family"]["name"], own["family"]["link"])
    mean, column = designs["conditional"].request, own["offset_column"]
    if column is not None and f"offset({column})" not in [offset.name for offset in mean.spec.offsets]:
        raise ValueError("its offset is not one of its formula")
    asked = GeneralizedRequest(
        mean, family, others, own["approximation"], column, own["thresholds"], _read_prior(own["prior"])
    )
    return asked, kind, designs


def _check(layout: Layout, fit: SavedFit, designs: Mapping[str, PartDesign], categories: Any, thresholds: str) -> None:
    """Refuse names and numbers that do not belong together."""
    known = designs["conditional"].encoding.layout()
    core = GeneralizedCore(fit)
    terms = [term for design in designs.values() for term in design.random]
    n_columns = {name: len(design.columns) for name, design in designs.items()}
    if categories:
        nominal = designs["thresholds"].columns if "thresholds" in designs else None
        n_columns["thresholds"] = len(threshold_names(thresholds, categories, nominal))
    holds = (
        layout.fits(core)  # type: ignore[arg-type]
        and layout.is_of(designs["conditional"].encoding, response=known["response"])
        and layout.response == designs["conditional"].request.spec.response.name
        and all(isinstance(name, str) for name in categories)
        and bool(categories) == ("thresholds" in core.parts)
        and [len(covariance) for covariance in fit.covariances()] == [len(term.columns) for term in terms]
        and all(n_columns.get(entry["name"], entry["n_columns"]) == entry["n_columns"] for entry in fit.model.parts())
        and all(
            design.request.spec.columns()
            and [m.shape for m in design.moments] == [(len(term.columns),) * 2 for term in design.random]
            and [term.name for term in design.request.spec.random] == [term.name for term in design.random]
            and [term.name for term in design.request.spec.terms] == design.encoding.layout()["terms"]
            for design in designs.values()
        )
    )
    if not holds:
        raise ValueError("its names and its numbers do not belong together")


def _read_response(own: Mapping[str, Any], arrays: Arrays, layout: Layout) -> Response:
    given = {name: arrays.get(f"response.{name}") for name in _OF_RESPONSE}
    y, trials, weights = (None if values is None else _by_row(values, layout) for values in given.values())
    if y is None:
        raise ValueError("its rows have no response")
    return Response(y, trials, weights, tuple(own["categories"]), _levels(own))


def _levels(own: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return failure and success of a response of two levels."""
    if own["levels"] is None:
        return None
    low, high = own["levels"]
    return str(low), str(high)


def _by_row(values: NDArray[Any], layout: Layout) -> NDArray[np.float64]:
    if values.shape != (layout.n_rows,) or values.dtype != np.float64:
        raise ValueError("its rows are not those of its counts")
    return values


def _core_again(
    request: GeneralizedRequest,
    designs: Mapping[str, PartDesign],
    response: Response,
    header: Mapping[str, Any],
    arrays: Arrays,
) -> GeneralizedFit:
    """Make the core's fit of rows that are there."""
    model = generalized_model(request, designs, response)
    return GeneralizedFit.from_state(model, header["core"], under("core.", arrays))
