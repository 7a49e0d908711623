"""The command line of the scores: `python -m eval`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from eval.classifiers import tables as classifier_tables
from eval.classifiers.tables import TABLES, check_kept, choose_cells, find_table
from eval.comparison import RESAMPLES, compare
from eval.entry_point import load_function
from eval.ladder import Rung, climb, climb_datasets, describe_gaps, format_rungs, keep_rows
from eval.leaderboard.client import fetch_challenge, fetch_leaderboard, remove_entry, submit, submit_challenge
from eval.leaderboard.receipts import verify_log
from eval.leaderboard.submission import Submission
from eval.names import BASELINES, CLASSIFIERS, RULES
from eval.predictions import read_file, read_predictions
from eval.score import describe_entry, score_predictions, write_figure, write_with_error
from ld_data.checks import check_integer
from ld_data.cli import parser as command_line
from ld_data.errors import InputError, IntegrityError, MissingDataError, UnknownNameError
from ld_data.extras import check_libraries
from ld_data.release.dataset import LatentDataset
from ld_data.release.folder import find_release, load
from ld_data.release.inputs import find_inputs
from ld_data.release.manifest import SHA256, read_manifest
from ld_data.settings import checkpoints_folder, scores_place
from ld_data.sources.catalogue import SOURCES, choose_source, load_source
from ld_data.storage.arrays import write_npy
from ld_data.storage.staging import check_new_file

ALL_SEEDS, TABLE_SEEDS, MAX_SEEDS, MAX_JOBS = 5, 3, 1000, 1000
FITTERS = ("keras", "sklearn", "threadpoolctl")  # what fits baselines


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that the arguments name."""
    return command_line.run_parser(_make_parser(), arguments)


def _make_parser() -> argparse.ArgumentParser:
    parser = command_line.make_parser("eval", "Scores of models that map x to y.", "score ld-mnist-32 predictions.npy")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    score = command_line.add_command(
        commands, "score", help="score predictions for the test rows", example="ld-mnist-32 predictions.npy"
    )
    command_line.add_release(score)
    _add_predictions(score)
    score.set_defaults(command=_score)

    _add_baselines(commands)
    _add_compare(commands)
    _add_ladder(commands)
    _add_classifiers(commands)
    _add_tables(commands)
    _add_judges(commands)
    _add_leaderboard_commands(commands)
    _add_operator_commands(commands)
    return parser


def _add_predictions(parser: argparse.ArgumentParser, files: int | None = None) -> None:
    parser.add_argument("predictions", type=Path, nargs=files, metavar="PREDICTIONS", help=".npy of shape (n_test, d)")


def _add_baselines(commands: command_line.Commands) -> None:
    baselines = command_line.add_command(
        commands,
        "baselines",
        help="fit and score the baselines",
        example="ld-mnist-32 --only mlp ridge",
        needs=(*FITTERS, "joblib"),
    )
    command_line.add_release(baselines)
    chosen = baselines.add_mutually_exclusive_group()
    chosen.add_argument(
        "--only", nargs="+", choices=BASELINES, metavar="NAME", help="these alone; an unknown name lists all"
    )
    chosen.add_argument("--all", action="store_true", help="all of them: an hour")
    command_line.add_seeds(baselines, None, "1 by default, 5 with --all or --check")
    command_line.add_jobs(baselines)
    baselines.add_argument("--out", type=Path, metavar="FILE", help="write the table as JSON")
    baselines.add_argument("--check", action="store_true", help="fail if a figure is not the kept one")
    baselines.set_defaults(command=_baselines)

    tuning = command_line.add_command(
        commands,
        "tune",
        help="try learning rates of a learning rule on held-out training rows",
        example="ld-mnist-32 feedback-alignment",
        needs=FITTERS,
    )
    command_line.add_release(tuning)
    tuning.add_argument(
        "rule", choices=RULES, metavar="RULE", help="a baseline; an unknown name lists those that can be tuned"
    )
    command_line.add_seed(tuning)
    tuning.set_defaults(command=_tune)


