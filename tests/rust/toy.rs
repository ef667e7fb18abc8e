//! A model that is not the linear one goes through all that takes any model: search, verdict, refit, profile, curvature.

use std::sync::atomic::AtomicBool;

use hlmrs::covariance::{RandomBasis, TermSpec, ThetaMap};
use hlmrs::fit::refit::refit;
use hlmrs::fit::search::search;
use hlmrs::fit::{Control, Optimizer, Status};
use hlmrs::ids::FactorId;
use hlmrs::inference::profile::{Chart, ProfileStart, ProfiledModel, trace};
use hlmrs::model::curvature::hessian;
use hlmrs::model::{Accuracy, Estimates, Evaluator, Model, Parameters};
use hlmrs::optimize::Objective;
use hlmrs::rows::StoredRows;
use hlmrs::{Result, Structure};

/// d = (v - c)² + (w + 1)² + l², v = θ_0² e^l, w = θ_1²: a quadratic whose second variance is bounded by zero.
#[derive(Clone)]
struct Toy {
    map: ThetaMap,
    bases: Vec<RandomBasis>,
    /// What v is drawn to: its response.
    centre: f64,
}

impl Toy {
    fn new() -> Self {
        let factors = [FactorId(0), FactorId(1)];
        let term = |factor| TermSpec::new(Structure::Unstructured, factor, 1);
        Self { map: ThetaMap::new(&factors.map(term), &factors), bases: vec![RandomBasis::identity(1); 2], centre: 4.0 }
    }
}

struct ToyEvaluator {
    toy: Toy,
    evaluations: usize,
}

impl Model for Toy {
    fn start(&self, _stop: &AtomicBool) -> Result<Vec<f64>> {
        Ok(vec![1.0, 1.0, 0.5])
    }

    fn evaluator<'a>(&self, _stop: &'a AtomicBool) -> Box<dyn Evaluator + 'a> {
        Box::new(ToyEvaluator { toy: self.clone(), evaluations: 0 })
    }
}

impl Objective for ToyEvaluator {
    fn n_parameters(&self) -> usize {
        3
    }

    fn value(&mut self, x: &[f64]) -> Result<f64> {
        self.evaluations += 1;
        Ok((x[0].powi(2) * x[2].exp() - self.toy.centre).powi(2) + (x[1].powi(2) + 1.0).powi(2) + x[2].powi(2))
    }

    fn slope(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let v = x[0].powi(2) * x[2].exp();
        let (along, rest) = ([2.0 * v / x[0], 0.0, v], 2.0 * (v - self.toy.centre));
        let gradient = vec![rest * along[0], 4.0 * x[1] * (x[1].powi(2) + 1.0), rest * v + 2.0 * x[2]];
        let mut curvature: Vec<f64> = (0..9).map(|e| 2.0 * along[e % 3] * along[e / 3]).collect();
        curvature[0] += rest * 2.0 * v / x[0].powi(2);
        curvature[2] += rest * along[0];
        curvature[6] += rest * along[0];
        curvature[4] += 12.0 * x[1].powi(2) + 4.0;
        curvature[8] += rest * v + 2.0;
        Ok((gradient, curvature))
    }
}

impl Evaluator for ToyEvaluator {
    fn parameters(&self) -> Parameters<'_> {
        Parameters { theta: &self.toy.map, bases: &self.toy.bases }
    }

    fn evaluations(&self) -> usize {
        self.evaluations
    }

    fn accuracy(&mut self, _x: &[f64]) -> Result<Accuracy> {
        Ok(Accuracy::default())
    }

    fn flops(&self) -> f64 {
        100.0
    }

    fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>> {
        Ok(self.slope(x)?.0)
    }

    fn set_response(&mut self, _rows: &StoredRows, y: &[f64]) -> Result<()> {
        self.toy.centre = y[0];
        Ok(())
    }

    fn estimates(&mut self, x: &[f64]) -> Result<Estimates> {
        Ok(Estimates { beta: Vec::new(), sigma: (0.5 * x[2]).exp() })
    }
}

#[test]
fn a_search_ends_on_the_bound_and_the_verdict_says_so() {
    for optimizer in [Optimizer::TrustRegion, Optimizer::Bobyqa] {
        let (stop, toy) = (AtomicBool::new(false), Toy::new());
        let mut evaluator = toy.evaluator(&stop);
        let control = Control { optimizer, ..Control::default() };
        let (x, verdict) = search(&mut *evaluator, &toy.start(&stop).unwrap(), &control).unwrap();
        assert!((x[0] - 2.0).abs() < 1e-4 && x[1] == 0.0 && x[2].abs() < 1e-4, "{optimizer:?} {x:?}");
        assert_eq!(verdict.status, Status::Boundary, "{optimizer:?} {verdict:?}");
        assert_eq!(verdict.boundary.iter().map(|space| space.term).collect::<Vec<_>>(), [1]);
        assert!(verdict.flat.terms.is_empty() && verdict.evaluations > 5);
    }
}

#[test]
fn a_refit_finds_the_same_optimum_and_its_estimates() {
    let stop = AtomicBool::new(false);
    let optimum = refit(&mut *Toy::new().evaluator(&stop), &[1.5, 0.3, -0.2]).unwrap().unwrap();
    assert!((optimum.criterion - 1.0).abs() < 1e-8 && (optimum.sigma - 1.0).abs() < 1e-4);
}

#[test]
fn the_curvature_is_that_of_the_quadratic() {
    let stop = AtomicBool::new(false);
    let h = hessian(&mut *Toy::new().evaluator(&stop), &[2.0, 0.0, 0.0]).unwrap();
    for (got, want) in h.iter().zip([32.0, 0.0, 32.0, 0.0, 4.0, 0.0, 32.0, 0.0, 34.0]) {
        assert!((got - want).abs() < 1e-5, "{h:?}");
    }
}

/// With θ_0 √s held at v the rest is at its best for w = 0 and l = 0: ζ = |v² - 4|.
#[test]
fn a_profile_ends_where_its_closed_form_does() {
    let (stop, limit) = (AtomicBool::new(false), 1.5);
    let start = ProfileStart {
        model: ProfiledModel::Own(Box::new(Toy::new())),
        estimate: 2.0,
        range: (0.0, f64::INFINITY),
        step: 0.05,
        free: vec![0.0, 0.0],
        chart: Chart::Scale { k: 0, unit: 1.0, power: 1 },
    };
    let profile = trace(start, 1.0, limit, &stop).unwrap();
    assert!((profile.low - (4.0 - limit).sqrt()).abs() < 1e-6, "{profile:?}");
    assert!((profile.high - (4.0 + limit).sqrt()).abs() < 1e-6, "{profile:?}");
    for (value, zeta) in profile.points {
        assert!((zeta - (value.powi(2) - 4.0)).abs() < 1e-5, "{value} {zeta}");
    }
}
