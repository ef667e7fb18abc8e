//! Kernels and passes on generated designs: `cargo bench --bench kernels [-- filter]`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion as Bench, Throughput, criterion_group, criterion_main};
use hlmrs::Structure;
use hlmrs::crossproduct::accumulate;
use hlmrs::design::{RandomLayout, Rows};
use hlmrs::linalg::threads::pool;
use hlmrs::linalg::{dense, small};
use hlmrs::model::{Criterion, Lmm};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

#[path = "../tests/rust/arrays.rs"]
#[allow(dead_code)]
mod arrays;

use arrays::Arrays;

/// Normal enough for a design: the sum of four uniforms, with variance one.
fn noise(rng: &mut Xoshiro256PlusPlus, n: usize) -> Vec<f64> {
    (0..n).map(|_| ((0..4).map(|_| rng.random::<f64>()).sum::<f64>() - 2.0) * 3f64.sqrt()).collect()
}

/// A Gram matrix with a dominant diagonal, column-major.
fn positive_definite(rng: &mut Xoshiro256PlusPlus, n: usize) -> Vec<f64> {
    let a = noise(rng, n * n);
    let mut c = vec![0.0; n * n];
    dense::rank_update_lower(&mut c, dense::view(&a, n, n), 1.0);
    for j in 0..n {
        c[j * n + j] += n as f64;
        for i in 0..j {
            c[j * n + i] = c[i * n + j];
        }
    }
    c
}

/// Two covariates and one term (1 + x | g) or (1 | g) per grouping factor, the codes given.
fn design(rng: &mut Xoshiro256PlusPlus, factors: &[(Vec<u32>, usize)], r: usize) -> Rows {
    let n = factors[0].0.len();
    let x = noise(rng, n);
    let slopes = vec![x.clone(); r - 1];
    let mut y = noise(rng, n);
    for (codes, levels) in factors {
        let effects = noise(rng, *levels);
        y.iter_mut().zip(codes).for_each(|(y, &code)| *y += 0.6 * effects[code as usize]);
    }
    let other = noise(rng, n);
    let mut design = Arrays::new(y).numeric("x", x).numeric("v", other);
    for (k, (codes, _)) in factors.iter().enumerate() {
        let group = format!("g{k}");
        design = design.grouping(&group, codes).random(&group, Structure::Unstructured, slopes.clone());
    }
    design.rows()
}

/// Codes of n rows: every level, then levels at random.
fn codes(rng: &mut Xoshiro256PlusPlus, n: usize, levels: usize) -> (Vec<u32>, usize) {
    ((0..n).map(|i| if i < levels { i } else { rng.random_range(0..levels) } as u32).collect(), levels)
}

fn designs() -> Vec<(&'static str, Rows)> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(7);
    let nested = vec![codes(rng, 100_000, 5_000)];
    let inner = codes(rng, 100_000, 5_000);
    let outer = (inner.0.iter().map(|&code| code / 10).collect(), 500);
    let crossed = vec![codes(rng, 70_000, 3_000), codes(rng, 70_000, 1_000)];
    let [one, two, three] = [(nested, 2), (vec![outer, inner], 2), (crossed, 1)].map(|(f, r)| design(rng, &f, r));
    vec![("one factor, slope", one), ("nested, slopes", two), ("crossed", three)]
}

fn model(design: &Rows) -> Lmm {
    let terms: Vec<_> = design.random.iter().map(RandomLayout::spec).collect();
    Lmm::new(accumulate(design).unwrap().1, &terms, Criterion::Ml)
}

fn small_kernels(bench: &mut Bench) {
    fn width<const R: usize>(bench: &mut Bench, r: usize) {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(1);
        let (b, mut c, mut work) = (positive_definite(rng, r), vec![0.0; r * r], vec![0.0; r * r]);
        let lambda: Vec<f64> = (0..r * r).map(|k| if k % r >= k / r { 0.5 } else { 0.0 }).collect();
        let mut group = bench.benchmark_group("small block");
        group.bench_with_input(BenchmarkId::new("penalized, factored", r), &r, |bench, &r| {
            bench.iter(|| {
                small::penalized::<R>(&mut c, black_box(&lambda), black_box(&b), &mut work, r);
                small::cholesky::<R>(&mut c, r)
            });
        });
        let panel = noise(rng, 32 * r);
        let mut square = vec![0.0; 32 * 32];
        group.bench_with_input(BenchmarkId::new("outer product of 32 rows", r), &r, |bench, &r| {
            bench.iter(|| small::subtract_outer(&mut square, black_box(&panel), black_box(&panel), 32, 32, r));
        });
    }
    width::<1>(bench, 1);
    width::<2>(bench, 2);
    width::<3>(bench, 3);
    width::<0>(bench, 4);
    width::<0>(bench, 8);
}

fn dense_kernels(bench: &mut Bench) {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(2);
    let mut group = bench.benchmark_group("dense");
    for n in [128, 512, 1_024, 2_048] {
        let a = positive_definite(rng, n);
        let mut inverse = vec![0.0; n * n];
        for threads in [1, 2] {
            let case = format!("{n}, {threads} threads");
            group.throughput(Throughput::Elements((n * n * n / 3) as u64));
            group.bench_function(BenchmarkId::new("cholesky", &case), |bench| {
                let call = |mut a: Vec<f64>| pool(threads).unwrap().install(|| dense::cholesky_lower(&mut a, n));
                bench.iter_batched(|| a.clone(), call, BatchSize::LargeInput);
            });
            group.throughput(Throughput::Elements((2 * n * n * n / 3) as u64));
            group.bench_function(BenchmarkId::new("inverse", &case), |bench| {
                bench.iter(|| {
                    pool(threads).unwrap().install(|| dense::inverse_from_cholesky(&mut inverse, black_box(&a), n))
                });
            });
        }
    }
}

fn passes(bench: &mut Bench) {
    for (name, design) in designs() {
        let mut group = bench.benchmark_group(name);
        let model = model(&design);
        let theta = vec![0.5; model.theta_map.n_parameters];
        let mut work = model.workspace();
        for threads in [1, 2] {
            let pool = pool(threads).unwrap();
            group.bench_function(BenchmarkId::new("accumulate", threads), |bench| {
                bench.iter(|| pool.install(|| accumulate(black_box(&design)).unwrap()));
            });
            group.bench_function(BenchmarkId::new("evaluate", threads), |bench| {
                bench.iter(|| pool.install(|| model.evaluate(black_box(&theta), &mut work).unwrap()));
            });
            group.bench_function(BenchmarkId::new("gradient", threads), |bench| {
                bench.iter(|| pool.install(|| model.gradient(black_box(&theta), &mut work)));
            });
        }
    }
}

criterion_group! {
    name = kernels;
    config = Bench::default().sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = small_kernels, dense_kernels, passes
}
criterion_main!(kernels);
