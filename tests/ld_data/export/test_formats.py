import json
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet
from safetensors.numpy import load_file

import ld_data
from ld_data.errors import InputError, MissingLibraryError, StorageError
from ld_data.export.card import CARD_NAME
from ld_data.export.croissant import CROISSANT_NAME
from ld_data.export.formats import FORMATS, export_dataset, list_files
from ld_data.release.dataset import LatentDataset
from ld_data.storage.arrays import read_npz
from ld_data.storage.hashing import hash_file
from tests.support.fakes import add_shifts
from tests.test_shipped_releases import CHECKPOINTS

D = 32
deprecations = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")  # mlcroissant's own


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A real release, with shifted test sets."""
    place = tmp_path_factory.mktemp("release") / "ld-mnist1d-32"
    return ld_data.load(add_shifts(shutil.copytree(CHECKPOINTS / place.name, place)))


@pytest.fixture(scope="module")
def exported(data, tmp_path_factory):
    """The folders of a real release in all formats, by format."""
    place = tmp_path_factory.mktemp("exported")
    for form in FORMATS:
        export_dataset(data, form, place / form)
    return {form: place / form for form in FORMATS}


@pytest.fixture
def datasets(tmp_path, monkeypatch):
    """Hugging Face's library, which keeps its files out of the user's cache; its import takes two seconds."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return datasets


@pytest.fixture
def mlcroissant():
    """The library of Croissant; its import takes two seconds."""
    import mlcroissant

    return mlcroissant


def assert_equal(received, expected):
    received = np.asarray(received)
    assert received.dtype == expected.dtype
    assert np.array_equal(received, expected)


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_has_the_files_that_it_names(data, exported, form):
    added = {"test_x.noise.npy", "test_x.scale.npy"} if form == "npy" else {f"shifts.{form}"}
    names = {path.name for path in exported[form].iterdir()}
    assert names == set(list_files(form, data.shifts)) == {*FORMATS[form], *added}
    assert list_files(form, ()) == FORMATS[form]


def test_each_format_holds_the_shifted_test_sets(data, exported):
    expected = data.test.x * 2
    table = parquet.read_table(exported["parquet"] / "shifts.parquet")
    assert table.column_names == ["noise", "scale"]
    assert_equal(table["scale"].combine_chunks().flatten().to_numpy().reshape(-1, D), expected)
    assert_equal(load_file(exported["safetensors"] / "shifts.safetensors")["scale"], expected)
    assert_equal(read_npz(exported["npz"] / "shifts.npz")["scale"], expected)
    assert_equal(np.load(exported["npy"] / "test_x.scale.npy"), expected)
    assert_equal(pd.read_csv(exported["csv"] / "shifts.csv").filter(like="scale_").to_numpy(np.float32), expected)


def test_pyarrow_reads_the_same_vectors_from_parquet(data, exported):
    for name, split in (("train", data.train), ("test", data.test)):
        table = parquet.read_table(exported["parquet"] / f"{name}.parquet")
        assert table.schema.field("x").type.list_size == D
        for column in ("x", "y"):
            values = table[column].combine_chunks().flatten().to_numpy().reshape(-1, D)
            assert_equal(values, getattr(split, column))
        assert_equal(table["label"].to_numpy().astype(np.uint8), split.label)


def test_pyarrow_reads_the_same_classes_from_parquet(data, exported):
    table = parquet.read_table(exported["parquet"] / "classes.parquet")
    assert_equal(np.array(table["weight"].to_pylist(), np.float32), data.class_weight.T.copy())
    assert_equal(np.array(table["mean"].to_pylist(), np.float32), data.class_mean)
    assert_equal(table["bias"].to_numpy(), data.class_bias)


@pytest.mark.untraced
@pytest.mark.slow
def test_hugging_face_loads_the_parquet_folder_as_it_is(data, exported, datasets):
    loaded = datasets.load_dataset(str(exported["parquet"]))
    assert set(loaded) == {"train", "test"}
    assert loaded["train"].features["x"] == datasets.List(datasets.Value("float32"), length=D)
    assert loaded["train"].features["label"].names == [str(label) for label in range(10)]
    for name, split in (("train", data.train), ("test", data.test)):
        rows = loaded[name].with_format("numpy")[:]
        assert_equal(rows["x"], split.x)
        assert_equal(rows["y"], split.y)
        assert_equal(rows["label"].astype(np.uint8), split.label)


@pytest.mark.slow
def test_hugging_face_loads_the_classes_as_a_configuration(data, exported, datasets):
    rows = datasets.load_dataset(str(exported["parquet"]), "classes", split="train").with_format("numpy")[:]
    assert_equal(rows["mean"], data.class_mean)
    assert_equal(rows["weight"], data.class_weight.T.copy())


@pytest.mark.untraced
@pytest.mark.slow
@deprecations
def test_croissant_records_are_the_rows(data, exported, mlcroissant):
    described = mlcroissant.Dataset(exported["parquet"] / CROISSANT_NAME)
    assert not described.metadata.issues.errors
    assert not described.metadata.issues.warnings
    for name, split in (("train", data.train), ("test", data.test)):
        records = list(described.records(record_set=name))
        assert len(records) == len(split)
        for column in ("x", "y"):
            assert_equal(np.stack([record[f"{name}/{column}"] for record in records]), getattr(split, column))
        assert [record[f"{name}/label"] for record in records] == split.label.tolist()


