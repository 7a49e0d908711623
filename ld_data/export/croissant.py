"""The description of a release in Croissant 1.1: JSON-LD that lets tools find, check and read its Parquet files.

The format is MLCommons', https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html. The provenance is in
PROV-O, as its section "Provenance Representation" recommends.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from ld_data.export.provenance import PROJECT, cite_release, find_provenance, name_licence_url
from ld_data.release.manifest import FileRecord, Manifest

CROISSANT_NAME = "croissant.json"
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
MEDIA_TYPE = f'application/ld+json; profile="{CONFORMS_TO}"'
PARQUET_TYPE = "application/x-parquet"  # the one that `mlcroissant` reads
CONTEXT = json.loads((files("ld_data.export") / "templates" / "croissant_context.json").read_text("utf-8"))


def describe_dataset(manifest: Manifest, records: Mapping[str, FileRecord], address: str = "", page: str = "") -> str:
    """Return the description as JSON-LD text.

    Args:
        manifest: of the release.
        records: of `train.parquet`, `test.parquet` and `classes.parquet`.
        address: a prefix of the files' names; by default they lie beside the description.
        page: the web page of the dataset; without one its `url` is a URN.
    """
    values = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": manifest.name,
        "description": _describe(manifest),
        "url": page or f"urn:ld-data:{manifest.name}",
        "license": name_licence_url(manifest.licence),
        "creator": {"@type": "sc:Organization", "name": PROJECT},
        "datePublished": manifest.changes[-1].date,
        "dateModified": manifest.changes[0].date,
        "version": manifest.release_version,
        "citeAs": cite_release(manifest),
        "keywords": ["latent", "gaussian", "regression", manifest.source["name"]],
        "isLiveDataset": False,
        **_describe_provenance(manifest),
        "distribution": [_describe_file(name, record, address) for name, record in records.items()],
        "recordSet": [_describe_rows("train", manifest), _describe_rows("test", manifest), _describe_classes(manifest)],
    }
    return json.dumps(values, indent=1) + "\n"


def _describe(manifest: Manifest) -> str:
    d = manifest.latent_dim
    return (
        f"Matched Gaussian latents of {find_provenance(manifest).text}: pairs (x, y) of {d}-dim vectors, x the code of "
        "an input and y the code of its class, both distributed nearly as N(0, I). In the regression x -> y a model "
        f"that answers the mean has a mean squared error of {manifest.null:.4f}, an oracle that knows the class "
        f"{manifest.floor:.4f}."
    )


def _describe_provenance(manifest: Manifest) -> dict[str, Any]:
    """Return source, models, seed and command in PROV-O."""
    source = manifest.source
    provenance = find_provenance(manifest)
    models = {name: record.sha256 for name, record in manifest.files.items() if name.endswith((".onnx", ".json"))}
    makers = [{"@type": "prov:Agent", "prov:label": maker} for maker in provenance.makers]
    return {
        "prov:wasDerivedFrom": {
            "@type": "prov:Entity",
            "@id": f"urn:sha256:{source['sha256']}",
            "prov:label": source["name"],
            **({"prov:wasAttributedTo": makers} if makers else {}),
            **({"prov:atLocation": provenance.url} if provenance.url else {}),
        },
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": manifest.command,
            "prov:used": [
                {"@type": "prov:Entity", "@id": f"urn:sha256:{digest}", "prov:label": f"{name}, a model"}
                for name, digest in models.items()
            ]
            + [{"@type": "prov:Entity", "prov:label": "seed", "prov:value": str(manifest.seed)}],
            "prov:wasAssociatedWith": [
                {"@type": "prov:SoftwareAgent", "prov:label": f"{name} {version}"}
                for name, version in manifest.libraries.items()
            ],
        },
    }


def _describe_file(name: str, record: FileRecord, address: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": address + name,
        "contentSize": f"{record.size} B",
        "encodingFormat": PARQUET_TYPE,
        "sha256": record.sha256,
    }


def _describe_rows(split: str, manifest: Manifest) -> dict[str, Any]:
    d, rows = manifest.latent_dim, manifest.arrays[f"label_{split}"].shape[0]
    fields = [
        _describe_field(split, "x", "The code of the input.", "cr:Float32", d),
        _describe_field(split, "y", "The code of its class, a sample.", "cr:Float32", d),
        _describe_field(split, "label", f"The class, 0 to {manifest.classes - 1}.", "sc:Integer"),
    ]
    return _describe_table(split, f"The {rows} rows of {split}, in the source's order.", fields)


def _describe_classes(manifest: Manifest) -> dict[str, Any]:
    d, text = manifest.latent_dim, "A row for each class: y belongs to the class whose weight . y + bias is greatest."
    fields = [
        _describe_field("classes", "label", f"The class, 0 to {manifest.classes - 1}.", "sc:Integer"),
        _describe_field("classes", "bias", "The bias of its cell.", "cr:Float32"),
        _describe_field("classes", "weight", "The weights of its cell.", "cr:Float32", d),
        _describe_field("classes", "mean", "E[y given the class], the answer of an oracle.", "cr:Float32", d),
    ]
    return {**_describe_table("classes", text, fields), "key": {"@id": "classes/label"}}


def _describe_table(name: str, text: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": text, "field": fields}


def _describe_field(table: str, column: str, text: str, kind: str, width: int | None = None) -> dict[str, Any]:
    array = {} if width is None else {"isArray": True, "arrayShape": str(width)}
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column}",
        "name": f"{table}/{column}",
        "description": text,
        "dataType": kind,
        **array,
        "source": {"fileObject": {"@id": f"{table}.parquet"}, "extract": {"column": column}},
    }
