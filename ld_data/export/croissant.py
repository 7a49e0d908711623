"""The description of a release in Croissant 1.1: JSON-LD that lets tools find, check and read its Parquet files.

The format is MLCommons', https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html. The provenance is in
PROV-O, as its section "Provenance Representation" recommends.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ld_data.export.provenance import PROJECT, TEMPLATES, cite_release, find_provenance, name_licence_url
from ld_data.release.manifest import FileRecord, Manifest
from ld_data.sources.shifts import describe_parameters

CROISSANT_NAME = "croissant.json"
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
MEDIA_TYPE = f'application/ld+json; profile="{CONFORMS_TO}"'
PARQUET_TYPE = "application/x-parquet"  # the one that `mlcroissant` reads
CONTEXT = json.loads((TEMPLATES / "croissant_context.json").read_text("utf-8"))


def describe_dataset(manifest: Manifest, records: Mapping[str, FileRecord], address: str = "", page: str = "") -> str:
    """Return the description as JSON-LD text, with the records of the Parquet files.

    The address is a prefix of their names; by default they lie beside the description. Without a page, the web page of
    the dataset, its `url` is a URN.
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
        "recordSet": list(_describe_tables(manifest)),
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


def _describe_tables(manifest: Manifest) -> Iterator[dict[str, Any]]:
    label = f"The class, 0 to {manifest.classes - 1}."
    for split in ("train", "test"):
        columns = {"x": "The code of the input.", "y": "The code of its class, a sample.", "label": label}
        text = f"The {manifest.arrays[f'label_{split}'].shape[0]} rows of {split}, in the source's order."
        yield _describe_table(split, text, columns, manifest.latent_dim)
    columns = {
        "label": label,
        "bias": "The bias of its cell.",
        "weight": "The weights of its cell.",
        "mean": "E[y given the class], the answer of an oracle.",
    }
    text = "A row for each class: y belongs to the class whose weight . y + bias is greatest."
    yield {**_describe_table("classes", text, columns, manifest.latent_dim), "key": {"@id": "classes/label"}}
    if manifest.shifts:
        columns = {
            name: f"The code of the changed input: {describe_parameters(parameters)}."
            for name, parameters in manifest.shifts.items()
        }
        text = "The rows of test with shifted inputs; y and label are those of test."
        yield _describe_table("shifts", text, columns, manifest.latent_dim)


def _describe_table(name: str, text: str, columns: Mapping[str, str], width: int) -> dict[str, Any]:
    fields = [_describe_field(name, column, text, width) for column, text in columns.items()]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": text, "field": fields}


def _describe_field(table: str, column: str, text: str, width: int) -> dict[str, Any]:
    is_vector = column not in ("label", "bias")
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column}",
        "name": f"{table}/{column}",
        "description": text,
        "dataType": "sc:Integer" if column == "label" else "cr:Float32",
        **({"isArray": True, "arrayShape": str(width)} if is_vector else {}),
        "source": {"fileObject": {"@id": f"{table}.parquet"}, "extract": {"column": column}},
    }
