"""A real scheduler and two worker processes on loopback."""

import os
import signal
import time

import distributed
import pytest

from ld_data.errors import InputError, StorageError
from ld_data.shards.folders import open_folder
from ld_data.shards.making import list_missing, make_shards
from ld_data.shards.plan import write_plan
from ld_data.work import cluster
from ld_data.work.workers import Workers, make_calls
from tests.ld_data.shards.test_making import read_bytes
from tests.support.fakes import FakeCodec, FakeX
from tests.support.shards import make_folder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("release")]


LOST = r"the connection to the scheduler at .* is lost\. Kept results stay"


class SlowX(FakeX):
    def run_encoder(self, inputs, noise):
        time.sleep(0.2)
        return super().run_encoder(inputs, noise)


def load_slow_codec(name):
    return FakeCodec(x=SlowX())


@pytest.fixture
def dask_cluster(release):
    """Its workers start in the test's environment, with its folder of releases."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as started:
        yield started


def test_workers_make_the_same_bytes_also_if_one_is_killed(dask_cluster, tmp_path):
    folder, plan = make_folder(tmp_path)
    other = tmp_path / "other"
    write_plan(other, plan)
    with cluster.open_cluster(dask_cluster.scheduler_address) as (executor, workers, check):
        assert workers == 2
        made = make_shards(other, range(7), load_slow_codec, Workers(executor, workers, check))
        next(made)
        os.kill(dask_cluster.workers[0].pid, signal.SIGKILL)
        list(made)
        check()
        distributed.default_client().close()
        with pytest.raises(StorageError, match=LOST):
            check()
    assert list_missing(open_folder(other), plan, range(7)) == []
    assert read_bytes(other) == read_bytes(folder)


def test_a_result_that_is_lost_on_its_way_is_told_although_there_is_a_new_connection(dask_cluster, monkeypatch):
    monkeypatch.setattr("ld_data.work.workers.CHECK_SECONDS", 0.5)

    async def lose(client, *_):
        client.scheduler_comm.comm.abort()
        raise OSError("the scheduler was killed")

    monkeypatch.setattr(distributed.Client, "_gather_remote", lose)
    with cluster.open_cluster(dask_cluster.scheduler_address) as (executor, count, check):
        calls = make_calls(lambda executor, number: executor.submit(abs, number), [1], Workers(executor, count, check))
        with pytest.raises(StorageError, match=LOST):
            next(calls)
        assert distributed.default_client().status == "running"  # again


@pytest.mark.parametrize("count", [1, 3])
def test_a_local_cluster_has_as_many_workers_as_it_is_asked_for(count):
    with cluster.open_cluster(f"local:{count}") as (executor, workers, _):
        assert workers == count
        assert executor.submit(abs, -1).result() == 1


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("ld_data.work.cluster.ANSWER_SECONDS", 0.5)
    with (
        pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 "),
        cluster.open_cluster("tcp://127.0.0.1:9"),
    ):
        pass
    with pytest.raises(InputError, match="no Dask scheduler answers at nowhere"), cluster.open_cluster("nowhere"):
        pass


def test_workers_with_other_versions_are_named():
    own = {"python": "3.11.7", "numpy": "2.4"}
    versions = {"client": {"packages": own}, "workers": {"tcp://a": {"packages": {**own, "numpy": "2.3"}}}}
    with pytest.raises(InputError, match=r"the worker at tcp://a has numpy 2\.3, and this machine 2\.4"):
        cluster._compare_versions(versions)
    versions["workers"]["tcp://a"]["packages"]["numpy"] = "2.4"
    cluster._compare_versions(versions)
