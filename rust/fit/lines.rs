//! Lines through the space of the covariance parameters: the range of each scale, and each term at other correlations and
//! all scales.

use crate::covariance::{Role, TermCovariance, ThetaMap};

/// Points in order.
pub type Line = Vec<Vec<f64>>;

/// The range of one scale: its ends, and the points between them of a model with no other.
const RANGE: (f64, f64) = (3e-3, 1e4);
const POINTS: usize = 64;
/// The scales of a term on a line, and of one column.
const OF_TERM: [f64; 8] = [0.02, 0.06, 0.2, 0.6, 1.6, 5.0, 15.0, 60.0];
const OF_COLUMN: [f64; 7] = [0.0, 0.05, 0.2, 0.6, 2.0, 6.0, 20.0];
/// What a scale of zero is where other parameters of its term are looked over.
const LIFTED: f64 = 0.3;
/// Angles of correlations near their ends, and half way to them too.
const ENDS: [f64; 2] = [-1.5, 1.5];
const WITHIN: [f64; 4] = [-1.5, -0.75, 0.75, 1.5];
/// Large variances.
const LARGE: f64 = 8.0;
/// Where scales of zero are lifted to, and how many of them are.
const BESIDE_ZERO: [f64; 3] = [0.05, 0.3, 1.5];
const MOST_LIFTED: usize = 4;

/// Lines through the space of the parameters, as points in order; the first matter most.
pub fn lines(map: &ThetaMap, optimum: &[f64]) -> Vec<Line> {
    if map.n_parameters == 0 {
        return Vec::new();
    }
    if let [_] = optimum {
        return vec![range(optimum[0])];
    }
    let mut lines: Vec<Line> = map.terms.iter().flat_map(|term| of_term(term, optimum)).collect();
    if map.terms.len() > 1 {
        lines.push(OF_TERM.map(|c| all_terms(map, optimum, c)).to_vec());
    }
    lines
}

/// Λ = c I for all terms.
fn all_terms(map: &ThetaMap, optimum: &[f64], c: f64) -> Vec<f64> {
    let scaled = map.terms.iter().flat_map(|t| t.scaled(&t.start(), c));
    scaled.chain(optimum[map.n_parameters..].iter().copied()).collect()
}

/// Starts of large variances, to which no line through an optimum need lead: of all terms, and of a term of three columns
/// and more with every correlation one, or one column far above the others.
pub fn large(map: &ThetaMap, optimum: &[f64]) -> Vec<Vec<f64>> {
    let mut starts = vec![all_terms(map, optimum, LARGE)];
    for term in map.terms.iter().filter(|t| t.width > 2) {
        let (roles, start) = (term.roles(), term.start());
        let mut own: Vec<Vec<f64>> = correlations(&roles, &start, &ENDS).split_off(1);
        own.iter_mut().for_each(|values| *values = term.scaled(values, LARGE));
        own.extend((0..roles.len()).filter(|&k| roles[k].is_scale()).map(|k| {
            let mut values = start.clone();
            values[k] = LARGE;
            values
        }));
        starts.extend(own.into_iter().map(|values| term.with(optimum, &values)));
    }
    starts
}

/// Scales of zero, one after the other, where they are not.
pub fn beside_zeros(map: &ThetaMap, optimum: &[f64]) -> Vec<Line> {
    let zeros = map.scale_parameters().into_iter().filter(|&k| optimum[k] == 0.0);
    let lifted = |k: usize| {
        let at = |value: f64| {
            let mut x = optimum.to_vec();
            x[k] = value;
            x
        };
        BESIDE_ZERO.map(at).to_vec()
    };
    zeros.take(MOST_LIFTED).map(lifted).collect()
}

/// All scales of one parameter.
fn range(optimum: f64) -> Line {
    let step = (RANGE.1 / RANGE.0).powf(1.0 / (POINTS - 1) as f64);
    let mut points: Vec<f64> = (0..POINTS).map(|k| RANGE.0 * step.powi(k as i32)).chain([0.0, optimum.abs()]).collect();
    points.sort_by(f64::total_cmp);
    points.dedup();
    points.into_iter().map(|x| vec![x]).collect()
}

