"""The command that makes the shifted test sets of a release."""

import sys

import vae
from ld_data.cli.libraries import needs
from ld_data.cli.options import Json, OwnImages, Release
from ld_data.cli.output import print_result
from ld_data.cli.table import format_table
from ld_data.release.folder import verify
from ld_data.release.manifest import SHIFT_FILE, read_manifest
from ld_data.release.writer import encode_shift, write_shifts
from ld_data.sources.catalogue import find_inputs
from ld_data.sources.shifts import describe_parameters, plan_shifts
from ld_data.sources.user_images import NO_IMAGES


@needs("onnxruntime")
def shifts(release: Release, /, *, images: OwnImages = NO_IMAGES, as_json: Json = False) -> None:
    """Put shifted test sets into a release."""
    manifest = verify(release)
    source, codec = find_inputs(manifest.name, manifest.source, images), vae.load(release)
    plans = plan_shifts(source, manifest.seed)
    encoded = {name: encode_shift(source, codec, manifest.seed, name, plan) for name, plan in plans.items()}
    folder = write_shifts(release, manifest.files, plans, encoded)
    files = read_manifest(folder).files
    made = {name: {"file": (file := SHIFT_FILE.format(name)), "sha256": files[file].sha256} for name in plans}
    rows = [(name, *made[name].values(), describe_parameters(plan)) for name, plan in plans.items()]
    values = {name: {**made[name], "parameters": plan} for name, plan in plans.items()}
    print_result(values, format_table(("shift", "file", "sha256", "parameters"), rows, "llll"), as_json)
    print(f"{folder} keeps these shifted test sets", file=sys.stderr)
