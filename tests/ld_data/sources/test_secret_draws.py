import numpy as np
import pytest

from ld_data.errors import InputError, UnknownNameError
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.stream import SignalStream
from ld_data.sources.secret_draws import draw_signals, find_generator


def test_a_source_without_a_generator_is_refused():
    with pytest.raises(UnknownNameError, match="'mnist': no inputs of secret classes can be drawn"):
        find_generator("mnist")


def test_sources_of_mnist1d_draw_signals():
    assert find_generator("mnist1d") is find_generator("mnist1d-60k") is draw_signals


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2**95 - 1, 12345 << 50])
def test_signals_are_rows_of_the_stream_in_an_order_that_hides_their_labels(seed):
    signals, labels = draw_signals(seed, 500)
    assert (signals.shape, signals.dtype, labels.dtype) == ((500, 40), np.float32, np.uint8)
    groups = labels.reshape(-1, 10)
    assert any(len(set(group)) < 10 for group in groups.tolist())
    assert set(labels.tolist()) == set(range(10))
    np.testing.assert_array_equal(draw_signals(seed, 500)[0], signals)


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
def test_signals_come_from_the_block_that_the_seed_names():
    stream = SignalStream(Mnist1dConfig(seed=7))
    block = stream.make_rows(3 * stream.block_rows, stream.block_rows)[0]
    signals, _ = draw_signals(((3 * stream.block_rows + 5) << 32) + 7, 20)
    assert {row.tobytes() for row in signals} <= {row.tobytes() for row in block}


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("bit", [0, 31, 60, 94])
def test_every_part_of_the_seed_matters(bit):
    assert not np.array_equal(draw_signals(1 << bit, 20)[0], draw_signals(0, 20)[0])


@pytest.mark.parametrize(("seed", "rows"), [(-1, 1), (2**95, 1), (0, 0), (0, 10**6 + 1), (0.5, 1)])
def test_seeds_and_rows_out_of_range_are_refused(seed, rows):
    with pytest.raises(InputError):
        draw_signals(seed, rows)