def _add_compare(commands: command_line.Commands) -> None:
    pair = command_line.add_command(
        commands, "compare", help="compare the predictions of two models, row by row", example="ld-mnist-32 a.npy b.npy"
    )
    command_line.add_release(pair)
    _add_predictions(pair, 2)
    pair.add_argument("--resamples", type=int, default=RESAMPLES, help=f"of the bootstrap, {RESAMPLES} by default")
    command_line.add_seed(pair)
    pair.set_defaults(command=_compare)


def _check_model(name: str) -> str:
    if ":" in name or name in BASELINES:
        return name
    raise argparse.ArgumentTypeError(
        f"no baseline {name!r}. Known: {', '.join(BASELINES)}. A function of your own is named as module:function"
    )


def _add_ladder(commands: command_line.Commands) -> None:
    ladder = command_line.add_command(
        commands, "ladder", help="which abilities a model lacks, by control tasks", example="linear"
    )
    model = ladder.add_argument(
        "model",
        type=_check_model,
        metavar="MODEL",
        help="a baseline's name, or module:function of your own, a fit(x_train, y_train, seed) -> model",
    )
    command_line.offer(model, BASELINES)
    command_line.add_default_release(ladder)
    command_line.add_limit_train(ladder, "--rows")
    command_line.add_seed(ladder)
    ladder.set_defaults(command=_ladder)


def _add_classifiers(commands: command_line.Commands) -> None:
    classifying = command_line.add_command(
        commands,
        "classify",
        help="train a classifier and test it",
        example="mnist1d-cnn mnist1d --seeds 3",
        needs=("keras", "sklearn", "joblib"),
    )
    tsne = command_line.add_command(
        commands,
        "tsne",
        help="plot raw inputs, and a classifier's features before and after training",
        example="deeper mnist --out tsne.png",
        needs=("keras", "sklearn", "joblib", "matplotlib"),
    )
    for command in (classifying, tsne):
        command.add_argument(
            "model", choices=CLASSIFIERS, metavar="MODEL", help="a classifier; an unknown name lists all"
        )
        inputs = command.add_argument("inputs", metavar="INPUTS", help="a source, or a release, for its x")
        command_line.offer(inputs, list(SOURCES))
        command.add_argument("--decoded", action="store_true", help="of a release, what is decoded of x")
        command.add_argument("--shuffled", action="store_true", help="put pixels or points into another order")
        command_line.add_limit_train(command)
        command_line.add_epochs(command)
    command_line.add_seeds(classifying, 1, "1 by default")
    command_line.add_jobs(classifying)
    classifying.set_defaults(command=_classify)
    command_line.add_seed(tsne)
    tsne.add_argument("--out", type=Path, required=True, metavar="FILE", help=".png to write")
    tsne.add_argument("--rows", type=int, default=1000, help="of the test rows; 1000 by default")
    tsne.set_defaults(command=_draw_tsne)


def _add_tables(commands: command_line.Commands) -> None:
    table = command_line.add_command(
        commands,
        "reproduce",
        help="train what a table of classifiers holds, beside published figures",
        example="mnist1d --kept",
    )
    table.add_argument("table", choices=list(TABLES), metavar="TABLE", help="an unknown name lists all")
    rows = list(dict.fromkeys(cell.row for known in TABLES.values() for cell in known.cells))
    table.add_argument("--only", nargs="+", choices=rows, metavar="NAME", help="these alone; an unknown name lists all")
    table.add_argument("--kept", action="store_true", help="train nothing: print what is kept, of whatever seeds")
    command_line.add_seeds(table, TABLE_SEEDS, f"{TABLE_SEEDS} by default")
    command_line.add_jobs(table)
    table.add_argument("--out", type=Path, metavar="FILE", help="add each trial to this JSON once it is done")
    table.add_argument("--check", action="store_true", help="fail if a figure is not the kept one")
    table.set_defaults(command=_reproduce)


