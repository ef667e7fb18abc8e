//! What the processor can do, of what kernels ask for.

/// Sets of instructions that the processor has, among those for which kernels differ.
#[cfg(target_arch = "x86_64")]
pub fn instructions() -> Vec<&'static str> {
    let known = [
        ("AVX2", is_x86_feature_detected!("avx2")),
        ("FMA", is_x86_feature_detected!("fma")),
        ("AVX-512F", is_x86_feature_detected!("avx512f")),
    ];
    known.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect()
}

/// Sets of instructions that the processor has; every processor of this kind has NEON.
#[cfg(target_arch = "aarch64")]
pub fn instructions() -> Vec<&'static str> {
    vec!["NEON"]
}

/// No kernel asks for more than the processors of this kind all have.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn instructions() -> Vec<&'static str> {
    Vec::new()
}
