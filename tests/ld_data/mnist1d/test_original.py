import inspect
import re
import sys
import warnings
from importlib import import_module
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest

import ld_data.mnist1d as ours
from ld_data.errors import InputError, IntegrityError, MissingLibraryError

# ruff: noqa: NPY002 - the tests compare the global random states
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    original = pytest.importorskip("mnist1d")  # the original package
    parts = {name: sys.modules[f"mnist1d.{name}"] for name in ("data", "utils", "transform")}


@pytest.mark.parametrize("name", parts)
def test_a_module_of_the_original_has_its_functions_with_their_arguments(name):
    found = import_module(f"ld_data.mnist1d.{name}")
    assert getattr(ours, name) is (ours.transform if name == "transform" else found)
    own = [value for value in vars(parts[name]).values() if getattr(value, "__module__", "") == f"mnist1d.{name}"]
    assert len(own) >= 4
    for value in own:
        arguments = [key for key in inspect.signature(value).parameters if key != "kwargs"]
        assert list(inspect.signature(getattr(found, value.__name__)).parameters)[: len(arguments)] == arguments


def test_the_arguments_are_the_original_s():
    assert ours.get_dataset_args(as_dict=True) == original.get_dataset_args(as_dict=True)
    assert vars(ours.get_dataset_args()) == vars(original.get_dataset_args())


def test_the_templates_are_the_original_s():
    found, expected = ours.get_templates(), original.get_templates()
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert np.array_equal(found[name], values)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seed": 7, "shuffle_seq": True, "padding": [5, 9]},
        {"padding": np.array([36, 60])},
        {"shuffle_seq": 1},
        {"shear_scale": -0.75, "scale_coeff": -0.4, "corr_noise_scale": -0.25, "iid_noise_scale": -0.02},
    ],
)
def test_a_data_set_is_the_original_s(changes):
    args = ours.get_dataset_args()
    vars(args).update(num_samples=200, **changes)
    found, expected = ours.make_dataset(args), original.data.make_dataset(args)
    assert sorted(found) == sorted(expected)
    for name in ("x", "x_test", "y", "y_test", "t"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-12)
        assert found[name].dtype == expected[name].dtype


def test_without_a_seed_each_data_set_is_another():
    args = ours.get_dataset_args()
    args.num_samples, args.seed = 100, None
    first, second = (ours.make_dataset(args)["x"] for _ in range(2))
    assert not np.array_equal(first, second)


def test_arguments_may_be_attributes_of_a_class():
    class Args:
        pass

    for name, value in ours.get_dataset_args(as_dict=True).items():
        setattr(Args, name, value)
    Args.num_samples = 50
    assert np.array_equal(ours.make_dataset(Args)["x"], ours.make_dataset(vars(Args))["x"])


def test_a_data_set_of_other_templates_is_the_original_s():
    template = {"x": np.random.default_rng(0).normal(size=(2, 7)), "t": np.linspace(0, 1, 7), "y": np.array([4, 9])}
    args = ours.get_dataset_args()
    args.num_samples = 200
    found, expected = ours.make_dataset(args, template), original.data.make_dataset(args, template)
    for name in ("x", "x_test", "y", "y_test", "t"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-12)


def test_making_a_data_set_leaves_the_global_random_state_alone():
    ours.set_seed(3)
    before = np.random.get_state()[1].copy()
    ours.make_dataset(SimpleNamespace(**ours.get_dataset_args(as_dict=True) | {"num_samples": 50}))
    assert np.array_equal(np.random.get_state()[1], before)


def test_transforming_a_template_draws_what_the_original_draws():
    templates, args = ours.get_templates(), ours.get_dataset_args()
    for label in range(10):
        results = []
        for package in (ours, original):
            package.set_seed(label)
            results.append((*package.transform(templates["x"][label], templates["t"], args), np.random.rand()))
        for found, expected in zip(*results, strict=True):
            assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shape", [(40,), (20, 34)])
def test_padding_draws_what_the_original_draws(shape):
    x = np.ones(shape)
    ours.set_seed(13)
    found = ours.pad(x, (36, 44))
    ours.set_seed(13)
    assert np.array_equal(found, parts["transform"].pad(x, (36, 44)))


@pytest.mark.parametrize(
    ("step", "argument"),
    [
        ("shear", 3),
        ("translate", 48),
        ("translate", 5),
        ("corr_noise_like", 0.2),
        ("iid_noise_like", 2),
        ("interpolate", 9),
    ],
)
def test_a_step_draws_what_the_original_draws(step, argument):
    x = np.sin(np.arange(12.0))
    results = []
    for module in (import_module("ld_data.mnist1d.transform"), parts["transform"]):
        ours.set_seed(5)
        results.append(getattr(module, step)(x, argument))
    assert results[0] == pytest.approx(results[1], abs=1e-12)


def test_pickles_are_neither_written_nor_read(tmp_path):
    with pytest.raises(InputError, match=r"a\.pkl is not written: .*numpy\.savez"):
        ours.to_pickle({"x": 1}, tmp_path / "a.pkl")
    with pytest.raises(InputError, match=r"a\.pkl is not read: .*`get_dataset\(args, path\)`"):
        ours.from_pickle(tmp_path / "a.pkl")
    assert not list(tmp_path.iterdir())


def test_seeds_and_views():
    ours.set_seed(42)
    first = np.random.randn(8)
    ours.set_seed(42)
    assert np.array_equal(first, np.random.randn(8))
    assert ours.ObjectView({"a": 3, "b": "c"}).b == "c"


