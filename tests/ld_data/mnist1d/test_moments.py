from dataclasses import replace

import numpy as np
import pytest

from ld_data.mnist1d.config import Mnist1dConfig, make_templates
from ld_data.mnist1d.steps import Draws, dilate, make_signals, make_tables, measure_moments

CONFIGS = {
    "default": Mnist1dConfig(),
    "upsampled": Mnist1dConfig(final_seq_length=90),
    "short": Mnist1dConfig(template_len=3, padding=(1, 4), max_translation=5, final_seq_length=4),
    "turned": Mnist1dConfig(template_len=3, padding=(1, 4), max_translation=30, final_seq_length=7),
    "loud": Mnist1dConfig(iid_noise_scale=1.0, corr_noise_scale=2.0, scale_coeff=2.0, shear_scale=4.0),
    "silent": Mnist1dConfig(iid_noise_scale=0.0, corr_noise_scale=0.0),
    "long": Mnist1dConfig(template_len=200, padding=(10, 12), final_seq_length=150),
}


def draw_signals(dilated, config, labels, draws):
    """Signals through the original's steps, from any random numbers."""
    random = np.random.default_rng(0)
    rows, length = len(labels), config.dilated_length
    return make_signals(
        dilated,
        labels,
        Draws(
            padding=draws.get("padding", random.integers(config.paddings, size=rows)),
            scale=random.random(rows),
            translation=draws.get("translation", random.integers(config.max_translation, size=rows)),
            corr_noise=random.standard_normal((rows, length)),
            iid_noise=random.standard_normal((rows, length)),
            shear=random.random(rows),
        ),
        config,
    )


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_the_moments_are_those_of_many_signals(config):
    dilated = dilate(make_templates(), config)
    signals = draw_signals(dilated, config, np.arange(40_000) % 10, {})
    mean, std = measure_moments(dilated, config)
    assert mean == pytest.approx(signals.mean(), abs=5 * signals.mean(axis=1).std() / 200)
    assert std == pytest.approx(signals.std(), rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("padding", [0, 2])
def test_the_table_of_a_place_gives_the_mean_and_covariance_of_its_signals(config, padding):
    config = replace(config, max_translation=min(config.max_translation, 9))
    dilated, label, rows = dilate(make_templates(), config), 3, 20_000
    translation = config.max_translation // 2
    tables = make_tables(dilated, config, *measure_moments(dilated, config))
    table = tables[padding * config.max_translation + translation]
    mean, std = measure_moments(dilated, config)
    place = {"padding": np.full(rows, padding), "translation": np.full(rows, translation)}
    signals = (draw_signals(dilated, config, np.full(rows, label), place) - mean) / std
    normals = len(table) - 12
    template, slope = table[normals + label].astype(np.float64), table[-2].astype(np.float64)
    noise = table[:normals].T.astype(np.float64) @ table[:normals].astype(np.float64)
    covariance = noise + (config.scale_coeff**2 * np.outer(template, template) + np.outer(slope, slope)) / 12
    scale = np.sqrt(np.diag(covariance)) + 1e-6
    assert np.abs((signals.mean(axis=0) - template - table[-1]) / scale).max() < 5 / np.sqrt(rows)
    error = (np.cov(signals.T) - covariance) / np.outer(scale, scale)
    assert np.abs(error).max() < 6 / np.sqrt(rows)


def test_a_place_needs_no_more_normals_than_a_signal_has_points():
    assert make_tables(dilate(make_templates(), Mnist1dConfig()), Mnist1dConfig(), 0.0, 1.0).shape == (25 * 48, 52, 40)


def test_a_row_of_ones_subtracts_the_mean():
    tables = make_tables(dilate(make_templates(), Mnist1dConfig()), Mnist1dConfig(), 0.5, 2.0)
    assert tables.shape[::2] == (1200, 40)
    assert np.abs(tables[:, -1] + 0.25).max() < 1e-6