def _add_judges(commands: command_line.Commands) -> None:
    training = command_line.add_command(
        commands,
        "train-judge",
        help="train a classifier of a source's raw inputs",
        example="mnist1d --out judge.keras",
        needs=("keras", "sklearn"),
    )
    command_line.add_source(training, list(SOURCES))
    training.add_argument("--out", type=Path, metavar="FILE", help=".keras to write; beside the releases by default")
    command_line.add_epochs(training)
    command_line.add_seed(training)
    training.set_defaults(command=_train_judge)

    judge = command_line.add_command(
        commands,
        "judge",
        help="let a judge read decoded inputs",
        example="ld-mnist1d-32",
        needs=("keras", "sklearn", "onnxruntime"),
    )
    command_line.add_release(judge)
    judge.add_argument("--judge", type=Path, metavar="FILE", help=".keras; that of the release's source by default")
    command_line.add_inputs(judge)
    judge.set_defaults(command=_judge)


def _add_leaderboard_commands(commands: command_line.Commands) -> None:
    board = command_line.add_command(
        commands, "leaderboard", help="the best scores of a service", example="ld-mnist-32"
    )
    command_line.add_release(board, at_service=True)
    command_line.add_service(board, "--from")
    board.add_argument("--challenge", action="store_true", help="those of the challenge's open season")
    board.set_defaults(command=_leaderboard)

    sending = command_line.add_command(
        commands,
        "submit",
        help="send predictions to a service's leaderboard",
        example='ld-mnist-32 predictions.npy --name "my model"',
    )
    command_line.add_release(sending)
    _add_predictions(sending)
    sending.add_argument("--name", required=True, help="of the model")
    sending.add_argument("--url", default="", help="a link to it")
    sending.add_argument("--description", default="", metavar="TEXT", help="what it is")
    sending.add_argument("--parameters", type=int, metavar="NUMBER", help="how many numbers the model learned")
    sending.add_argument("--seconds", type=float, help="that the training took")
    sending.add_argument("--learning-rule", default="", metavar="RULE", help="by which it was trained")
    command_line.add_service(sending, "--to")
    sending.add_argument("--challenge", action="store_true", help="they are for the challenge's x, not the test rows")
    sending.add_argument("--season", type=int, metavar="NUMBER", help="of the challenge, that they were made for")
    sending.set_defaults(command=_submit)

    fetching = command_line.add_command(
        commands,
        "challenge",
        help="fetch the x of a release's challenge, whose labels are secret",
        example="ld-mnist1d-32 --out x.npy",
    )
    command_line.add_release(fetching, at_service=True)
    fetching.add_argument("--out", type=Path, required=True, metavar="FILE", help=".npy to write")
    command_line.add_service(fetching, "--from")
    fetching.set_defaults(command=_fetch_challenge)


def _add_operator_commands(commands: command_line.Commands) -> None:
    closing = command_line.add_command(
        commands,
        "close-season",
        help="for operators: close a challenge's season, reveal its secret",
        example="ld-mnist1d-32 --scores scores.sqlite",
        needs=("sqlalchemy", "alembic"),
    )
    command_line.add_release(closing)
    command_line.add_scores(closing)
    closing.set_defaults(command=_close_season)

    removing = command_line.add_command(
        commands,
        "remove",
        help="for operators: remove an entry of either track, with a token",
        example='ld-mnist-32 17 --reason "a joke"',
    )
    command_line.add_release(removing, at_service=True)
    removing.add_argument("number", type=int, metavar="NUMBER", help="the entry's id")
    removing.add_argument("--reason", required=True, metavar="TEXT", help="goes into the log, for all to read")
    command_line.add_service(removing, "--from")
    removing.set_defaults(command=_remove)

    proving = command_line.add_command(
        commands,
        "verify-log",
        help="prove a service's log of receipts, offline",
        example="log.jsonl",
    )
    proving.add_argument("log", type=Path, metavar="FILE", help="JSON Lines, as GET /v1/scores/log sends them")
    proving.add_argument(
        "--receipt",
        action="append",
        default=[],
        type=_check_sha256,
        metavar="SHA256",
        help="of your receipt: the log must hold it, so that neither it nor a line before it was changed; may be given "
        "several times",
    )
    proving.add_argument(
        "--head",
        type=_check_sha256,
        metavar="SHA256",
        help="of the last receipt, as GET scores told it once: the log must hold it, so that no line up to it was "
        "changed; by how many it has grown since is told, and if by none, its end was not cut off",
    )
    proving.set_defaults(command=_verify_log)


