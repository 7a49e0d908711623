"""Commands of the generators: signals and varied digits."""

from collections.abc import Callable
from dataclasses import asdict, fields, make_dataclass
from typing import Annotated, Literal, get_type_hints

from cyclopts import App, Parameter

from ld_data.checks import check_integer
from ld_data.cli.options import File, Json
from ld_data.cli.output import print_result
from ld_data.cli.program import add_command, name_program
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.dataset import plan_mnist1d
from ld_data.mnist1d.files import name_files, write_signals
from ld_data.sources.mnist import load_mnist
from ld_data.storage.arrays import read_npy
from ld_data.variations.files import check_target, read_pictures, write_variations
from ld_data.variations.published import TEST_ROWS, TRAIN_ROWS
from ld_data.variations.stream import MAX_ROW, PRESETS, VariationConfig, VariationStream

GROUP = f"{name_program('ld_data')} generate"
app = App(name="generate", help_epilogue=f"example:\n  {GROUP} mnist1d --out signals.npz")


def mnist1d(
    *,
    out: File,
    mode: Literal["canonical", "fast"] | None = None,
    templates: File | None = None,
    config: Annotated[Mnist1dConfig, Parameter(name="*")] = Mnist1dConfig(),
    as_json: Json = False,
) -> None:
    """Write MNIST-1D signals, as .npz or .npy.

    Args:
        out: The .npz to write, or without an ending a folder of .npy; must not exist.
        mode: The original's very signals, or others of their distribution; fast for all but the published set.
        templates: An .npy `(k, l)` in place of the ten digits.
    """
    shapes = None if templates is None else read_npy(templates.read_bytes())
    name_files(out)  # refuses a wrong name before anything is made
    plan = plan_mnist1d(config, shapes, mode)
    files = write_signals(plan, out)
    names, train, test, points = [str(file) for file in files], plan.split, plan.rows - plan.split, len(plan.t)
    text = f"wrote {train} + {test} signals of {points} points to {' and '.join(names)}"
    print_result({"files": names, "train": train, "test": test, "points": points}, text, as_json)


def _make_variations_command(preset: str, config: VariationConfig) -> Callable[..., None]:
    """Return the command that writes digits varied by a preset, whose options have the preset's defaults."""

    def generate(
        *,
        out: File,
        train: int = TRAIN_ROWS,
        test: int = TEST_ROWS,
        pictures: File | None = None,
        config: VariationConfig = config,
        as_json: Json = False,
    ) -> None:
        """Write varied MNIST digits, as .npz.

        Args:
            out: The .npz to write; must not exist.
            train: Images of training digits.
            test: Images of test digits.
            pictures: An .npy `(n, h, w)`, or .npz, to cut patches from.
        """
        for name, rows in (("--train", train), ("--test", test)):
            check_integer(name, rows, 1, MAX_ROW)
        check_target(out)  # refuses a wrong name before anything is made
        backgrounds, arrays = None if pictures is None else read_pictures(pictures), load_mnist()
        streams = [
            VariationStream(VariationConfig(**asdict(config)), arrays[f"x_{split}"], arrays[f"y_{split}"], backgrounds)
            for split in ("train", "test")
        ]
        write_variations(streams[0], train, streams[1], test, out)
        facts = {"files": [str(out)], "train": train, "test": test, "manner": preset}
        print_result(facts, f"wrote {train} + {test} images of the preset {preset} to {out}", as_json)

    options = _make_options(config)
    generate.__annotations__["config"] = Annotated[options, Parameter(name="*")]
    generate.__kwdefaults__ = {**(generate.__kwdefaults__ or {}), "config": options()}
    return generate


def _make_options(config: VariationConfig) -> type[VariationConfig]:
    """Return the class of a generator's arguments with other defaults: Cyclopts reads defaults from the class alone."""
    hints = get_type_hints(VariationConfig)
    rotate = Annotated[bool, Parameter(negative="--no-rotate", show_default=str)]
    changed = [
        (field.name, rotate if field.name == "rotate" else hints[field.name], getattr(config, field.name))
        for field in fields(config)
    ]
    options = make_dataclass("VariationOptions", changed, bases=(VariationConfig,), frozen=True)
    options.__doc__, options.__module__ = VariationConfig.__doc__, __name__
    return options


add_command(app, mnist1d, "mnist1d", "Write MNIST-1D signals, as .npz or .npy.", "--out signals.npz --seed 7", GROUP)
for _preset, _config in PRESETS.items():
    _command = _make_variations_command(_preset, _config)
    add_command(app, _command, _preset, "Write varied MNIST digits, as .npz.", "--out digits.npz", GROUP)
