import warnings
from dataclasses import asdict, replace

import numpy as np
import pytest

from ld_data.errors import InputError
from ld_data.mnist1d.config import Mnist1dConfig, make_templates
from ld_data.mnist1d.dataset import make_canonical, make_mnist1d, plan_mnist1d
from ld_data.mnist1d.stream import SignalStream
from ld_data.storage.hashing import hash_array

SMALL = Mnist1dConfig(num_samples=200)


def test_every_published_array_is_equal_as_float32(mnist_home):
    path = mnist_home / "mnist1d_published.npz"
    if not path.is_file():
        pytest.skip("needs mnist1d_published.npz in LD_DATA_HOME")
    published, data = np.load(path), make_mnist1d()
    for name in ("x", "y", "x_test", "y_test", "t"):
        assert np.array_equal(getattr(data, name).astype(np.float32), published[name].astype(np.float32)), name


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
def test_the_published_set_is_canonical_and_any_other_fast():
    assert np.array_equal(make_mnist1d().x, make_canonical(make_templates(), Mnist1dConfig())[0][:4000])
    assert np.array_equal(make_mnist1d(SMALL).x, SignalStream(SMALL).make_rows(0, 160)[0])
    assert make_mnist1d(templates=make_templates()).x.dtype == np.float32


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
def test_a_mode_can_be_chosen():
    assert np.array_equal(
        make_mnist1d(SMALL, mode="canonical").x_test, make_canonical(make_templates(), SMALL)[0][160:]
    )
    assert np.array_equal(make_mnist1d(mode="fast").x, SignalStream().make_rows(0, 4000)[0])
    with pytest.raises(InputError, match="mode must be canonical or fast; received 'quick'"):
        make_mnist1d(mode="quick")


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("mode", ["canonical", "fast"])
class TestBothModes:
    def test_shapes_classes_and_scale(self, mode):
        data = make_mnist1d(replace(SMALL, num_samples=207, train_split=0.75, final_seq_length=30), mode=mode)
        assert data.x.shape == (150, 30)
        assert data.x_test.shape == (50, 30)
        assert data.t.shape == (30,)
        assert data.y.dtype == np.int64
        assert np.array_equal(np.bincount(np.concatenate([data.y, data.y_test])), np.full(10, 20))
        everything = np.concatenate([data.x, data.x_test])
        assert everything.mean() == pytest.approx(0, abs=1e-12 if mode == "canonical" else 0.1)
        assert everything.std() == pytest.approx(1, abs=1e-12 if mode == "canonical" else 0.1)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "change",
        [
            {"seed": 43},
            {"padding": (10, 20)},
            {"scale_coeff": 1.0},
            {"max_translation": 5},
            {"corr_noise_scale": 0.5},
            {"iid_noise_scale": 0.5},
            {"shear_scale": 0.1},
            {"shuffle_seq": True},
            {"template_len": 20},
        ],
    )
    def test_every_argument_changes_the_signals(self, mode, change):
        assert not np.allclose(make_mnist1d(SMALL, mode=mode).x, make_mnist1d(replace(SMALL, **change), mode=mode).x)

    def test_without_noise_translation_and_shear_a_signal_is_its_template(self, mode):
        quiet = replace(SMALL, padding=(0, 0), max_translation=1, scale_coeff=0.0, corr_noise_scale=0.0)
        quiet = replace(quiet, iid_noise_scale=0.0, shear_scale=0.0, final_seq_length=12, train_split=1.0)
        templates = np.random.default_rng(0).normal(size=(3, 12))
        data = make_mnist1d(quiet, templates, mode)
        assert np.array_equal(np.bincount(data.y), [66, 66, 66])
        for signal, label in zip(data.x, data.y, strict=True):
            assert np.corrcoef(signal, templates[label])[0, 1] == pytest.approx(1, abs=1e-9 if mode != "fast" else 1e-6)

    @pytest.mark.slow
    def test_the_time_axis_is_scaled_like_the_signals(self, mode):
        data = make_mnist1d(mode=mode)
        assert data.t == pytest.approx(make_mnist1d().t, rel=0.01)

    @pytest.mark.slow
    def test_each_class_needs_a_signal(self, mode):
        with pytest.raises(InputError, match="num_samples must be 10 or more, one a class; received 9"):
            make_mnist1d(Mnist1dConfig(num_samples=9), mode=mode)
        assert len(make_mnist1d(Mnist1dConfig(num_samples=9), make_templates()[:3], mode).x) == 7


