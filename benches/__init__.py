"""Benches: workloads, hlmrs beside its peers, scaling, inference."""
