import json

import numpy as np
import pytest

from ld_data.errors import IntegrityError
from ld_data.shards.folders import open_folder
from ld_data.shards.making import make_shards
from ld_data.shards.records import name_record, name_shard
from ld_data.shards.root import ROOT_NAME, name_group, seal
from ld_data.shards.verification import Findings, check_shards, choose_shards, drop_shards, recompute_shards
from ld_data.storage.hashing import hash_file
from tests.support.fakes import FakeCodec, FakeX
from tests.support.shards import load_codec, make_folder, read_whole

pytestmark = pytest.mark.usefixtures("release")


@pytest.fixture
def sealed(tmp_path):
    folder, plan = make_folder(tmp_path)
    seal(folder, plan)
    return folder, plan


@pytest.fixture
def sealed_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr("ld_data.shards.making.read_fingerprint", lambda: {"cpu": "another"})
    folder, plan = make_folder(tmp_path)
    seal(folder, plan)
    return folder, plan


def flip_byte(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_flipped_byte_is_found_and_that_shard_alone_is_made_again(sealed):
    folder, plan = sealed
    hashes = {path.name: hash_file(path) for path in folder.glob("*.npz")}
    flip_byte(folder / name_shard(3), 500)
    with pytest.raises(IntegrityError, match=r"(was altered|is damaged)\. Delete it and its record"):
        read_whole(folder, plan, 3)
    findings = check_shards(open_folder(folder), plan)
    assert (findings.sizes, findings.hashes, findings.damaged) == (7, 7, [3])
    drop_shards(open_folder(folder), findings.damaged)
    list(make_shards(folder, range(7), load_codec))
    assert check_shards(open_folder(folder), plan).damaged == []
    assert {path.name: hash_file(path) for path in folder.glob("*.npz")} == hashes


def test_missing_shards_and_those_of_another_size_are_found_even_in_a_sample(sealed):
    folder, plan = sealed
    (folder / name_shard(1)).unlink()
    (folder / name_shard(5)).write_bytes(b"cut")
    findings = check_shards(open_folder(folder), plan, share=0.0)
    assert (findings.hashes, findings.missing, findings.damaged) == (0, [1], [5])
    assert 1 <= check_shards(open_folder(folder), plan, share=0.4).hashes <= 3


def test_altered_records_of_a_group_are_refused(sealed):
    folder, plan = sealed
    flip_byte(folder / name_group(0), 40)
    with pytest.raises(IntegrityError, match="was altered: expected sha256"):
        check_shards(open_folder(folder), plan)
    (folder / ROOT_NAME).unlink()
    with pytest.raises(IntegrityError, match="is not sealed"):
        check_shards(open_folder(folder), plan)


def test_the_root_chooses_what_is_made_again(sealed):
    folder, plan = sealed
    chosen = choose_shards(hash_file(folder / ROOT_NAME), 7, 3)
    assert len(set(chosen)) == 3
    assert chosen == choose_shards(hash_file(folder / ROOT_NAME), 7, 3)
    assert choose_shards("0" * 64, 10_000, 3) != choose_shards("1" * 64, 10_000, 3)
    findings = Findings()
    recompute_shards(open_folder(folder), plan, load_codec, 3, findings)
    assert (findings.recomputed, findings.differing) == (3, [])


class OtherX(FakeX):
    """Another processor, whose last bits differ."""

    difference = 1e-5

    def run_encoder(self, inputs, noise):
        return super().run_encoder(inputs, noise) + np.float32(self.difference)


class WrongX(OtherX):
    difference = 0.1


@pytest.mark.parametrize(
    ("x", "place", "wrong"), [(OtherX, "sealed_elsewhere", 0), (OtherX, "sealed", 7), (WrongX, "sealed_elsewhere", 7)]
)
def test_x_may_differ_by_rounding_on_another_machine_alone(request, x, place, wrong):
    folder, plan = request.getfixturevalue(place)
    for number in range(7):  # the root decides, not the records beside the shards
        (folder / name_record(number)).unlink()
    findings = Findings()
    recompute_shards(open_folder(folder), plan, lambda _: FakeCodec(x=x()), 7, findings)
    assert (findings.recomputed, len(findings.differing), findings.damaged) == (7, wrong, [])


def test_a_shard_that_replaces_a_sealed_one_is_damaged_though_its_record_fits(sealed):
    folder, plan = sealed
    for name in (name_shard, name_record):
        (folder / name(2)).unlink()
    list(make_shards(folder, [2], load_other_codec))
    findings = Findings()
    recompute_shards(open_folder(folder), plan, load_codec, 7, findings)
    assert (findings.recomputed, findings.damaged) == (6, [2])


def load_other_codec(name):
    return FakeCodec(x=OtherX())


@pytest.mark.parametrize("change", [{"groups": []}, {"rows": 49}, {"shards": 6}])
def test_a_root_that_leaves_out_shards_is_refused(sealed, change):
    folder, plan = sealed
    path = folder / ROOT_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(IntegrityError, match=r"lack shard 0|belongs to another plan"):
        check_shards(open_folder(folder), plan)
