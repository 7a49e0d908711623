"""Low-dimensional latent datasets: matched Gaussian codes of inputs and classes, to load, build and verify.

Importing this needs numpy alone; the generator (`ld_data.mnist1d`) and the sources (`ld_data.sources`) also use scipy.
"""

from ld_data.errors import LdDataError
from ld_data.loading import load
from ld_data.release.dataset import LatentDataset, Split, subset
from ld_data.release.folder import list_releases, verify

__version__ = "0.1.0"

__all__ = ["LatentDataset", "LdDataError", "Split", "__version__", "list_releases", "load", "subset", "verify"]