def _check_sha256(text: str) -> str:
    if SHA256.fullmatch(text.lower()) is None:
        raise argparse.ArgumentTypeError(f"expected the 64 hexadecimal digits of a sha256; received {text!r}")
    return text.lower()


def _score(options: argparse.Namespace) -> None:
    data = load(options.release)
    score = score_predictions(read_predictions(options.predictions, data), data)
    command_line.print_result(score.to_json(), str(score), options.json)


def _baselines(options: argparse.Namespace) -> None:
    with command_line.quiet_imports():
        from eval.baselines.registry import SHORT  # Keras takes seconds to import
        from eval.baselines.table import describe_rows, find_differences, load_rows, measure_rows, save_rows, table_path

    data = load(options.release)
    names = list(dict.fromkeys(options.only or (BASELINES if options.all else SHORT)))
    seeds = _choose_seeds(options)
    if options.out:
        _prepare_out(options.out, f"{data.name}.json")
    committed = load_rows(table_path(data.name)) if options.check else []
    rows = list(measure_rows(data, names, seeds, options.jobs))
    title = f"{data.name}, {len(data.test)} test rows"
    command_line.print_result([asdict(row) for row in rows], f"{title}\n{describe_rows(rows)}", options.json)
    if options.out:
        save_rows(rows, options.out)
    if options.check and (differences := find_differences(rows, committed)):
        raise IntegrityError(" ".join(["the committed table was not reproduced.", *differences]))


def _choose_seeds(options: argparse.Namespace) -> range:
    check_integer("jobs", options.jobs, 1, MAX_JOBS)
    count = options.seeds
    if count is None:
        count = ALL_SEEDS if options.all or options.check else 1
    check_integer("seeds", count, 1, MAX_SEEDS)
    return range(options.seed, options.seed + count)


def _prepare_out(path: Path, name: str) -> None:
    """Make the folder of a file that is to be written; raise `InputError` for a folder in its place."""
    if path.is_dir():
        raise InputError(f"--out must name a file; {path} is a folder. Try {path / name}.")
    path.parent.mkdir(parents=True, exist_ok=True)


def _tune(options: argparse.Namespace) -> None:
    with command_line.quiet_imports():
        from eval.baselines.registry import tune_rule

    errors = tune_rule(options.rule, load(options.release), options.seed)
    lines = ["learning rate  held-out MSE", *(f"{rate:>13g} {error:>13.5f}" for rate, error in errors.items())]
    command_line.print_result(errors, "\n".join(lines), options.json)


def _compare(options: argparse.Namespace) -> None:
    a, b = options.predictions
    comparison = compare(a, b, options.release, resamples=options.resamples, seed=options.seed)
    command_line.print_result(comparison.to_json(), f"{comparison}\n  a: {a}, b: {b}", options.json)


def _ladder(options: argparse.Namespace) -> None:
    data = load(options.release)
    if options.limit_train is not None:
        data = keep_rows(data, options.limit_train)
    rungs = _climb(options.model, data, options.seed)
    verdict = describe_gaps(options.model, rungs)
    title = f"{data.name}, {len(data.train)} + {len(data.test)} rows, the model {options.model}"
    result = {
        "release": data.name,
        "model": options.model,
        "seed": options.seed,
        "rows": len(data.train),
        "rungs": [rung.to_json() for rung in rungs],
        "verdict": verdict,
    }
    command_line.print_result(result, "\n".join([title, format_rungs(rungs), verdict]), options.json)


