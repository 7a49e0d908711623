import numpy as np
import pytest

from ld_data.errors import IntegrityError
from ld_data.shards.making import make_here
from ld_data.shards.records import find_record, name_record, name_shard, read_shard
from ld_data.shards.root import ROOT_NAME, name_group, seal
from ld_data.shards.verification import Findings, check_shards, choose_shards, drop_shards, recompute_shards
from ld_data.storage.hashing import hash_file
from tests.support.fakes import FakeCodec, FakeX
from tests.support.shards import load_codec, make_folder

pytestmark = pytest.mark.usefixtures("release")


@pytest.fixture
def sealed(tmp_path):
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
    with pytest.raises(IntegrityError, match=r"was altered|could not read"):
        read_shard(folder, find_record(folder, plan, 3))
    findings = check_shards(folder, plan)
    assert (findings.sizes, findings.hashes, findings.damaged) == (7, 7, [3])
    assert findings.describe_faults() == "1 damaged: 3"
    drop_shards(folder, findings.damaged)
    list(make_here(folder, range(7), load_codec))
    assert check_shards(folder, plan).describe_faults() == ""
    assert {path.name: hash_file(path) for path in folder.glob("*.npz")} == hashes


def test_missing_shards_and_those_of_another_size_are_damaged_even_in_a_sample(sealed):
    folder, plan = sealed
    (folder / name_shard(1)).unlink()
    (folder / name_shard(5)).write_bytes(b"cut")
    findings = check_shards(folder, plan, share=0.0)
    assert (findings.hashes, findings.damaged) == (0, [1, 5])
    assert check_shards(folder, plan, share=0.4).hashes <= 3


def test_altered_records_of_a_group_are_refused(sealed):
    folder, plan = sealed
    flip_byte(folder / name_group(0), 40)
    with pytest.raises(IntegrityError, match="was altered: expected sha256"):
        check_shards(folder, plan)
    (folder / ROOT_NAME).unlink()
    with pytest.raises(IntegrityError, match="is not sealed"):
        check_shards(folder, plan)


def test_the_root_chooses_what_is_made_again(sealed):
    folder, plan = sealed
    chosen = choose_shards(hash_file(folder / ROOT_NAME), 7, 3)
    assert len(set(chosen)) == 3
    assert chosen == choose_shards(hash_file(folder / ROOT_NAME), 7, 3)
    assert choose_shards("0" * 64, 10_000, 3) != choose_shards("1" * 64, 10_000, 3)
    findings = Findings()
    recompute_shards(folder, plan, FakeCodec(), 3, findings)
    assert (findings.recomputed, findings.differing) == (3, [])


class OtherX(FakeX):
    """Another processor, whose last bits differ."""

    difference = 1e-5

    def run_encoder(self, inputs, noise):
        return super().run_encoder(inputs, noise) + np.float32(self.difference)


class WrongX(OtherX):
    difference = 0.1


@pytest.mark.parametrize(("x", "is_other_machine", "wrong"), [(OtherX, True, 0), (OtherX, False, 7), (WrongX, True, 7)])
def test_x_may_differ_by_rounding_on_another_machine_alone(sealed, x, is_other_machine, wrong):
    folder, plan = sealed
    if is_other_machine:
        for number in range(7):
            path = folder / name_record(number)
            path.write_text(path.read_text().replace('"cpu": "', '"cpu": "another '))
    findings = Findings()
    recompute_shards(folder, plan, FakeCodec(x=x()), 7, findings)
    assert (findings.recomputed, len(findings.differing)) == (7, wrong)
