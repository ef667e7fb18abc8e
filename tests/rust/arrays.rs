//! Models of plain arrays: the columns of a table, and the specification that reads them, with an intercept unless told.

use hlmrs::Structure;
use hlmrs::design::{Expr, ModelSpec, NamedArguments, Options, RandomSpec, Rows, Term, TermFactor};
use hlmrs::table::{Column, Table, categorical, numeric};

#[derive(Clone)]
pub struct Arrays {
    table: Table,
    spec: ModelSpec,
    options: Options,
}

fn factor(name: &str) -> TermFactor {
    TermFactor { name: name.into(), expr: Expr::Column { name: name.into() } }
}

fn levels(name: &str, codes: &[u32]) -> Column {
    let n_levels = codes.iter().max().unwrap() + 1;
    let labels: Vec<String> = (0..n_levels).map(|k| k.to_string()).collect();
    categorical(name, codes, &labels, true).unwrap()
}

impl Arrays {
    pub fn new(y: Vec<f64>) -> Self {
        let spec = ModelSpec {
            formula: String::new(),
            response: factor("y"),
            intercept: true,
            terms: vec![],
            offsets: vec![],
            random: vec![],
        };
        Self { table: Table::default(), spec, options: Options::default() }.with(numeric("y", y))
    }

    fn with(mut self, column: Column) -> Self {
        self.table.add(column).unwrap();
        self
    }

    fn fixed(mut self, column: Column) -> Self {
        let name = column.name.clone();
        self.spec.terms.push(Term { factors: vec![factor(&name)], name });
        self.with(column)
    }

    pub fn numeric(self, name: &str, values: Vec<f64>) -> Self {
        self.fixed(numeric(name, values))
    }

    /// Treatment contrasts.
    pub fn categorical(self, name: &str, codes: &[u32]) -> Self {
        self.fixed(levels(name, codes))
    }

    pub fn without_intercept(mut self) -> Self {
        self.spec.intercept = false;
        self
    }

    pub fn weighted(mut self, weights: Vec<f64>) -> Self {
        self.options.weights = Some("(weights)".into());
        self.with(numeric("(weights)", weights))
    }

    pub fn grouping(self, name: &str, codes: &[u32]) -> Self {
        self.with(levels(name, codes))
    }

    /// A random term of the intercept and `slopes`.
    pub fn random(mut self, group: &str, structure: Structure, slopes: Vec<Vec<f64>>) -> Self {
        let mut terms = vec![];
        let name = format!("{group}, term {}", self.spec.random.len());
        for (k, slope) in slopes.into_iter().enumerate() {
            let column = numeric(&format!("{name}, z{k}"), slope);
            terms.push(Term { name: column.name.clone(), factors: vec![factor(&column.name)] });
            self = self.with(column);
        }
        let (label, group) = (group.into(), vec![factor(group)]);
        self.spec.random.push(RandomSpec { name, structure, rank: None, intercept: true, terms, group, label });
        self
    }

    /// A random term of an effect for every place with these coordinates.
    pub fn at_places(mut self, group: &str, structure: Structure, coordinates: Vec<Vec<f64>>) -> Self {
        let name = format!("{group}, term {}", self.spec.random.len());
        let mut factors = vec![];
        for (k, values) in coordinates.into_iter().enumerate() {
            let column = numeric(&format!("{name}, z{k}"), values);
            let TermFactor { name, expr } = factor(&column.name);
            let call = Expr::Call { name: "factor".into(), args: vec![expr], named: NamedArguments::new() };
            factors.push(TermFactor { name: format!("factor({name})"), expr: call });
            self = self.with(column);
        }
        let (label, group, terms) = (group.into(), vec![factor(group)], vec![Term { name: name.clone(), factors }]);
        self.spec.random.push(RandomSpec { name, structure, rank: None, intercept: false, terms, group, label });
        self
    }

    pub fn rows(&self) -> Rows {
        Rows::build(&self.spec, &self.table, &self.options).unwrap()
    }
}