def _climb(model: str, data: LatentDataset, seed: int) -> list[Rung]:
    if ":" in model:
        return climb(load_function(model, Path.cwd()), data, seed)
    with command_line.quiet_imports():
        from eval.baselines.registry import fit_baseline
    return climb_datasets(lambda task, seed: fit_baseline(model, task, seed), data, seed)


def _classify(options: argparse.Namespace) -> None:
    with command_line.quiet_imports():
        from eval.classifiers.training import describe_trials, measure_trials, to_json

    task = (options.model, _choose_examples(options))
    trials = list(measure_trials([task], _choose_seeds(options), options.jobs, options.epochs))
    command_line.print_result(to_json(trials), describe_trials(trials), options.json)


def _draw_tsne(options: argparse.Namespace) -> None:
    with command_line.quiet_imports():
        from eval.classifiers.features import make_views, measure_neighbours
        from ld_data.health.plots import draw_maps, save_figure

    if options.out.suffix != ".png":
        raise InputError(f"--out must end in .png; received {options.out}.")
    examples = _choose_examples(options)
    _prepare_out(options.out, f"{options.model}.png")
    views = make_views(options.model, examples, options.rows, options.seed, options.epochs)
    labels = examples.label_test[: options.rows]
    shares = measure_neighbours(views, labels)
    save_figure(draw_maps(views, labels), options.out)
    lines = [f"  {title:<20}{share:.1%}" for title, share in shares.items()]
    text = "\n".join([f"wrote {options.out}; of {len(labels)} rows the nearest other one is of the same class", *lines])
    command_line.print_result({"path": str(options.out), "neighbours": shares}, text, options.json)


def _choose_examples(options: argparse.Namespace) -> Any:
    if options.decoded:
        check_libraries("onnxruntime")
    return _load_examples(options.inputs, options.decoded, options.shuffled, options.limit_train)


def _load_examples(name: str, decoded: bool, shuffled: bool, train_rows: int | None) -> Any:
    """Return the examples of a source, or those of a release: its x, or what is decoded of it."""
    from eval.classifiers.training import keep_rows, shuffle_positions, take_decoded, take_inputs, take_latents

    if name in SOURCES and decoded:
        raise InputError(f"--decoded goes with a release; {name} is a source.")
    try:
        examples = take_inputs(load_source(name)) if name in SOURCES else take_latents(load(name))
    except UnknownNameError as error:
        raise UnknownNameError(f"{error} Or name a source: {', '.join(SOURCES)}.") from error
    if decoded:
        import vae

        examples = take_decoded(examples, vae.load(name))
    if shuffled:
        examples = shuffle_positions(examples)
    return examples if train_rows is None else keep_rows(examples, train_rows)


def _reproduce(options: argparse.Namespace) -> None:
    from eval.classifiers.trials import load_trials, trials_path

    seeds = _choose_seeds(options)
    if options.kept and (options.check or options.out):
        raise InputError("--kept trains nothing, so that there is nothing to check, or to write: leave it out.")
    table = find_table(options.table)
    cells = choose_cells(table, options.only)
    if options.out:
        _prepare_out(options.out, "trials.json")
        if options.out.exists():
            load_trials(options.out)  # what cannot be added to is refused before anything is trained
    kept = load_trials(trials_path()) if options.kept or options.check else []
    trials = kept if options.kept else list(_measure_cells(cells, seeds, options, kept))
    own = [trial for trial in trials if any(cell.matches(trial) for cell in cells)]
    command_line.print_result([asdict(trial) for trial in own], replace(table, cells=cells).describe(own), options.json)
    if options.check and (differences := classifier_tables.find_differences(own, kept)):
        raise IntegrityError(" ".join(["the kept table was not reproduced.", *differences]))


