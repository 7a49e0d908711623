"""A model repository of Triton Inference Server: the networks of a release as ONNX files, with their configuration.

Models and tensors are named as the service names them. The noise of an encoder is an input, so that its answers follow
from the question alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ld_data.extras import import_library
from ld_data.storage.staging import stage_new_folder
from vae.codec import Codec

MAX_ROWS = 1024  # of a request, and of a batch of several
LABELS = "labels.txt"
SERVICE = "inference-service.yaml"
OPSET, IR_VERSION = 17, 8

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Model:
    """A model of the repository: its ONNX bytes, and the shapes of a row of its tensors by name."""

    name: str
    onnx: bytes
    inputs: Shapes
    outputs: Shapes
    labels: str = ""  # the output whose places are classes

    def describe(self) -> str:
        """Return its `config.pbtxt`."""
        tensors = [self._describe_tensors("input", self.inputs), self._describe_tensors("output", self.outputs)]
        head = f'name: "{self.name}"\nbackend: "onnxruntime"\nmax_batch_size: {MAX_ROWS}\ndynamic_batching {{ }}'
        return "\n".join([head, *tensors]) + "\n"

    def _describe_tensors(self, kind: str, shapes: Shapes) -> str:
        texts = []
        for name, shape in shapes.items():
            dims = f"dims: {list(shape or (1,))}" + ("" if shape else "\n    reshape { }")
            labels = f'\n    label_filename: "{LABELS}"' if name == self.labels else ""
            texts.append(f'  {{\n    name: "{name}"\n    data_type: TYPE_FP32\n    {dims}{labels}\n  }}')
        return f"{kind} [\n" + ",\n".join(texts) + "\n]"


def write_repository(codec: Codec, release: str, folder: Path) -> list[str]:
    """Return the names of the models that are written into a new folder, with a README and a text for KServe.

    Raises:
        InputError: something is there already.
        MissingLibraryError: the library onnx is not installed.
        StorageError: the disk refuses.
    """
    with stage_new_folder(folder.resolve()) as staging:
        models = make_models(codec, release)
        for model in models:
            place = staging / model.name
            (place / "1").mkdir(parents=True)
            (place / "1" / "model.onnx").write_bytes(model.onnx)
            (place / "config.pbtxt").write_text(model.describe(), "utf-8")
            if model.labels:
                labels = "".join(f"{label}\n" for label in range(codec.y.classes))
                (place / LABELS).write_text(labels, "utf-8")
        (staging / SERVICE).write_text(describe_service(release), "utf-8")
        (staging / "README.md").write_text(describe_repository(release, models), "utf-8")
    return [model.name for model in models]


def make_models(codec: Codec, release: str) -> list[Model]:
    """Return the models of a release; the encoder of exact cells is no network, and is left out.

    Raises:
        MissingLibraryError: the library onnx is not installed.
    """
    parts: list[tuple[str, bytes, Shapes, Shapes]]
    shape, latents = codec.x.input_shape, {"vectors": (codec.x.latent_dim,)}
    noise, rates = {"noise": (codec.x.latent_dim,)}, {"rates": ()}
    parts = [
        ("x.encoder", codec.x.vae.encoder.model, {"inputs": shape, **noise}, {**latents, **rates}),
        ("x.decoder", codec.x.vae.decoder.model, latents, {"inputs": shape}),
    ]
    classes = {"probabilities": (codec.y.classes,)}
    if hasattr(codec.y, "vae"):
        parts.append(
            ("y.encoder", codec.y.vae.encoder.model, {"inputs": (codec.y.classes,), **noise}, {**latents, **rates})
        )
        parts.append(("y.decoder", codec.y.vae.decoder.model, latents, classes))
    else:
        parts.append(("y.decoder", _make_cell_decoder(codec.y), latents, classes))
    return [
        Model(
            f"{release}.{name}",
            _rename(onnx, inputs, outputs),
            inputs,
            outputs,
            "probabilities" if outputs is classes else "",
        )
        for name, onnx, inputs, outputs in parts
    ]


def _make_cell_decoder(cells: Any) -> bytes:
    """Return the network that says in which cell y lies: 1 for the greatest of y W + b, else 0."""
    onnx, helper = import_library("onnx"), import_library("onnx.helper")
    single, whole = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    d, k = cells.class_weight.shape
    constants = [
        helper.make_tensor("weight", single, (d, k), cells.class_weight.ravel()),
        helper.make_tensor("bias", single, (k,), cells.class_bias),
        helper.make_tensor("classes", whole, (), [k]),
        helper.make_tensor("marks", single, (2,), [0.0, 1.0]),
    ]
    nodes = [
        helper.make_node("MatMul", ["latents", "weight"], ["products"]),
        helper.make_node("Add", ["products", "bias"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
        helper.make_node("OneHot", ["label", "classes", "marks"], ["probabilities"]),
    ]
    inputs = [helper.make_tensor_value_info("latents", single, ["n", d])]
    outputs = [helper.make_tensor_value_info("probabilities", single, ["n", k])]
    graph = helper.make_graph(nodes, "cells", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString()


def _rename(model: bytes, inputs: Shapes, outputs: Shapes) -> bytes:
    """Return an ONNX model whose inputs and outputs have these names, in their order."""
    loaded = import_library("onnx").load_from_string(model)
    graph = loaded.graph
    own = {name: f"inner {name}" for node in graph.node for name in (*node.input, *node.output) if name}
    own |= {found.name: name for found, name in zip(graph.input, inputs, strict=True)}
    own |= {found.name: name for found, name in zip(graph.output, outputs, strict=True)}
    for node in graph.node:
        node.input[:] = [own.get(name, name) for name in node.input]
        node.output[:] = [own.get(name, name) for name in node.output]
    for found in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        found.name = own.get(found.name, found.name)
    return loaded.SerializeToString()


def describe_service(release: str) -> str:
    """Return the InferenceService of KServe that serves the repository from a bucket."""
    return f"""\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {release}
spec:
  predictor:
    model:
      modelFormat:
        name: triton
        version: "2"
      runtime: kserve-tritonserver
      protocolVersion: v2
      storageUri: s3://bucket/repository
"""


def describe_repository(release: str, models: list[Model]) -> str:
    """Return the README of a repository."""
    rows = [f"| `{model.name}` | {_list_tensors(model.inputs)} | {_list_tensors(model.outputs)} |" for model in models]
    table = "\n".join(["| model | inputs | outputs |", "|---|---|---|", *rows])
    return f"""\
# {release} for Triton

{table}

All tensors are float32, with the rows as their first axis, at most {MAX_ROWS} in a request. Triton joins requests that
arrive together.

`noise` is standard normal: the same noise gives the same vectors, and zeros give the images of the means.
The noise of row i of the release is `ld_data.noise.make_normals(seed, ld_data.noise.X_STREAM, i, 1, d)`.
`probabilities` are those of the classes in `{LABELS}`. If there is no `{release}.y.encoder`, y is drawn in its exact
cell, which no network does: use the service of LD-Data, or Python.

    docker run --rm -p 8000:8000 -v "$PWD:/models" nvcr.io/nvidia/tritonserver:VERSION-py3 \\
      tritonserver --model-repository=/models

For KServe, put this folder into a bucket, its address into `{SERVICE}`, and run `kubectl apply -f {SERVICE}`.
"""


def _list_tensors(shapes: Shapes) -> str:
    return ", ".join(f"{name} ({', '.join(map(str, ('n', *shape)))})" for name, shape in shapes.items())
