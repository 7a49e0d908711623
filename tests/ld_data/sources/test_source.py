from dataclasses import replace

from tests.support.fakes import make_source


def test_the_hash_covers_every_array():
    source = make_source()
    assert source.sha256 == make_source().sha256
    for name in ("inputs_train", "label_train", "inputs_test", "label_test"):
        altered = getattr(source, name).copy()
        altered.flat[0] += 1
        assert replace(source, **{name: altered}).sha256 != source.sha256


def test_a_source_is_read_by_its_own_judge_unless_another_is_named():
    assert make_source().judge == "fake"
    assert replace(make_source(), judge="mnist").judge == "mnist"
