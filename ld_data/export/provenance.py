"""The provenance of the sources, for cards and metadata: description, makers, citation."""

import re
from dataclasses import dataclass
from importlib.resources import files

from ld_data.release.manifest import Manifest
from ld_data.variations.archive import PUBLICATIONS
from ld_data.variations.stream import PRESETS

TEMPLATES = files("ld_data.export") / "templates"
PROJECT = "The LD-Data maintainers"
SPDX_NAME = re.compile(r"[A-Za-z0-9.+-]+")  # of one licence; words join several


@dataclass(frozen=True)
class Provenance:
    """The description of a source.

    Attributes:
        text: a phrase that names it.
        url: of the original; empty for a user's own inputs.
        makers: of the original, people or groups.
        cited: names of the `.bib` files in `templates/`.
        limit: a warning to users, a sentence; empty without one.
    """

    text: str
    url: str = ""
    makers: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    limit: str = ""

    @property
    def citation(self) -> str:
        """The BibTeX entries; empty without one."""
        return "\n".join((TEMPLATES / f"{name}.bib").read_text("utf-8").rstrip() for name in self.cited)


MNIST = Provenance(
    "MNIST, handwritten digits as grey images of 28 by 28 pixels",
    "http://yann.lecun.com/exdb/mnist/",
    ("Yann LeCun", "Corinna Cortes", "Christopher J. C. Burges"),
    ("mnist",),
)
MNIST1D = Provenance(
    "MNIST-1D, digits as signals of 40 points",
    "https://github.com/greydanus/mnist1d",
    ("Sam Greydanus", "Dmitry Kobak"),
    ("mnist1d",),
)
PLACES = {"uniform": "put on noise", "correlated": "put on correlated noise", "patches": "put on textures"}
VARIATIONS_URL = "http://www.iro.umontreal.ca/~lisa/twiki/bin/view.cgi/Public/MnistVariations"


def find_provenance(manifest: Manifest) -> Provenance:
    """Return the provenance of a release's source; any source that is not built in is the user's own."""
    name = manifest.source["name"]
    if name in ("mnist1d", "mnist1d-60k"):
        return MNIST1D
    if name == "mnist":
        return MNIST
    if name in PUBLICATIONS or name in PRESETS:
        return _describe_variation(name)
    return Provenance(f"{name}, images of the user's own")


def _describe_variation(name: str) -> Provenance:
    cited = ("mnist", "variations")
    if name in PRESETS:  # ours, of MNIST: nothing of the published sets is in it
        preset = PRESETS[name]
        actions = filter(None, ("turned" if preset.rotate else "", PLACES.get(preset.background, "")))
        limit = (
            "Its inputs are generated like the Variations on the MNIST digits, and are not the published ones: results "
            "on the two cannot be compared."
        )
        text = f"{name}, MNIST's digits {' and '.join(actions)} by a generator of LD-Data"
        return Provenance(text, MNIST.url, (*MNIST.makers, PROJECT), cited, limit)
    text = f"{name}, MNIST's digits varied, of the Variations on the MNIST digits"
    makers = ("Hugo Larochelle", "Dumitru Erhan", "Aaron Courville", "James Bergstra", "Yoshua Bengio")
    return Provenance(text, VARIATIONS_URL, makers, cited)


def cite_release(manifest: Manifest) -> str:
    """Return the BibTeX entry of a release."""
    fields = {
        "title": f"{{{manifest.name}: matched Gaussian latents of {manifest.source['name']}}}",
        "author": f"{{{{{PROJECT}}}}}",
        "year": f"{{{manifest.changes[0].date[:4]}}}",
        "version": f"{{{manifest.release_version}}}",
    }
    lines = ",\n".join(f"  {name} = {value}" for name, value in fields.items())
    return f"@misc{{{manifest.name},\n{lines}\n}}"


def name_licence_url(licence: str) -> str:
    """Return the address of a licence's text by its SPDX name; any other name is returned unchanged."""
    known = SPDX_NAME.fullmatch(licence) and licence != "unknown" and not licence.startswith("LicenseRef-")
    return f"https://spdx.org/licenses/{licence}.html" if known else licence
