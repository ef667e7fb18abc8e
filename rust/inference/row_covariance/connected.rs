//! Groups of correlated residuals that random effects connect: V is block-diagonal over them.

use std::collections::HashMap;

use crate::inference::components::{join, root};
use crate::residual::{Group, Residual};

/// A group: its piece, and its place there.
pub type GroupId = (usize, usize);

/// Groups that V connects, and others with the same V.
pub struct Connected {
    /// The groups of every member; all have the same V.
    pub members: Vec<Vec<GroupId>>,
    /// Rows of a member.
    pub n: usize,
}

/// All blocks of V, those with the same V together.
pub fn connected(residual: &Residual) -> Vec<Connected> {
    let groups: Vec<GroupId> = (0..residual.pieces.len())
        .flat_map(|piece| (0..residual.pieces[piece].groups.len()).map(move |group| (piece, group)))
        .collect();
    let has_random = residual.pieces.iter().any(|piece| !piece.rows.z.is_empty());
    if has_random { by_levels(residual, &groups) } else { by_covariance(residual, &groups) }
}

fn group(residual: &Residual, (piece, group): GroupId) -> &Group {
    &residual.pieces[piece].groups[group]
}

/// Groups with a level in common, directly or through others.
fn by_levels(residual: &Residual, groups: &[GroupId]) -> Vec<Connected> {
    let mut parent: Vec<usize> = (0..groups.len()).collect();
    let mut first_of: HashMap<(usize, u32), usize> = HashMap::new();
    for (k, &id) in groups.iter().enumerate() {
        let own = group(residual, id);
        for (block, (_, levels)) in residual.pieces[id.0].rows.z.iter().enumerate() {
            for &level in &levels[own.first..own.first + own.n] {
                let other = *first_of.entry((block, level)).or_insert(k);
                join(&mut parent, k, other);
            }
        }
    }
    let mut place = HashMap::new();
    let mut found: Vec<Connected> = Vec::new();
    for (k, &id) in groups.iter().enumerate() {
        let at = *place.entry(root(&mut parent, k)).or_insert_with(|| {
            found.push(Connected { members: vec![Vec::new()], n: 0 });
            found.len() - 1
        });
        found[at].members[0].push(id);
        found[at].n += group(residual, id).n;
    }
    found
}

/// Every group is alone; those of a pattern have the same V.
fn by_covariance(residual: &Residual, groups: &[GroupId]) -> Vec<Connected> {
    let of_pattern = |k: usize| Connected { members: Vec::new(), n: residual.patterns.get(k).n };
    let mut found: Vec<Connected> = (0..residual.patterns.count()).map(of_pattern).collect();
    groups.iter().for_each(|&id| found[group(residual, id).pattern].members.push(vec![id]));
    found
}