def _measure_cells(
    cells: Sequence[Any], seeds: Sequence[int], options: argparse.Namespace, kept: Sequence[Any]
) -> Iterator[Any]:
    with command_line.quiet_imports():
        import keras

        from eval.classifiers.training import measure_trials
        from eval.classifiers.trials import add_trials

    if any(cell.decoded for cell in cells):
        check_libraries("onnxruntime")
    if options.check:
        check_kept(cells, seeds, keras.backend.backend(), kept)
    names: dict[tuple[Any, ...], list[str]] = {}
    for cell in cells:
        names.setdefault((cell.inputs, cell.decoded, cell.shuffled, cell.train_rows), []).append(cell.classifier)
    for choice, classifiers in names.items():
        examples = _load_examples(*choice)
        for trial in measure_trials([(name, examples) for name in classifiers], seeds, options.jobs):
            if options.out:
                add_trials([trial], options.out)
            yield trial


def _train_judge(options: argparse.Namespace) -> None:
    with command_line.quiet_imports():
        from eval.classifiers.judges import judge_path, measure_accuracy, save_judge, train_judge

    source = choose_source(options.source, options.source_npz)
    path = options.out or judge_path(source.judge)
    judge = train_judge(source, options.epochs, options.seed)
    save_judge(judge, path)
    accuracy = measure_accuracy(judge, source)
    text = f"wrote {path}, which reads {accuracy:.2%} of the test inputs right"
    command_line.print_result({"path": str(path), "judge_originals": accuracy}, text, options.json)


def _judge(options: argparse.Namespace) -> None:
    with command_line.quiet_imports():
        import vae
        from eval.classifiers.judges import find_judge, load_judge, read_decoded
        from ld_data.health.probes import decode_test_inputs, measure_errors

    source = find_inputs(read_manifest(find_release(options.release)), options.source_npz)
    path = options.judge or find_judge(source.judge)
    if path is None:
        raise MissingDataError(
            f"no judge of {source.judge}. Train one with `python -m eval train-judge`, or name its file with --judge."
        )
    decoded = decode_test_inputs(load(options.release), source, vae.load(options.release))
    reading = read_decoded(load_judge(path), source, decoded) | measure_errors(source, decoded)
    lines = [f"{'':<16} {'read right':>14} {'MSE':>12}"]
    for name in ("originals", "samples", "means"):
        error = f"{reading[f'mse_{name}']:.4f}" if f"mse_{name}" in reading else ""
        title = name if name == "originals" else f"decoded {name}"
        lines.append(f"{title:<16} {reading[f'judge_{name}']:>14.2%} {error:>12}".rstrip())
    text = "\n".join([f"{options.release}, test inputs", *lines])
    command_line.print_result(reading, text, options.json)


def _leaderboard(options: argparse.Namespace) -> None:
    board = fetch_leaderboard(options.service, options.release, options.challenge)
    text = _format_table(board["scores"], ranked=True) if board["scores"] else "no scores yet"
    if board["suspects"]:
        text += f"\n\nsuspect: more classes decoded than x allows\n{_format_table(board['suspects'])}"
    command_line.print_result(board, text, options.json)


def _submit(options: argparse.Namespace) -> None:
    if options.season is not None and not options.challenge:
        raise InputError("--season goes with --challenge: the public track has no seasons.")
    facts = (options.parameters, options.seconds, options.learning_rule)
    submission = Submission(options.name, options.url, options.description, *facts)
    entry = _send_challenge(options, submission) if options.challenge else _send_public(options, submission)
    text = f"{_format_table([entry])}\n{describe_entry(entry)}"
    command_line.print_result(entry, text, options.json)


def _send_public(options: argparse.Namespace, submission: Submission) -> dict[str, Any]:
    data = load(options.release)
    return submit(options.service, data, read_predictions(options.predictions, data).values, submission)


def _send_challenge(options: argparse.Namespace, submission: Submission) -> dict[str, Any]:
    predictions = read_file(options.predictions, f"for the challenge of {options.release}")
    return submit_challenge(options.service, options.release, predictions, submission, options.season)


