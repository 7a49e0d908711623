import numpy as np
import pytest

from ld_data.errors import InputError, IntegrityError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.stream import SignalStream
from ld_data.shards.inputs import ImageInputs, describe_images, open_inputs
from ld_data.shards.plan import ShardPlan
from tests.support.fakes import generate
from tests.support.shards import write_images


def test_files_of_images_are_read_as_one(tmp_path):
    inputs = ImageInputs(describe_images(*write_images(tmp_path)))
    images, labels = (np.concatenate(parts) for parts in zip(generate(0, 30), generate(1, 20), strict=True))
    for rows in (range(50), range(28, 33), range(30, 31), range(49, 50)):
        read = inputs(rows)
        assert np.array_equal(read[0], images[rows.start : rows.stop])
        assert np.array_equal(read[1], labels[rows.start : rows.stop])


def test_signals_are_those_of_the_stream():
    config = Mnist1dConfig(seed=5)
    signals, labels = SignalStream(config).make_rows(70, 30)
    plan = ShardPlan("big", "ld-mnist1d-32", {}, 5, 100, signals={"seed": 5})
    read = open_inputs(plan)(range(70, 100))
    assert np.array_equal(read[0], signals)
    assert np.array_equal(read[1], labels)


def test_a_file_that_changes_after_the_plan_is_refused(tmp_path):
    inputs, labels = write_images(tmp_path)
    opened = ImageInputs(describe_images(inputs, labels))
    images = np.load(inputs[0])
    images[3, 1, 1] += 1
    np.save(inputs[0], images)
    with pytest.raises(IntegrityError, match=r"images-0\.npy has changed since the plan was made"):
        opened(range(5))
    assert len(opened(range(30, 40))[1]) == 10  # of the other file


def test_bad_files_are_named(tmp_path):
    inputs, labels = write_images(tmp_path)
    with pytest.raises(InputError, match="each file of inputs needs one of labels; received 2 and 1"):
        describe_images(inputs, labels[:1])
    with pytest.raises(InputError, match=r"a label for each of 30 inputs; its shape is \(20,\)"):
        describe_images(inputs[:1], labels[1:])
    np.save(tmp_path / "labels.npy", np.arange(300, 330))
    with pytest.raises(InputError, match=r"labels\.npy must lie from 0 to 255; received 300 to 329"):
        describe_images(inputs[:1], [tmp_path / "labels.npy"])
    with pytest.raises(InputError, match=r"labels-0\.npy must lie from 0 to 1; received"):
        describe_images(inputs, labels, classes=2)
    np.save(inputs[1], np.zeros((20, 3, 3), np.uint8))
    with pytest.raises(InputError, match=r"one shape and type; received float32 \(2, 2\) and uint8 \(3, 3\)"):
        describe_images(inputs, labels)
    np.save(tmp_path / "texts.npy", np.array(["a"]))
    np.savez(tmp_path / "a.npz", inputs=np.zeros(3))
    np.save(tmp_path / "objects.npy", np.array([{}]))
    for name in ("a.npz", "objects.npy", "missing.npy", "texts.npy"):
        with pytest.raises(InputError, match=r"expected an \.npy file"):
            describe_images([tmp_path / name], labels[:1])
