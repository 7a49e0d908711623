"""The one Gaussian of the project: its only sampler and its only rate.

`z_log_var` is always the log of the **variance**: std = exp(0.5 * z_log_var). The predecessor's sampler took
exp(z_log_var) as the std, and its rate took it as the variance. Here both functions stand side by side, which prevents
that slip.
"""

import math

from keras import KerasTensor, ops


def sample(z_mean: KerasTensor, z_log_var: KerasTensor, noise: KerasTensor) -> KerasTensor:
    """Return draws from N(z_mean, exp(z_log_var)): `(n, d)`, given standard normal `noise` `(n, d)`.

    The reparametrisation of Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014.
    """
    return z_mean + ops.exp(0.5 * z_log_var) * noise


def rate(z_mean: KerasTensor, z_log_var: KerasTensor) -> KerasTensor:
    """Return KL(N(z_mean, exp(z_log_var)) || N(0, I)) in nats, summed over dimensions: `(n,)`.

    Kingma and Welling 2014, appendix B: the sum of (z_mean^2 + exp(z_log_var) - z_log_var - 1) / 2.
    """
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1.0, axis=-1)


def log_density(values: KerasTensor) -> KerasTensor:
    """Return log N(values; 0, I) in nats, `(n,)`, for values `(n, d)`."""
    return -0.5 * ops.sum(ops.square(values) + math.log(2 * math.pi), axis=-1)
