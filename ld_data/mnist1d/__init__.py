"""MNIST-1D: the generator, and the functions of the original package under their own names."""

from ld_data.mnist1d.config import Mnist1dConfig, make_templates
from ld_data.mnist1d.data import get_dataset, get_dataset_args, get_templates, make_dataset
from ld_data.mnist1d.dataset import Mnist1d, SignalPlan, choose_mode, collect, make_mnist1d, plan_mnist1d
from ld_data.mnist1d.stream import SignalStream
from ld_data.mnist1d.transform import pad, transform
from ld_data.mnist1d.utils import ObjectView, from_pickle, plot_signals, set_seed, to_pickle

__all__ = [
    "Mnist1d",
    "Mnist1dConfig",
    "ObjectView",
    "SignalPlan",
    "SignalStream",
    "choose_mode",
    "collect",
    "from_pickle",
    "get_dataset",
    "get_dataset_args",
    "get_templates",
    "make_dataset",
    "make_mnist1d",
    "make_templates",
    "pad",
    "plan_mnist1d",
    "plot_signals",
    "set_seed",
    "to_pickle",
    "transform",
]
