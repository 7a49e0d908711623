import pytest

from eval.kept.models import find_models, load_model, models_folder
from ld_data.errors import IntegrityError


def test_a_file_that_is_no_model_is_refused(tmp_path):
    path = models_folder("fake-4", tmp_path) / "mlp.onnx"
    assert find_models("fake-4", "", tmp_path) == []
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no model")
    with pytest.raises(IntegrityError, match=r"mlp\.onnx: expected a kept model .* Export it again\."):
        load_model(path)
