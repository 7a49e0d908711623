"""A penalty on the aggregate posterior of a batch, averaged over directions in which it is not N(0, 1)."""

import numpy as np
from keras import KerasTensor, ops

FREQUENCIES = np.linspace(0.2, 4.0, 12, dtype=np.float32)
WEIGHTS = (2 * (FREQUENCIES[1] - FREQUENCIES[0]) * np.exp(-np.square(FREQUENCIES) / 4)).astype(np.float32)


def sliced_epps_pulley(z_mean: KerasTensor, z_log_var: KerasTensor, directions: KerasTensor) -> KerasTensor:
    """Return the squared distance of characteristic functions from N(0, 1)'s, averaged over directions: a scalar.

    Along unit directions `(d, m)` the aggregate of a batch of posteriors, `(n, d)` each, is a mixture of n Gaussians,
    whose characteristic function is known: no noise is drawn. The distance is integrated over frequencies with the
    weight exp(-t^2 / 4). It is the sketched isotropic Gaussian regularisation of Balestriero and LeCun, "LeJEPA", arXiv
    2511.08544, with a statistic like that of Epps and Pulley, Biometrika 1983, applied to a VAE.
    """
    centre = ops.matmul(z_mean, directions)[:, None, :]
    variance = ops.matmul(ops.exp(z_log_var), ops.square(directions))[:, None, :]
    frequencies = FREQUENCIES[:, None]
    damping = ops.exp(-0.5 * variance * np.square(frequencies))
    real = ops.mean(damping * ops.cos(frequencies * centre), axis=0) - np.exp(-0.5 * np.square(frequencies))
    imaginary = ops.mean(damping * ops.sin(frequencies * centre), axis=0)
    return ops.mean(ops.sum((ops.square(real) + ops.square(imaginary)) * WEIGHTS[:, None], axis=0))
