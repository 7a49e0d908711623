import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.releases.catalogue import Catalogue
from ld_data.release.examples import Examples
from tests.support.fakes import FakeCodec, build_release, make_plan, make_source
from tests.support.service import assert_error


@pytest.fixture
def with_examples(release, store):
    """A client of a service whose release has a map and five inputs."""
    inputs = np.arange(0, 80, 4, dtype=np.uint8).reshape(5, 2, 2)
    examples = Examples(inputs, np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2))
    build_release(make_source(), FakeCodec(), make_plan(), release.parent, examples)
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec())
        yield TestClient(make_app(catalogue, store))


def test_a_row_has_its_latents(client, catalogue):
    test = catalogue.find("fake-4").data.test
    row = client.get("/v1/datasets/fake-4/rows/7").json()
    assert (row["row"], row["label"], row["input"]) == (7, int(test.label[7]), None)
    assert row["x"] == pytest.approx(test.x[7].tolist())
    assert row["y"] == pytest.approx(test.y[7].tolist())


def test_inputs_have_the_numbers_of_decoded_ones(with_examples):
    row = with_examples.get("/v1/datasets/fake-4/rows/4").json()
    assert row["input"] == pytest.approx(np.array([[64, 68], [72, 76]]) / 255)
    assert with_examples.get("/v1/datasets/fake-4/rows/5").json()["input"] is None


def test_the_map_has_places_and_classes(with_examples, catalogue):
    found = with_examples.get("/v1/datasets/fake-4/map").json()
    assert found["places"][0] == [-1, pytest.approx(-9 / 11)]
    assert found["labels"] == catalogue.find("fake-4").data.test.label[:6].tolist()


@pytest.mark.parametrize(("row", "status"), [("30", 404), ("-1", 422), ("x", 422), ("99999999999999", 422)])
def test_a_missing_row_is_refused(row, status, client):
    answer = client.get(f"/v1/datasets/fake-4/rows/{row}")
    assert answer.status_code == status
    if status == 404:
        assert_error(answer, 404, "unknown_name", "fake-4 has no test row 30. It has 30: 0 to 29.")


def test_a_release_without_examples_has_no_map(client):
    answer = client.get("/v1/datasets/fake-4/map")
    assert_error(answer, 404, "unknown_name", "fake-4 has no map")
