use hlmrs::Structure;
use hlmrs::crossproduct::accumulate;
use hlmrs::design::{ArrayDesign, RowSource};
use hlmrs::linalg::{dense, threads::pool};
use hlmrs::objective::{Criterion, Problem};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::time::Instant;
fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    (0..12).map(|_| rng.random_range(0.0..1.0)).sum::<f64>() - 6.0
}
fn compact(codes: Vec<usize>) -> (Vec<u32>, usize) {
    let mut map = std::collections::HashMap::new();
    let out = codes
        .into_iter()
        .map(|c| {
            let n = map.len() as u32;
            *map.entry(c).or_insert(n)
        })
        .collect();
    (out, map.len())
}
fn build(name: &str) -> (ArrayDesign, Vec<(Structure, usize, usize)>) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let us = Structure::Unstructured;
    match name {
        "nested" | "nested-small" => {
            let (n, classes, schools) = if name == "nested" { (1_000_000, 50_000, 5_000) } else { (7185, 160, 20) };
            let sc: Vec<usize> = (0..classes).map(|_| rng.random_range(0..schools)).collect();
            let bc: Vec<f64> = (0..2 * classes).map(|_| 0.5 * normal(&mut rng)).collect();
            let bs: Vec<f64> = (0..2 * schools).map(|_| 0.4 * normal(&mut rng)).collect();
            let cl: Vec<usize> = (0..n).map(|_| rng.random_range(0..classes)).collect();
            let x: Vec<Vec<f64>> = (0..5).map(|_| (0..n).map(|_| normal(&mut rng)).collect()).collect();
            let y = (0..n)
                .map(|i| {
                    let (c, s) = (cl[i], sc[cl[i]]);
                    0.2 * x[1][i] + bc[2 * c] + bs[2 * s] + (bc[2 * c + 1] + bs[2 * s + 1]) * x[0][i] + normal(&mut rng)
                })
                .collect();
            let mut d = ArrayDesign::new(y).intercept().unwrap();
            for (k, c) in x.iter().enumerate() {
                d = d.numeric(&format!("x{k}"), c.clone()).unwrap();
            }
            let z: Vec<f64> = (0..n).flat_map(|i| [1.0, x[0][i]]).collect();
            let (a, na) = compact(cl.clone());
            let (b, nb) = compact(cl.iter().map(|c| sc[*c]).collect());
            let d = d
                .grouping("school", b, nb)
                .unwrap()
                .grouping("class", a, na)
                .unwrap()
                .random(0, z.clone(), true, "us")
                .unwrap()
                .random(1, z, true, "us")
                .unwrap();
            (d, vec![(us, 0, 2), (us, 1, 2)])
        }
        "maximal" => {
            let mut rows = vec![];
            for s in 0..60 {
                for i in 0..80 {
                    for k in 0..8 {
                        rows.push((s, i, (k % 2) as f64 - 0.5, ((k / 2) % 2) as f64 - 0.5));
                    }
                }
            }
            let b: Vec<f64> = (0..4 * 140).map(|_| 0.4 * normal(&mut rng)).collect();
            let z: Vec<f64> = rows.iter().flat_map(|r| [1.0, r.2, r.3, r.2 * r.3]).collect();
            let y = rows
                .iter()
                .enumerate()
                .map(|(n, r)| {
                    (0..4).map(|k| z[4 * n + k] * (b[4 * r.0 + k] + b[4 * (60 + r.1) + k])).sum::<f64>()
                        + normal(&mut rng)
                })
                .collect();
            let mut d = ArrayDesign::new(y).intercept().unwrap();
            for k in 1..4 {
                d = d.numeric(&format!("x{k}"), z.iter().skip(k).step_by(4).copied().collect()).unwrap();
            }
            let d = d
                .grouping("s", rows.iter().map(|r| r.0 as u32).collect(), 60)
                .unwrap()
                .grouping("i", rows.iter().map(|r| r.1 as u32).collect(), 80)
                .unwrap()
                .random(0, z.clone(), true, "us")
                .unwrap()
                .random(1, z, true, "us")
                .unwrap();
            (d, vec![(us, 0, 4), (us, 1, 4)])
        }
        _ => {
            let (n, u, i, p) = match name {
                "inst" => (73_421, 2972, 1128, 27),
                "crossed" => (1_000_000, 100_000, 5_000, 2),
                "crossed10" => (10_000_000, 150_000, 20_000, 2),
                other => panic!("{other}"),
            };
            let weights: Vec<f64> = (1..=i).map(|k| if name == "inst" { 1.0 } else { (k as f64).powf(-0.8) }).collect();
            let mut cum = vec![];
            let mut t = 0.0;
            for w in &weights {
                t += w;
                cum.push(t);
            }
            let bu: Vec<f64> = (0..u).map(|_| 0.6 * normal(&mut rng)).collect();
            let bi: Vec<f64> = (0..i).map(|_| 0.66 * normal(&mut rng)).collect();
            let us_: Vec<usize> =
                (0..n).map(|_| (rng.random_range(0.0f64..1.0).powf(1.5) * u as f64) as usize).collect();
            let it: Vec<usize> = (0..n)
                .map(|_| {
                    let v = rng.random_range(0.0..t);
                    cum.partition_point(|c| *c < v).min(i - 1)
                })
                .collect();
            let x: Vec<Vec<f64>> = (0..p).map(|_| (0..n).map(|_| normal(&mut rng)).collect()).collect();
            let y = (0..n).map(|k| 0.2 * x[0][k] + bu[us_[k]] + bi[it[k]] + normal(&mut rng)).collect();
            let mut d = ArrayDesign::new(y).intercept().unwrap();
            for (k, c) in x.iter().enumerate() {
                d = d.numeric(&format!("x{k}"), c.clone()).unwrap();
            }
            let (a, na) = compact(us_);
            let (b, nb) = compact(it);
            let ones = vec![1.0; n];
            let d = d
                .grouping("u", a, na)
                .unwrap()
                .grouping("i", b, nb)
                .unwrap()
                .random(0, ones.clone(), true, "us")
                .unwrap()
                .random(1, ones, true, "us")
                .unwrap();
            (d, vec![(us, 0, 1), (us, 1, 1)])
        }
    }
}
fn time<T>(label: &str, n: usize, mut f: impl FnMut() -> T) {
    let mut best = f64::MAX;
    for _ in 0..n {
        let t = Instant::now();
        f();
        best = best.min(t.elapsed().as_secs_f64());
    }
    println!("  {label:24} {:10.3} ms", best * 1e3);
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    for name in &args {
        if let Some(n) = name.strip_prefix("dense") {
            let n: usize = n.parse().unwrap();
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
            let mut a: Vec<f64> = (0..n * n).map(|_| 0.01 * rng.random_range(-1.0..1.0)).collect();
            for i in 0..n {
                a[i * n + i] = 2.0 + n as f64 * 0.01;
            }
            for t in [1, 2] {
                pool(t).install(|| {
                    println!("dense {n} threads {t}");
                    let mut l = a.clone();
                    let mut inv = vec![0.0; n * n];
                    time("copy", 3, || l.copy_from_slice(&a));
                    time("cholesky+copy", 3, || {
                        l.copy_from_slice(&a);
                        dense::cholesky_lower(&mut l, n).unwrap()
                    });
                    time("inverse", 3, || dense::inverse_from_cholesky(&mut inv, &l, n));
                    time("syrk n x n", 3, || dense::rank_update_lower(&mut l, dense::view(&a, n, n), 1.0));
                    time("gemm n x n", 3, || {
                        dense::multiply(
                            dense::view_mut(&mut l, n, n),
                            faer::Accum::Replace,
                            dense::view(&a, n, n),
                            dense::view(&inv, n, n),
                            1.0,
                        )
                    });
                });
            }
            continue;
        }
        let (d, terms) = build(name);
        let s: Vec<Structure> = terms.iter().map(|t| t.0).collect();
        for t in [1, 2] {
            pool(t).install(|| {
                println!("{name} threads {t} rows {}", d.n_rows());
                time("accumulate", 2, || accumulate(&d, &s).unwrap());
                let a = accumulate(&d, &s).unwrap();
                let t0 = Instant::now();
                let problem = Problem::new(a, &terms, Criterion::Reml);
                println!("  system {:.3} ms", t0.elapsed().as_secs_f64() * 1e3);
                let mut work = problem.workspace();
                let theta: Vec<f64> = problem.theta_map.start().iter().map(|v| 0.5 * v).collect();
                time("evaluate", 3, || problem.evaluate(&theta, &mut work).unwrap());
                println!("    {:?}", problem.evaluate(&theta, &mut work).unwrap().objective);
                time("gradient", 3, || problem.gradient(&theta, &mut work));
                let g = problem.gradient(&theta, &mut work);
                println!("    {:?}", g.theta);
                time("ai", 3, || problem.average_information(&theta, &work, &g));
                let stop = std::sync::atomic::AtomicBool::new(false);
                let t0 = Instant::now();
                let f = hlmrs::fit::fit(&problem, &Default::default(), &stop).unwrap();
                println!(
                    "  fit {:.3} ms, {:?} {:.6} {:?}",
                    t0.elapsed().as_secs_f64() * 1e3,
                    f.verdict.evaluations,
                    f.evaluation.objective,
                    f.theta
                );
            });
        }
    }
}
