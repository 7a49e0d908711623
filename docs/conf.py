"""Sphinx builds the manual as a site: `make docs`."""

import hashlib
import logging
import os
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER)]

from ld_data import __version__  # noqa: E402 - of this checkout

profile = FOLDER.parent / "build" / "ipython" / "profile_default"
profile.mkdir(parents=True, exist_ok=True)
(profile / "ipython_kernel_config.py").write_text('c.IPKernelApp.log_level = "ERROR"\n')  # it warns of loopback
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "IPYTHONDIR": str(profile.parent)}  # of the tutorials
logging.getLogger("traitlets").setLevel(logging.WARNING)
project = "LD-Data"
author = "LD-Data developers"
copyright = "LD-Data developers"  # noqa: A001 - Sphinx's name
version = release = __version__
root_doc = "index"
exclude_patterns = ["conf.py", "extensions"]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "extensions.contents",
    "extensions.formulas",
    "extensions.links",
    "extensions.notebooks",
    "extensions.reference",
]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "cache"
code = sorted(path for package in ("ld_data", "vae", "eval", "api") for path in (FOLDER.parent / package).rglob("*.py"))
digest = hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()[:16]
nb_execution_cache_path = str(FOLDER.parent / "build" / "notebooks" / digest)  # a change of the code runs all again
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_execution_in_temp = True
tested = ["encode_and_serve.py", "first_regression.py", "learning_rule.py", "own_images.py"]  # with less to fit
nb_execution_excludepatterns = tested if tags.has("tests") else []  # noqa: F821 - Sphinx's
nb_merge_streams = True
nb_output_stderr = "remove"  # bars of progress

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
highlight_language = "none"  # of blocks that name no language
default_role = "code"  # docstrings put code in single backticks
napoleon_use_ivar = True  # attributes are listed with their class, and not once more
python_use_unqualified_type_names = True

html_theme = "furo"
html_css_files = ["manual.css"]
html_static_path = ["static"]
html_title = f"LD-Data {version}"
html_favicon = "../api/static/icon.svg"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}