def test_a_plan_holds_no_signals_in_fast_mode():
    plan = plan_mnist1d(Mnist1dConfig(num_samples=10**9))
    assert plan.rows == 10**9
    signals, labels = next(plan.parts())
    assert len(signals) == len(labels) <= 1 << 17


with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    original = pytest.importorskip("mnist1d.data")  # the original package

SMALL = Mnist1dConfig(num_samples=200)
OTHER_ARGUMENTS = [
    {"seed": 43},
    {"seed": 2**32 - 1},
    {"num_samples": 207},
    {"train_split": 0.0},
    {"train_split": 1.0},
    {"template_len": 1},
    {"template_len": 20},
    {"template_len": 100},
    {"padding": (0, 0)},
    {"padding": (0, 1)},
    {"padding": (10, 20)},
    {"padding": (60, 60)},
    {"scale_coeff": 0.0},
    {"scale_coeff": 3.0},
    {"max_translation": 1},
    {"max_translation": 5},
    {"max_translation": 72},
    {"max_translation": 500},
    {"corr_noise_scale": 0.0},
    {"corr_noise_scale": 2.0},
    {"iid_noise_scale": 0.0},
    {"iid_noise_scale": 0.5},
    {"shear_scale": 0.0},
    {"shear_scale": 5.0},
    {"shuffle_seq": True},
    {"final_seq_length": 2},
    {"final_seq_length": 72},
    {"final_seq_length": 101},
    {"template_len": 4, "padding": (3, 7), "max_translation": 20, "final_seq_length": 7, "shuffle_seq": True},
    {"corr_noise_scale": 0.0, "iid_noise_scale": 0.0, "shear_scale": 0.0},
]


def make_original(config, template=None):
    args = original.ObjectView(asdict(config))
    state = np.random.get_state()  # noqa: NPY002
    try:
        return original.make_dataset(args, template)
    finally:
        np.random.set_state(state)  # noqa: NPY002


def test_the_default_arguments_give_the_published_arrays():
    """The sha256 of the published file's x and x_test, as float32."""
    x = make_canonical(make_templates(), Mnist1dConfig())[0].astype(np.float32)
    assert hash_array(x[:4000]) == "d53506bddd12d3b72c7153b1ae7f34807724b1dd078a7273809bf9d0792319f6"
    assert hash_array(x[4000:]) == "30addc43827c82aafa5db8bc97cea63349ca687e87db2f201cc4f5415d9a4ebd"


@pytest.mark.parametrize("change", OTHER_ARGUMENTS, ids=str)
def test_other_arguments_give_the_original_package_s_arrays(change):
    config = replace(Mnist1dConfig(num_samples=60), **change)
    expected = make_original(config)
    x, y, _ = make_canonical(make_templates(), config)
    np.testing.assert_allclose(x, np.concatenate([expected["x"], expected["x_test"]]), rtol=0, atol=1e-12)
    assert np.array_equal(y, np.concatenate([expected["y"], expected["y_test"]]))


@pytest.mark.parametrize("shape", [(3, 12), (1, 2), (25, 30)])
def test_other_templates_give_the_original_package_s_arrays(shape):
    templates = np.random.default_rng(0).normal(size=shape)
    expected = make_original(SMALL, {"x": templates, "t": np.arange(shape[1]), "y": np.arange(shape[0])})
    x, y, _ = make_canonical(templates, SMALL)
    np.testing.assert_allclose(x, np.concatenate([expected["x"], expected["x_test"]]), rtol=0, atol=1e-12)
    assert np.array_equal(y, np.concatenate([expected["y"], expected["y_test"]]))


def test_the_global_random_state_is_neither_used_nor_changed():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = make_canonical(make_templates(), SMALL)[0]
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert np.array_equal(make_canonical(make_templates(), SMALL)[0], first)


@pytest.mark.parametrize("height", [0.0, 0.1, 1.0])
def test_signals_that_do_not_vary_are_refused(height):
    flat = replace(SMALL, padding=(0, 0), scale_coeff=0, iid_noise_scale=0, shear_scale=0)
    with pytest.raises(InputError, match="do not vary"):
        make_canonical(np.full((2, 12), height), flat)


def test_fewer_signals_than_classes_are_refused():
    with pytest.raises(InputError, match="num_samples must be 10 or more, one a class; received 9"):
        make_canonical(make_templates(), replace(SMALL, num_samples=9))
