"""The provenance of the sources, for cards and metadata: description, makers, citation."""

import re
from dataclasses import dataclass

from ld_data.release.manifest import Manifest
from ld_data.variations.archive import PUBLICATIONS
from ld_data.variations.stream import PRESETS

PROJECT = "The LD-Data maintainers"
SPDX_NAME = re.compile(r"[A-Za-z0-9.+-]+")  # of one licence; words join several


@dataclass(frozen=True)
class Provenance:
    """The description of a source.

    Attributes:
        text: a phrase that names it.
        url: of the original; empty for a user's own inputs.
        makers: of the original, people or groups.
        citation: BibTeX; empty without one.
        limit: a warning to users, a sentence; empty without one.
    """

    text: str
    url: str = ""
    makers: tuple[str, ...] = ()
    citation: str = ""
    limit: str = ""


MNIST_CITATION = """@article{lecun1998gradient,
  title = {Gradient-based learning applied to document recognition},
  author = {LeCun, Yann and Bottou, L{\\'e}on and Bengio, Yoshua and Haffner, Patrick},
  journal = {Proceedings of the IEEE},
  volume = {86},
  number = {11},
  pages = {2278--2324},
  year = {1998}
}"""
MNIST1D_CITATION = """@inproceedings{greydanus2024scaling,
  title = {Scaling Down Deep Learning with {MNIST-1D}},
  author = {Greydanus, Sam and Kobak, Dmitry},
  booktitle = {International Conference on Machine Learning},
  year = {2024}
}"""
VARIATIONS_CITATION = """@inproceedings{larochelle2007empirical,
  title = {An empirical evaluation of deep architectures on problems with many factors of variation},
  author = {Larochelle, Hugo and Erhan, Dumitru and Courville, Aaron and Bergstra, James and Bengio, Yoshua},
  booktitle = {International Conference on Machine Learning},
  year = {2007}
}"""
MNIST = Provenance(
    "MNIST, handwritten digits as grey images of 28 by 28 pixels",
    "http://yann.lecun.com/exdb/mnist/",
    ("Yann LeCun", "Corinna Cortes", "Christopher J. C. Burges"),
    MNIST_CITATION,
)
MNIST1D = Provenance(
    "MNIST-1D, digits as signals of 40 points",
    "https://github.com/greydanus/mnist1d",
    ("Sam Greydanus", "Dmitry Kobak"),
    MNIST1D_CITATION,
)
PLACES = {"uniform": "put on noise", "correlated": "put on correlated noise", "patches": "put on textures"}
VARIATIONS_URL = "http://www.iro.umontreal.ca/~lisa/twiki/bin/view.cgi/Public/MnistVariations"


def find_provenance(manifest: Manifest) -> Provenance:
    """Return the provenance of a release's source; any source that is not built in is the user's own."""
    name = manifest.source["name"]
    if name in ("mnist1d", "mnist1d-large"):
        return MNIST1D
    if name == "mnist":
        return MNIST
    if name in PUBLICATIONS or name in PRESETS:
        return _describe_variation(name)
    return Provenance(f"{name}, images of the user's own")


def _describe_variation(name: str) -> Provenance:
    citation = f"{MNIST_CITATION}\n{VARIATIONS_CITATION}"
    if name in PRESETS:  # ours, of MNIST: nothing of the published sets is in it
        preset = PRESETS[name]
        deeds = filter(None, ("turned" if preset.rotate else "", PLACES.get(preset.background, "")))
        limit = (
            "Its inputs are generated like the Variations on the MNIST digits, and are not the published ones: results "
            "on the two cannot be compared."
        )
        text = f"{name}, MNIST's digits {' and '.join(deeds)} by a generator of LD-Data"
        return Provenance(text, MNIST.url, (*MNIST.makers, PROJECT), citation, limit)
    text = f"{name}, MNIST's digits varied, of the Variations on the MNIST digits"
    makers = ("Hugo Larochelle", "Dumitru Erhan", "Aaron Courville", "James Bergstra", "Yoshua Bengio")
    return Provenance(text, VARIATIONS_URL, makers, citation)


def cite_release(manifest: Manifest) -> str:
    """Return the BibTeX entry of a release."""
    fields = {
        "title": f"{{{manifest.name}: matched Gaussian latents of {manifest.source['name']}}}",
        "author": f"{{{{{PROJECT}}}}}",
        **({"year": f"{{{manifest.changes[0].date[:4]}}}"} if manifest.changes else {}),
        "version": f"{{{manifest.release_version}}}",
    }
    lines = ",\n".join(f"  {name} = {value}" for name, value in fields.items())
    return f"@misc{{{manifest.name},\n{lines}\n}}"


def name_licence_url(licence: str) -> str:
    """Return the address of a licence's text by its SPDX name; any other name is returned unchanged."""
    known = SPDX_NAME.fullmatch(licence) and licence != "unknown" and not licence.startswith("LicenseRef-")
    return f"https://spdx.org/licenses/{licence}.html" if known else licence