@pytest.mark.untraced
@pytest.mark.slow
@deprecations
def test_shifted_test_sets_are_a_configuration_and_records(data, exported, datasets, mlcroissant):
    rows = datasets.load_dataset(str(exported["parquet"]), "shifts", split="test").with_format("numpy")[:]
    assert_equal(rows["scale"], data.test.x * 2)
    records = list(mlcroissant.Dataset(exported["parquet"] / CROISSANT_NAME).records(record_set="shifts"))
    assert_equal(np.stack([record["shifts/scale"] for record in records]), data.test.x * 2)


@pytest.mark.slow
@deprecations
def test_croissant_records_of_the_classes_are_the_cells(data, exported, mlcroissant):
    records = list(mlcroissant.Dataset(exported["parquet"] / CROISSANT_NAME).records(record_set="classes"))
    assert_equal(np.stack([record["classes/mean"] for record in records]), data.class_mean)
    assert_equal(np.stack([record["classes/weight"] for record in records]), data.class_weight.T.copy())


@pytest.mark.slow
@deprecations
def test_croissant_notices_a_file_that_was_altered(exported, tmp_path, mlcroissant):
    for name in (path.name for path in exported["parquet"].iterdir()):
        content = (exported["parquet"] / name).read_bytes()
        (tmp_path / name).write_bytes(content[:-1] + b"?" if name == "test.parquet" else content)
    with pytest.raises(mlcroissant.GenerationError, match=r"Download\(test.parquet\)") as caught:
        next(iter(mlcroissant.Dataset(tmp_path / CROISSANT_NAME).records(record_set="test")))
    assert "Hash" in str(caught.value.__cause__)


def test_safetensors_holds_the_arrays_of_the_npz(data, exported):
    arrays = load_file(exported["safetensors"] / "data.safetensors")
    expected = data.to_arrays()
    assert set(arrays) == set(expected)
    for name, array in expected.items():
        assert_equal(arrays[name], array)


def test_the_npz_and_the_npy_files_are_those_of_the_release(data, exported):
    assert hash_file(exported["npz"] / "data.npz") == data.manifest.files["data.npz"].sha256
    for name, record in data.manifest.npy_files.items():
        assert hash_file(exported["npy"] / name) == record.sha256


def test_pandas_reads_the_same_numbers_from_csv(data, exported):
    for name, split in (("train", data.train), ("test", data.test)):
        table = pd.read_csv(exported["csv"] / f"{name}.csv")
        assert list(table.columns) == [*(f"{space}_{i}" for space in "xy" for i in range(D)), "label"]
        assert_equal(table.filter(like="x_").to_numpy(np.float32), split.x)
        assert_equal(table.filter(like="y_").to_numpy(np.float32), split.y)
        assert_equal(table["label"].to_numpy(np.uint8), split.label)


def test_numpy_reads_the_classes_from_csv(data, exported):
    table = np.loadtxt(exported["csv"] / "classes.csv", np.float32, delimiter=",", skiprows=1)
    assert_equal(table[:, 1].copy(), data.class_bias)
    assert_equal(table[:, 2 : 2 + D].copy(), data.class_weight.T.copy())
    assert_equal(table[:, 2 + D :].copy(), data.class_mean)


@pytest.mark.parametrize("form", FORMATS)
def test_the_licence_travels_with_the_data(data, exported, form):
    card = (exported[form] / "README.md").read_text("utf-8")
    assert "license: apache-2.0" in card
    assert f"Arrays and models: {data.manifest.licence}." in card
    assert ("train.parquet" in card) == ("## Columns" in card) == (form == "parquet")


def test_exporting_twice_gives_the_same_bytes(data, exported, tmp_path):
    for form in FORMATS:
        for path in export_dataset(data, form, tmp_path / form):
            assert path.read_bytes() == (exported[form] / path.name).read_bytes()


def test_an_unknown_format_is_refused_with_the_known_ones(data, tmp_path):
    with pytest.raises(InputError, match=r"no format 'xlsx'. Known: npz, npy, parquet, safetensors, csv"):
        export_dataset(data, "xlsx", tmp_path / "out")


def test_a_folder_that_exists_is_not_touched(data, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_text("mine")
    with pytest.raises(InputError, match="not overwritten"):
        export_dataset(data, "npy", tmp_path / "out")
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_failure_leaves_nothing_behind(data, tmp_path, monkeypatch):
    monkeypatch.setattr(LatentDataset, "save_npy", lambda self, folder: (folder / "missing" / "x").write_bytes(b""))
    with pytest.raises(StorageError):
        export_dataset(data, "npy", tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("form", "library"), [("parquet", "pyarrow"), ("csv", "pyarrow"), ("safetensors", "safetensors")]
)
def test_a_format_without_its_library_names_the_library(data, tmp_path, monkeypatch, form, library):
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibraryError, match=rf"needs {library}.*\.\[formats\]"):
        export_dataset(data, form, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_dataset_that_is_no_release_is_refused(data, tmp_path):
    loose = LatentDataset.from_arrays("loose", data.to_arrays())
    with pytest.raises(InputError, match="only the whole dataset of a release"):
        export_dataset(loose, "csv", tmp_path / "out")
    with pytest.raises(InputError, match="only the whole dataset of a release"):
        export_dataset(ld_data.subset(data, 3000), "csv", tmp_path / "out")


def test_the_folder_of_parquet_has_its_card(exported):
    assert (exported["parquet"] / CARD_NAME).read_text("utf-8").startswith("---\npretty_name: ld-mnist1d-32\n")


def test_the_description_beside_the_files_names_them_relatively(exported):
    described = json.loads((exported["parquet"] / CROISSANT_NAME).read_text("utf-8"))
    assert [file["contentUrl"] for file in described["distribution"]] == [
        "train.parquet",
        "test.parquet",
        "classes.parquet",
        "shifts.parquet",
    ]
