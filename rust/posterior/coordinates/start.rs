//! Units of ψ, and where its mode is looked for.

use super::{Coordinates, Scale};
use crate::covariance::Role;
use crate::posterior::slots::is_unstructured;
use crate::prior::Prior;

/// The unit of a standard deviation is no less than this part of what it is where Λ = I, and none begins nearer to zero than
/// this part of its unit.
const LIFTED: f64 = 0.2;

impl Coordinates {
    /// The same with the units of a fit, at `optimum`, and where Λ = I; both are points of the search.
    pub fn in_units_of(mut self, optimum: &[f64], identity: &[f64]) -> Self {
        self.units.fill(1.0);
        let (fitted, at_identity) = (self.from_engine(optimum), self.from_engine(identity));
        for place in self.reflections().places {
            self.units[place] = power_of_two(fitted[place].abs().max(LIFTED * at_identity[place].abs()));
        }
        self
    }

    /// ψ of a point of the search, off standard deviations of zero, and where priors have a density.
    pub fn start(&self, x: &[f64]) -> Vec<f64> {
        let mut psi = self.from_engine(x);
        for place in self.reflections().places {
            psi[place] = psi[place].abs().max(LIFTED);
        }
        let mut user = self.in_user_units(&psi);
        self.move_inside(&mut user);
        self.from_user_units(&user)
    }

    /// Parameters in the user's units moved to where their priors have a density.
    fn move_inside(&self, user: &mut [f64]) {
        let mut priors = self.priors.iter().copied();
        let mut next = || priors.next().unwrap_or(Prior::Flat);
        for term in &self.theta_map.terms {
            let own = &mut user[term.first..term.first + term.n_parameters];
            if is_unstructured(term) {
                own[..term.width].iter_mut().for_each(|tau| *tau = next().near(tau.abs()));
                next();
                continue;
            }
            let roles = term.roles();
            for scales in [true, false] {
                for (role, value) in roles.iter().zip(own.iter_mut()).filter(|(role, _)| role.is_scale() == scales) {
                    let prior = next();
                    match role {
                        Role::Scale { .. } | Role::Entry { .. } => *value = prior.near(value.abs()),
                        Role::Range | Role::Rate => *value = prior.near(value.exp()).ln(),
                        Role::Angle(_) | Role::Partial { .. } => {}
                    }
                }
            }
        }
        if self.scale == Scale::Free {
            let (place, prior) = (self.n_theta() + self.n_phi, priors.nth(self.n_phi).unwrap_or(Prior::Flat));
            user[place] = prior.near(user[place].exp()).ln();
        }
    }
}

fn power_of_two(value: f64) -> f64 {
    if value.is_normal() { value.log2().round().exp2() } else { 1.0 }
}
