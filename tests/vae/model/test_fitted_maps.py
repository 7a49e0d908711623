import numpy as np
import pytest
from keras import ops
from scipy.stats import chi, norm

from vae.model.fitted_maps import PROBABILITIES, MarginalMap, RadialMap

pytestmark = pytest.mark.slow

EITHER = pytest.mark.parametrize("kind", [MarginalMap, RadialMap])
LATENT_DIM = pytest.mark.parametrize("latent_dim", [2, 3, 32])


def draw(latent_dim, rows):
    """Skewed latents, their norms far from the chi distribution."""
    random = np.random.default_rng(1)
    return (random.gamma(4, 0.5, size=(rows, latent_dim)) * random.uniform(0.5, 2.0, (rows, 1)) - 2).astype(np.float32)


def norms_of(latents):
    return np.linalg.norm(ops.convert_to_numpy(latents), axis=1)


@EITHER
@LATENT_DIM
def test_it_is_the_identity_until_it_is_fitted(kind, latent_dim):
    latents = draw(latent_dim, 100)
    mapped, log_det = kind(latent_dim)(latents)
    assert ops.convert_to_numpy(mapped) == pytest.approx(latents, abs=1e-6)
    assert ops.convert_to_numpy(log_det) == pytest.approx(np.zeros(100), abs=1e-4)


@LATENT_DIM
def test_a_marginal_map_gives_every_component_the_quantiles_of_n_0_1(latent_dim):
    marginal, latents = MarginalMap(latent_dim), draw(latent_dim, 50_000)
    marginal.fit(latents)
    quantiles = np.quantile(ops.convert_to_numpy(marginal(latents)[0]), PROBABILITIES, axis=0)
    assert quantiles == pytest.approx(np.tile(norm.ppf(PROBABILITIES)[:, None], latent_dim), abs=0.01)


@LATENT_DIM
def test_a_radial_map_gives_the_norms_of_n_0_i_and_leaves_directions_alone(latent_dim):
    radial, latents = RadialMap(latent_dim), draw(latent_dim, 50_000)
    radial.fit(latents)
    mapped = ops.convert_to_numpy(radial(latents)[0])
    assert np.quantile(norms_of(mapped), PROBABILITIES) == pytest.approx(chi.ppf(PROBABILITIES, latent_dim), rel=0.01)
    directions = latents / norms_of(latents)[:, None]
    assert np.abs(mapped / norms_of(mapped)[:, None] - directions).max() < 1e-5


@EITHER
@LATENT_DIM
@pytest.mark.parametrize("scale", [1e-4, 1.0, 10.0])
def test_the_inverse_undoes_it_inside_and_far_outside_what_it_was_fitted_to(kind, latent_dim, scale):
    layer, latents = kind(latent_dim), draw(latent_dim, 1000)
    layer.fit(latents)
    there_and_back = ops.convert_to_numpy(layer.inverse(layer(scale * latents)[0]))
    assert np.allclose(there_and_back, scale * latents, rtol=1e-4, atol=1e-5)


@EITHER
def test_the_log_determinant_is_that_of_the_jacobian(kind):
    layer, step = kind(3), 1e-3
    layer.fit(draw(3, 1000))
    for row in draw(3, 8):
        steps = (step * np.eye(3)).astype(np.float32)
        ahead, behind = (ops.convert_to_numpy(layer(row + sign * steps)[0]).astype(np.float64) for sign in (1, -1))
        expected = np.linalg.slogdet((ahead - behind) / (2 * step))[1]
        assert ops.convert_to_numpy(layer(row[None])[1])[0] == pytest.approx(expected, abs=0.02)


def test_the_origin_stays_where_it_is():
    radial = RadialMap(3)
    radial.fit(draw(3, 1000))
    mapped, log_det = radial(np.zeros((1, 3), np.float32))
    assert np.array_equal(ops.convert_to_numpy(mapped), np.zeros((1, 3)))
    assert np.isfinite(ops.convert_to_numpy(log_det)).all()
