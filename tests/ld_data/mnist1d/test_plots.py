import numpy as np
import pytest

from ld_data.mnist1d.config import Mnist1dConfig, make_templates
from ld_data.mnist1d.plots import draw_generator, trace_steps


@pytest.mark.slow
def test_the_pictures_show_every_template_and_every_step_of_each():
    figures = dict(draw_generator())
    assert list(figures) == ["templates", "steps"]
    assert len(figures["templates"].axes) == 10
    assert len(figures["steps"].axes) == 80
    assert np.array_equal(figures["templates"].axes[3].lines[0].get_xdata(), make_templates()[3])


def test_each_step_changes_what_its_name_says():
    steps = {name: signals for name, _, signals in trace_steps(make_templates(), Mnist1dConfig())}
    dilated, scaled, translated = steps["padded, dilated"], steps["scaled"], steps["translated"]
    padding = dilated == 0
    assert (padding.sum(axis=1) > 36).all()
    ratio = scaled[~padding] / dilated[~padding]
    assert ratio.min() > 0.8
    assert ratio.max() < 1.2
    assert np.sort(translated, axis=1) == pytest.approx(np.sort(scaled, axis=1))
    noisy = steps["correlated noise"]
    assert np.array_equal(noisy[translated != 0], translated[translated != 0])
    assert (steps["independent noise"] - noisy).std() == pytest.approx(0.02, rel=0.1)
    slopes = np.diff(steps["sheared"] - steps["independent noise"], axis=1)
    assert slopes == pytest.approx(np.repeat(slopes[:, :1], 71, axis=1))
    assert steps["sampled"][:, [0, -1]] == pytest.approx(steps["sheared"][:, [0, -1]])
    assert steps["sampled"].shape == (10, 40)
