"""A service with a release of images in colour, through every route that takes or gives inputs."""

import io
from dataclasses import dataclass

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.app import make_app
from api.messages.pictures import draw_sheet, quantize
from api.releases.catalogue import Catalogue
from ld_data.release.examples import Examples
from tests.support.fakes import FakeCodec, FakeX, build_release, make_plan, make_source
from tests.support.service import BASE, NPY, read_npy

VECTORS = np.random.default_rng(0).uniform(size=(5, 4)).astype(np.float32)


@dataclass(frozen=True)
class ColourX(FakeX):
    """Latents are the red pixels; the other colours are darker."""

    input_shape: tuple[int, ...] = (2, 2, 3)

    def run_encoder(self, inputs, noise):
        return super().run_encoder(np.ascontiguousarray(inputs[..., 0]), noise)

    def run_decoder(self, latents):
        return super().run_decoder(latents)[..., None] * np.array([1, 0.5, 0.25], np.float32)


IMAGES = ColourX().decode(VECTORS)


@pytest.fixture
def colours(release, store):
    """A client of the service; the release has three inputs."""
    examples = Examples(quantize(IMAGES[:3]), np.zeros((3, 2), np.float32))
    build_release(make_source(), FakeCodec(), make_plan(), release.parent, examples)
    with Catalogue() as catalogue:
        catalogue.add_all(release.parent, lambda folder: FakeCodec(ColourX()))
        yield TestClient(make_app(catalogue, store))


def test_decoded_images_have_colours_in_every_form(colours):
    path, body = f"{BASE}/x/decode", {"vectors": VECTORS.tolist()}
    assert np.array_equal(np.array(colours.post(path, json=body).json()["inputs"], np.float32), IMAGES)
    assert np.array_equal(read_npy(colours.post(path, json=body, headers={"Accept": NPY["Accept"]})), IMAGES)
    as_bytes = colours.post(f"{path}?dtype=uint8", json=body)
    assert np.array_equal(as_bytes.json()["inputs"], quantize(IMAGES))
    picture = colours.post(path, json=body, headers={"Accept": "image/png"})
    assert picture.content == draw_sheet(IMAGES)
    assert Image.open(io.BytesIO(picture.content)).mode == "RGB"


def test_images_in_colour_are_encoded(colours):
    answer = colours.post(f"{BASE}/x/encode?mode=mean", json={"inputs": IMAGES.tolist()})
    assert np.array(answer.json()["vectors"], np.float32) == pytest.approx(VECTORS)


def test_the_description_and_the_rows_have_the_shape(colours):
    assert colours.get(BASE).json()["input_shape"] == [2, 2, 3]
    assert np.array(colours.get(f"{BASE}/rows/1").json()["input"]) == pytest.approx(IMAGES[1], abs=1 / 255)
    described = colours.get("/v2/models/fake-4.x.decoder").json()
    assert described["outputs"][0]["shape"] == [-1, 2, 2, 3]
