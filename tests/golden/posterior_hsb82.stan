// mAch ~ cses * sector + (cses | school), from the cross-products of each school's rows of W = [1, cses].
data {
  int<lower=1> J;
  int<lower=1> N;
  vector[J] catholic;
  matrix[2, 2] WW[J];
  vector[2] Wy[J];
  real yy;
}
parameters {
  vector[4] b;
  vector<lower=0>[2] tau;
  cholesky_factor_corr[2] L;
  real<lower=0> sigma;
  matrix[2, J] z;
}
model {
  matrix[2, J] u = diag_pre_multiply(tau, L) * z;
  real squares = yy;
  for (j in 1:J) {
    vector[2] c = [b[1] + b[3] * catholic[j], b[2] + b[4] * catholic[j]]' + u[, j];
    squares += quad_form(WW[j], c) - 2 * dot_product(c, Wy[j]);
  }
  target += -N * log(sigma) - 0.5 * squares / square(sigma);
  b[2] ~ normal(0, 5);
  b[3] ~ normal(0, 10);
  b[4] ~ normal(0, 5);
  tau ~ student_t(3, 0, 7);
  sigma ~ student_t(3, 0, 7);
  L ~ lkj_corr_cholesky(1);
  to_vector(z) ~ std_normal();
}
generated quantities {
  real rho = L[2, 1];
}