class TestGetDataset:
    @pytest.fixture
    def args(self):
        return SimpleNamespace(**ours.get_dataset_args(as_dict=True) | {"num_samples": 100})

    def test_it_makes_keeps_and_finds_again(self, args, tmp_path, capsys):
        path = str(tmp_path / "signals.pkl")
        made = ours.get_dataset(args, path=path, download=False)
        assert capsys.readouterr().out == f"Generated the data set and wrote {tmp_path / 'signals.npz'}\n"
        found = ours.get_dataset(args, path=path, download=False)
        assert capsys.readouterr().out == f"Loaded {tmp_path / 'signals.npz'}\n"
        for name in ("x", "x_test", "y", "y_test", "t"):
            assert np.array_equal(made[name], found[name])
        assert np.array_equal(made["templates"]["x"], found["templates"]["x"])
        assert made["x"].shape == (80, 40)

    def test_by_default_it_is_the_published_set_in_this_folder(self, args, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        assert ours.get_dataset(args, verbose=False)["x"].shape == (4000, 40)
        assert capsys.readouterr().out == ""
        assert [path.name for path in tmp_path.iterdir()] == ["mnist1d_data.npz"]

    def test_a_stored_set_is_replaced_on_request(self, args, tmp_path):
        path = tmp_path / "signals"
        ours.get_dataset(args, path, verbose=False, download=False)
        args.num_samples = 200
        assert len(ours.get_dataset(args, path, verbose=False, download=False)["x"]) == 80
        assert len(ours.get_dataset(args, path, verbose=False, download=False, regenerate=True)["x"]) == 160
        assert [path.name for path in tmp_path.iterdir()] == ["signals.npz"]

    def test_a_pickle_is_not_read(self, args, tmp_path):
        path = tmp_path / "signals.pkl"
        path.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
        with pytest.warns(UserWarning, match=r"signals\.pkl is not read, as pickles can run code"):
            assert len(ours.get_dataset(args, path, verbose=False, download=False)["x"]) == 80
        assert path.read_bytes().startswith(b"cos")
        ours.get_dataset(args, path, verbose=False, download=False)  # the .npz exists now: no second warning

    def test_a_path_without_a_name_is_refused(self, args):
        with pytest.raises(InputError, match="path must name a file"):
            ours.get_dataset(args, "")

    def test_a_template_is_used(self, args, tmp_path):
        template = ours.get_templates()
        template = {name: values[:4] for name, values in template.items() if name != "t"} | {"t": template["t"]}
        made = ours.get_dataset(args, tmp_path / "four", verbose=False, download=False, template=template)
        assert set(made["y"]) == {0, 1, 2, 3}

    def test_another_kind_of_file_is_neither_read_nor_lost(self, args, tmp_path):
        path = tmp_path / "signals.npz"
        np.savez(path, x=np.zeros(3))
        before = path.read_bytes()
        with pytest.raises(IntegrityError, match=f"{re.escape(str(path))}: expected a file of `get_dataset`"):
            ours.get_dataset(args, path, download=False)
        assert path.read_bytes() == before

    def test_both_options_at_once_are_refused(self, args):
        with pytest.raises(InputError, match="choose one"):
            ours.get_dataset(args, regenerate=True)


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({"num_samples": 100}, "lack train_split, template_len"),
        (ours.get_dataset_args(as_dict=True) | {"padding": [60, 36]}, "least <= most"),
    ],
)
def test_bad_arguments_are_refused(args, reason):
    with pytest.raises(InputError, match=reason):
        ours.make_dataset(args)


def test_a_single_signal_needs_no_arguments_of_a_set():
    args = ours.get_dataset_args()
    for name in ("num_samples", "train_split", "shuffle_seq", "seed"):
        delattr(args, name)
    template = ours.get_templates()
    signal, t = ours.transform(template["x"][0], template["t"], args)
    assert signal.shape == t.shape == (40,)
    with pytest.raises(InputError, match="lack num_samples, train_split, shuffle_seq, seed"):
        ours.make_dataset(args)


@pytest.mark.parametrize("thing", [5, [1], np.zeros(3)])
def test_other_objects_are_refused_as_arguments_and_as_template(thing):
    with pytest.raises(InputError, match="get_dataset_args"):
        ours.make_dataset(thing)
    with pytest.raises(InputError, match="a template is a dictionary of x, t and y"):
        ours.make_dataset(template=thing)


def test_a_template_without_a_time_axis_is_refused():
    with pytest.raises(InputError, match="received x, y"):
        ours.make_dataset(template={"x": np.zeros((2, 5)), "y": np.arange(2)})


def test_a_time_axis_of_another_length_is_refused():
    template = ours.get_templates() | {"t": np.arange(5)}
    with pytest.raises(InputError, match=r"received \(10, 12\), \(5,\), \(10,\)"):
        ours.make_dataset(template=template)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"do_transform": True}, {"dark_mode": True}])
def test_signals_are_drawn_as_the_original_draws_them(options):
    matplotlib.use("agg")
    templates, args = ours.get_templates(), ours.get_dataset_args()
    ours.set_seed(1)
    figures = []
    for package in (ours, original):
        package.set_seed(1)
        figures.append(package.plot_signals(templates["x"], templates["t"], range(10), args, **options))
    for found, expected in zip(*(figure.axes for figure in figures), strict=True):
        assert found.get_title() == expected.get_title()
        assert found.get_xlim() == expected.get_xlim()
        assert found.get_ylim() == expected.get_ylim()
        if not options.get("do_transform"):  # the original transforms the time axis again and again
            assert found.lines[0].get_xydata() == pytest.approx(expected.lines[0].get_xydata(), abs=1e-12)


def test_drawing_without_matplotlib_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingLibraryError, match=r"needs matplotlib.*\.\[plots\]"):
        ours.plot_signals(np.zeros((10, 12)), np.zeros(12))