/// A term at all scales, with correlations of its own and others, then column by column; other terms as they are.
fn of_term(term: &TermCovariance, optimum: &[f64]) -> Vec<Line> {
    let (r, own) = (term.width, term.parameters(optimum));
    let roles = term.roles();
    let scaled = |values: &Vec<f64>| OF_TERM.map(|c| term.with(optimum, &term.scaled(values, c))).to_vec();
    let mut lines: Vec<Line> = correlations(&roles, &term.start(), &WITHIN).iter().map(scaled).collect();
    if r == 1 {
        return lines;
    }
    lines.push(scaled(&own.to_vec()));
    let lifted: Vec<f64> =
        roles.iter().zip(own).map(|(role, &x)| if role.is_scale() && x == 0.0 { LIFTED } else { x }).collect();
    // the correlations of a free covariance change with the entries of a column themselves
    let is_free = roles.iter().any(|role| matches!(role, Role::Entry { .. }));
    for values in correlations(&roles, &lifted, &ENDS).into_iter().take(if is_free { 1 } else { usize::MAX }) {
        for (k, _) in roles.iter().enumerate().filter(|(_, role)| role.is_scale()) {
            let at = |value: f64| {
                let mut values = values.clone();
                values[k] = value;
                term.with(optimum, &values)
            };
            lines.push(OF_COLUMN.map(at).to_vec());
        }
    }
    lines
}

/// The values, and those with angles at such ends: one at a time, and all alike; of a free covariance those where the
/// first effect goes with all others.
fn correlations(roles: &[Role], values: &[f64], ends: &[f64]) -> Vec<Vec<f64>> {
    let mut all = vec![values.to_vec()];
    let angles: Vec<usize> = (0..roles.len()).filter(|&k| roles[k].is_angle()).collect();
    for &end in ends {
        let with = |own: &[usize]| {
            let mut values = values.to_vec();
            own.iter().for_each(|&k| values[k] = end);
            values
        };
        all.extend(angles.iter().map(|&k| with(&[k])));
        if angles.len() > 1 {
            all.push(with(&angles));
        }
    }
    for sign in [-1.0, 1.0] {
        let entry = |role: &Role| match *role {
            Role::Entry { column: 0, row } => Some(if row == 0 { 1.0 } else { sign }),
            Role::Entry { .. } => Some(0.0),
            _ => None,
        };
        let entries: Option<Vec<f64>> = roles.iter().map(entry).collect();
        all.extend(entries.filter(|entries| entries.len() > 1));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Structure;
    use crate::covariance::TermSpec;
    use crate::ids::FactorId;

    fn map(structure: Structure, width: usize) -> ThetaMap {
        ThetaMap::new(&[TermSpec::new(structure, FactorId(0), width)], &[FactorId(0)])
    }

    #[test]
    fn one_scale_is_looked_over_from_zero_to_the_end_of_its_range() {
        let lines = lines(&map(Structure::Unstructured, 1), &[0.7]);
        let [line] = lines.as_slice() else { panic!("{} lines", lines.len()) };
        assert_eq!((line[0][0], line.contains(&vec![0.7])), (0.0, true));
        assert!(line.windows(2).all(|w| w[0][0] < w[1][0]) && line[line.len() - 1][0] > 0.99 * RANGE.1);
    }

    #[test]
    fn only_scales_of_zero_are_lifted_beside_it() {
        let lines = beside_zeros(&map(Structure::Unstructured, 2), &[0.0, 0.4, 2.0]);
        let [line] = lines.as_slice() else { panic!("{} lines", lines.len()) };
        assert!(line.iter().zip(BESIDE_ZERO).all(|(x, lifted)| x == &[lifted, 0.4, 2.0]));
    }

    #[test]
    fn every_correlation_of_a_structure_is_looked_over_to_both_ends() {
        let map = map(Structure::Ar1, 3);
        let optimum = map.start();
        let points: Vec<Vec<f64>> = lines(&map, &optimum).concat();
        for end in WITHIN {
            assert!(points.iter().any(|x| x[1] == end), "{end}");
        }
        assert!(points.iter().all(|x| x.len() == 2));
    }
}