def _fetch_challenge(options: argparse.Namespace) -> None:
    check_new_file(options.out)
    x, state = fetch_challenge(options.service, options.release)
    with options.out.open("xb") as file:  # it may have been made meanwhile
        file.write(write_npy(x))
    text = (
        f"wrote {options.out}: x {x.shape} of season {state['season']}, opened {state['opened_at']}\n"
        f"its secret has the sha256 {state['secret_sha256']}"
    )
    command_line.print_result(state | {"path": str(options.out)}, text, options.json)


def _close_season(options: argparse.Namespace) -> None:
    from eval.leaderboard.store import Store  # SQLAlchemy takes half a second to import

    data = load(options.release)
    place = options.scores or scores_place(checkpoints_folder().resolve())
    if "://" not in place and not Path(place).expanduser().is_file():
        raise MissingDataError(f"no leaderboard {place}. Name the file or the database of the service with --scores.")
    store = Store(place)
    receipt = store.close_season(data.name, data.test_sha256)
    store.close()
    text = (
        f"closed season {receipt.values['season']} of {data.name}; its secret is {receipt.values['secret']}\n"
        f"receipt {receipt.number}, sha256 {receipt.sha256}"
    )
    command_line.print_result(receipt.values | {"receipt_sha256": receipt.sha256}, text, options.json)


def _remove(options: argparse.Namespace) -> None:
    answer = remove_entry(options.service, options.release, options.number, options.reason)
    receipt = answer["receipt"]
    text = (
        f"removed entry {options.number} of {options.release}\n"
        f"receipt {receipt['number']}, sha256 {answer['receipt_sha256']}"
    )
    command_line.print_result(receipt | {"receipt_sha256": answer["receipt_sha256"]}, text, options.json)


def _verify_log(options: argparse.Namespace) -> None:
    with options.log.open("rb") as lines:
        log = verify_log(lines, options.head, options.receipt)
    counts = f"{log.scores} scores, {log.removals} removed, {log.seasons} seasons closed"
    text = [f"proved {log.receipts} receipts: {counts}; head {log.head}"]
    text += [f"receipt {sha256} is line {line} of {log.receipts}" for sha256, line in log.lines.items()]
    if log.grown is not None:
        since = f"has grown by {log.grown} receipts since, and is unchanged up to it" if log.grown else "ends with it"
        text.append(f"head {options.head}: the log {since}")
    command_line.print_result(asdict(log), "\n".join(text), options.json)


def _format_table(rows: list[dict[str, Any]], ranked: bool = False) -> str:
    form = "{:>6}  {:<40} {:>16} {:>16} {:>15} {:>17}"
    if ranked:
        form = "{rank:>4}  " + form
    lines = [form.format("id", "model", "MSE", "skill", "noise-free MSE", "decoded accuracy", rank="rank")]
    for rank, row in enumerate(rows, 1):
        mse = write_with_error(row["mse"], row["standard_error"])
        skill = write_with_error(row["skill"], row["skill_standard_error"], 3)
        noise_free, accuracy = write_figure(row["noise_free_mse"]), f"{row['decoded_accuracy']:.4f}"
        fields = (row["id"], row["name"][:40], mse, skill, noise_free, accuracy)
        lines.append(form.format(*fields, rank=rank) + _describe_rank(row))
    if rows:
        lines.append(f"null {rows[0]['null']:.4f}, floor {rows[0]['floor']:.4f}")
    return "\n".join(lines)


def _describe_rank(row: dict[str, Any]) -> str:
    """Return the public rank of an entry of the challenge track, and the gap, where they are known."""
    if row.get("public_rank") is None:
        return ""
    gap = "" if row["rank_gap"] is None else f", gap {row['rank_gap']:+d}"
    return f"  public rank {row['public_rank']}{gap}"


if __name__ == "__main__":
    sys.exit(main())
