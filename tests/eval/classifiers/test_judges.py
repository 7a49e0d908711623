import zipfile

import keras
import numpy as np
import pytest

from eval.classifiers.judges import StoredJudge, judge_path, open_judge, save_judge
from eval.classifiers.training import train_judge
from ld_data.errors import InputError, IntegrityError
from ld_data.health.probes import read_decoded
from ld_data.sources.source import Source
from tests.support.stripes import make_stripes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source():
    train, test = make_stripes(600, (9, 9), 0), make_stripes(200, (9, 9), 1)
    return Source("stripes", *train, *test, lambda seed: train, "Apache-2.0")


@pytest.fixture(scope="module")
def judge(source):
    return train_judge(source, epochs=10)


@pytest.mark.untraced
def test_a_judge_reads_its_source(source, judge, tmp_path):
    noisy = source.inputs_test + np.random.default_rng(0).normal(0, 0.7, source.inputs_test.shape).astype(np.float32)
    decoded = {"samples": noisy, "means": source.inputs_test}
    path = tmp_path / "new" / "judge.keras"
    save_judge(judge, path)
    assert [path.name for path in path.parent.iterdir()] == ["judge.keras"]
    reading = read_decoded(StoredJudge(path), source, decoded)
    assert reading["judge_originals"] > 0.97
    right = keras.ops.convert_to_numpy(judge(source.inputs_test, training=False)).argmax(axis=1) == source.label_test
    assert reading["judge_originals"] == right.mean() == reading["judge_means"]
    assert reading["judge_loss_means"] == 0
    assert reading["judge_loss_samples"] == reading["judge_originals"] - reading["judge_samples"] > 0.01


@pytest.mark.untraced
def test_the_same_source_trains_the_same_judge(source, judge):
    again = train_judge(source, epochs=10).get_weights()
    assert all(map(np.array_equal, judge.get_weights(), again))


def read(path):
    return StoredJudge(path).classify(np.zeros((1, 4), np.float32))


@pytest.mark.parametrize("use", [read, lambda path: save_judge(keras.Sequential(), path)])
def test_other_formats_are_refused(use, tmp_path):
    with pytest.raises(InputError, match=r"a judge is a \.keras file"):
        use(tmp_path / "judge.h5")


def test_a_file_without_a_judge_is_refused(tmp_path):
    (tmp_path / "judge.keras").write_text("no")
    with pytest.raises(IntegrityError, match="not a judge"):
        read(tmp_path / "judge.keras")


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "at most 100 levels"),
        (" " * (1 << 21), "1048576 of them in config.json"),
        ('{"class_name": []}', "not a judge"),
    ],
)
def test_a_hostile_judge_is_refused_before_keras_reads_it(tmp_path, config, reason):
    with zipfile.ZipFile(tmp_path / "judge.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        archive.writestr("metadata.json", "{}")
    with pytest.raises(IntegrityError, match=reason):
        read(tmp_path / "judge.keras")


def test_code_in_a_judge_is_never_run(tmp_path):
    """A lambda layer holds marshalled code; safe mode refuses it."""
    judge = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda values: values)])
    judge.save(tmp_path / "judge.keras")
    with pytest.raises(IntegrityError, match="not a judge"):
        read(tmp_path / "judge.keras")


def test_a_source_has_no_judge_until_there_is_one(checkpoints):
    assert open_judge("stripes") is None
    judge_path("stripes").parent.mkdir()
    judge_path("stripes").write_text("")
    assert open_judge("stripes") == StoredJudge(checkpoints / "judges" / "stripes.keras")
