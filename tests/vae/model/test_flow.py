from functools import cache

import keras
import numpy as np
import pytest
from keras import ops
from scipy.stats import chi, norm

from vae.model.flow import PROBABILITIES, Flow, MarginalMap, RadialMap

pytestmark = pytest.mark.slow


def make_flow(latent_dim, couplings=3, strength=0.2):
    """A flow away from its start: its last layers are zero there."""
    flow = Flow(latent_dim, couplings, units=(8, 6), seed=1)
    random = np.random.default_rng(0)
    for network in flow.networks:
        last = network.layers[-1]
        last.set_weights([random.normal(0, strength, weight.shape) for weight in last.get_weights()])
    return flow


@cache
def share_flow(latent_dim):
    """The flow of tests that leave it as it is."""
    return make_flow(latent_dim)


def to_numpy(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.fixture(params=[2, 3, 32])
def latent_dim(request):
    return request.param


def draw(latent_dim, rows=64, scale=1.0):
    return np.random.default_rng(2).normal(0, scale, (rows, latent_dim)).astype(np.float32)


@pytest.mark.parametrize("scale", [1.0, 6.0])
def test_the_inverse_undoes_the_flow(latent_dim, scale):
    flow, inner = share_flow(latent_dim), draw(latent_dim, scale=scale)
    outer, _ = flow(inner)
    assert np.abs(to_numpy(outer) - inner).max() > 0.1
    rounding = 1e-4 * scale**2  # of float32, which the couplings may stretch
    assert to_numpy(flow.inverse(outer)) == pytest.approx(inner, abs=rounding)
    assert to_numpy(flow(flow.inverse(inner))[0]) == pytest.approx(inner, abs=rounding)


def check_log_determinant(flow, inner, step=1e-3):
    latent_dim = inner.shape[1]
    for row, found in zip(inner.astype(np.float64), to_numpy(flow(inner)[1]), strict=True):
        shifted = np.concatenate([row + step * np.eye(latent_dim), row - step * np.eye(latent_dim)]).astype(np.float32)
        ahead, behind = np.split(to_numpy(flow(shifted)[0]).astype(np.float64), 2)
        assert found == pytest.approx(np.linalg.slogdet((ahead - behind) / (2 * step))[1], abs=0.05)


def test_the_log_determinant_is_that_of_the_jacobian(latent_dim):
    check_log_determinant(share_flow(latent_dim), draw(latent_dim, rows=3))


def test_it_starts_as_a_rotation(latent_dim):
    flow = Flow(latent_dim, couplings=3, units=(8, 6))
    outer, log_det = flow(draw(latent_dim))
    assert to_numpy(log_det) == pytest.approx(np.zeros(64), abs=1e-6)
    assert np.linalg.norm(to_numpy(outer), axis=1) == pytest.approx(np.linalg.norm(draw(latent_dim), axis=1), rel=1e-5)


@pytest.mark.untraced
def test_standardising_gives_the_moments_and_norms_of_n_0_i_and_stays_invertible(latent_dim):
    flow, inner = make_flow(latent_dim, strength=0.02), draw(latent_dim, rows=4000)
    inner *= np.random.default_rng(3).gamma(4, 1 / 4, (len(inner), 1)).astype(np.float32)  # heavy tails
    before, before_log_det = flow(inner)
    flow.standardise(to_numpy(before))
    after, log_det = flow(inner)
    assert to_numpy(after).mean(axis=0) == pytest.approx(np.zeros(latent_dim), abs=1e-4)
    assert np.cov(to_numpy(after).T) == pytest.approx(np.eye(latent_dim), abs=1e-3)
    shares = [0.01, 0.1, 0.5, 0.9, 0.99]
    norms = np.quantile(np.linalg.norm(to_numpy(after), axis=1), shares)
    assert norms == pytest.approx(chi.ppf(shares, latent_dim), rel=0.05)
    assert np.quantile(np.linalg.norm(inner, axis=1), shares) != pytest.approx(chi.ppf(shares, latent_dim), rel=0.1)
    assert np.abs(to_numpy(flow.inverse(after)) - inner).max() < 1e-3
    assert np.abs(to_numpy(log_det) - to_numpy(before_log_det)).max() > 0.1
    check_log_determinant(flow, draw(latent_dim, rows=3))


def test_rows_do_not_mix():
    flow, inner = share_flow(32), draw(32)
    assert to_numpy(flow(inner[10:20])[0]) == pytest.approx(to_numpy(flow(inner)[0])[10:20], abs=1e-5)


def test_rotations_are_not_trained_but_saved():
    flow = make_flow(4)
    couplings = len(flow.networks)
    trained = 2 * 3 * couplings
    assert len(flow.trainable_weights) == trained
    assert len(flow.get_weights()) == trained + couplings + 8


def test_the_seed_makes_the_same_flow_whatever_the_global_state():
    def run(seed):
        flow = Flow(4, couplings=2, units=(8, 6), seed=seed)
        return flow.networks[0].get_weights()[0], to_numpy(flow(draw(4))[0])

    first = run(3)
    keras.utils.set_random_seed(5)
    for one, again, other in zip(first, run(3), run(4), strict=True):
        assert np.array_equal(one, again)
        assert not np.allclose(one, other)


EITHER = pytest.mark.parametrize("kind", [MarginalMap, RadialMap])
MAPPED_DIM = pytest.mark.parametrize("latent_dim", [2, 3, 32])


def draw_skewed(latent_dim, rows):
    """Skewed latents, their norms far from the chi distribution."""
    random = np.random.default_rng(1)
    return (random.gamma(4, 0.5, size=(rows, latent_dim)) * random.uniform(0.5, 2.0, (rows, 1)) - 2).astype(np.float32)


def norms_of(latents):
    return np.linalg.norm(to_numpy(latents), axis=1)


@EITHER
@MAPPED_DIM
def test_a_map_is_the_identity_until_it_is_fitted(kind, latent_dim):
    latents = draw_skewed(latent_dim, 100)
    mapped, log_det = kind(latent_dim)(latents)
    assert to_numpy(mapped) == pytest.approx(latents, abs=1e-6)
    assert to_numpy(log_det) == pytest.approx(np.zeros(100), abs=1e-4)


@MAPPED_DIM
def test_a_marginal_map_gives_every_component_the_quantiles_of_n_0_1(latent_dim):
    marginal, latents = MarginalMap(latent_dim), draw_skewed(latent_dim, 20_000)
    marginal.fit(latents)
    quantiles = np.quantile(to_numpy(marginal(latents)[0]), PROBABILITIES, axis=0)
    assert quantiles == pytest.approx(np.tile(norm.ppf(PROBABILITIES)[:, None], latent_dim), abs=0.01)


@MAPPED_DIM
def test_a_radial_map_gives_the_norms_of_n_0_i_and_leaves_directions_alone(latent_dim):
    radial, latents = RadialMap(latent_dim), draw_skewed(latent_dim, 20_000)
    radial.fit(latents)
    mapped = to_numpy(radial(latents)[0])
    assert np.quantile(norms_of(mapped), PROBABILITIES) == pytest.approx(chi.ppf(PROBABILITIES, latent_dim), rel=0.01)
    directions = latents / norms_of(latents)[:, None]
    assert np.abs(mapped / norms_of(mapped)[:, None] - directions).max() < 1e-5


@EITHER
@MAPPED_DIM
@pytest.mark.parametrize("scale", [1e-4, 1.0, 10.0])
def test_the_inverse_undoes_a_map_inside_and_far_outside_what_it_was_fitted_to(kind, latent_dim, scale):
    layer, latents = kind(latent_dim), draw_skewed(latent_dim, 1000)
    layer.fit(latents)
    there_and_back = to_numpy(layer.inverse(layer(scale * latents)[0]))
    assert np.allclose(there_and_back, scale * latents, rtol=1e-4, atol=1e-5)


@EITHER
def test_the_log_determinant_of_a_map_is_that_of_its_jacobian(kind):
    layer, step = kind(3), 1e-3
    layer.fit(draw_skewed(3, 1000))
    for row in draw_skewed(3, 8):
        steps = (step * np.eye(3)).astype(np.float32)
        ahead, behind = (to_numpy(layer(row + sign * steps)[0]).astype(np.float64) for sign in (1, -1))
        expected = np.linalg.slogdet((ahead - behind) / (2 * step))[1]
        assert to_numpy(layer(row[None])[1])[0] == pytest.approx(expected, abs=0.02)


def test_the_origin_of_a_radial_map_stays_where_it_is():
    radial = RadialMap(3)
    radial.fit(draw_skewed(3, 1000))
    mapped, log_det = radial(np.zeros((1, 3), np.float32))
    assert np.array_equal(to_numpy(mapped), np.zeros((1, 3)))
    assert np.isfinite(to_numpy(log_det)).all()
