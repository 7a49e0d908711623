import keras
import numpy as np
import pytest

from eval.classifiers.judges import (
    find_judge,
    judge_path,
    load_judge,
    measure_accuracy,
    read_decoded,
    save_judge,
    train_judge,
)
from ld_data.errors import InputError, IntegrityError
from ld_data.sources.source import Source
from tests.support.stripes import make_stripes

pytestmark = pytest.mark.slow


@pytest.fixture(params=[(9, 9), (12,)], ids=["images", "signals"])
def source(request):
    train, test = make_stripes(600, request.param, 0), make_stripes(200, request.param, 1)
    return Source("stripes", *train, *test, lambda seed: train, "Apache-2.0")


def test_a_judge_reads_its_source_reproducibly(source, tmp_path):
    noisy = source.x_test + np.random.default_rng(0).normal(0, 0.7, source.x_test.shape).astype(np.float32)
    decoded = {"samples": noisy, "means": source.x_test}
    judge = train_judge(source, epochs=20)
    reading = read_decoded(judge, source, decoded)
    assert reading["judge_originals"] > 0.97
    assert reading["judge_originals"] == measure_accuracy(judge, source) == reading["judge_means"]
    assert reading["judge_loss_means"] == 0
    assert reading["judge_loss_samples"] == reading["judge_originals"] - reading["judge_samples"] > 0.01
    assert read_decoded(train_judge(source, epochs=20), source, decoded) == reading
    save_judge(judge, tmp_path / "new" / "judge.keras")
    assert read_decoded(load_judge(tmp_path / "new" / "judge.keras"), source, decoded) == reading
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["judge.keras"]


@pytest.mark.parametrize("use", [load_judge, lambda path: save_judge(keras.Sequential(), path)])
def test_other_formats_are_refused(use, tmp_path):
    with pytest.raises(InputError, match=r"a judge is a \.keras file"):
        use(tmp_path / "judge.h5")


def test_a_file_without_a_judge_is_refused(tmp_path):
    (tmp_path / "judge.keras").write_text("no")
    with pytest.raises(IntegrityError, match="not a judge"):
        load_judge(tmp_path / "judge.keras")


def test_code_in_a_judge_is_never_run(tmp_path):
    """A lambda layer holds marshalled code; safe mode refuses it."""
    judge = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda values: values)])
    judge.save(tmp_path / "judge.keras")
    with pytest.raises(IntegrityError, match="not a judge"):
        load_judge(tmp_path / "judge.keras")


def test_a_source_has_no_judge_until_there_is_one(checkpoints):
    assert find_judge("stripes") is None
    judge_path("stripes").parent.mkdir()
    judge_path("stripes").write_text("")
    assert find_judge("stripes") == checkpoints / "judges" / "stripes.keras"
