"""The description of a release in Croissant 1.1: JSON-LD by which tools find, check and read its Parquet files.

The format is MLCommons', https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html; provenance is told in
PROV-O, as its section "Provenance Representation" recommends.
"""

import json
from collections.abc import Mapping
from typing import Any

from ld_data.export.provenance import PROJECT, cite_release, find_provenance, name_licence_url
from ld_data.release.manifest import FileRecord, Manifest

CROISSANT_NAME = "croissant.json"
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
MEDIA_TYPE = f'application/ld+json; profile="{CONFORMS_TO}"'
PARQUET_TYPE = "application/x-parquet"  # the one that `mlcroissant` reads
UNKNOWN_DAY = "1970-01-01"  # the property is required; a release of before changes were kept tells none
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe_dataset(manifest: Manifest, files: Mapping[str, FileRecord], address: str = "", page: str = "") -> str:
    """Return the description as JSON-LD text.

    `files` are the records of `train.parquet`, `test.parquet` and `classes.parquet`. They are looked for at
    `address` + name, by default beside the description; `page` is where people read about the dataset;
    without one it has a name that is no address.
    """
    dates = [change.date for change in manifest.changes] or [UNKNOWN_DAY]
    values = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": manifest.name,
        "description": _describe(manifest),
        "url": page or f"urn:ld-data:{manifest.name}",
        "license": name_licence_url(manifest.licence),
        "creator": {"@type": "sc:Organization", "name": PROJECT},
        "datePublished": dates[-1],
        "dateModified": dates[0],
        "version": manifest.release_version,
        "citeAs": cite_release(manifest),
        "keywords": ["latent", "gaussian", "regression", manifest.source["name"]],
        "isLiveDataset": False,
        **_tell_provenance(manifest),
        "distribution": [_describe_file(name, record, address) for name, record in files.items()],
        "recordSet": [_describe_rows("train", manifest), _describe_rows("test", manifest), _describe_classes(manifest)],
    }
    return json.dumps(values, indent=1) + "\n"


def _describe(manifest: Manifest) -> str:
    d = manifest.latent_dim
    return (
        f"Matched Gaussian latents of {find_provenance(manifest).text}: pairs (x, y) of {d}-dim vectors, x the code of "
        "an input and y the code of its class, both made to be like N(0, I). For the regression x -> y a model that "
        f"answers the mean has a mean squared error of {manifest.null:.4f}, an oracle that knows the class "
        f"{manifest.floor:.4f}."
    )


def _tell_provenance(manifest: Manifest) -> dict[str, Any]:
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
    d = manifest.latent_dim
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "description": f"The {manifest.arrays[f'label_{split}'].shape[0]} rows of {split}, in the source's order.",
        "field": [
            _describe_field(split, "x", "The code of the input.", "cr:Float32", d),
            _describe_field(split, "y", "The code of its class, a sample.", "cr:Float32", d),
            _describe_field(split, "label", f"The class, 0 to {manifest.classes - 1}.", "sc:Integer"),
        ],
    }


def _describe_classes(manifest: Manifest) -> dict[str, Any]:
    d = manifest.latent_dim
    return {
        "@type": "cr:RecordSet",
        "@id": "classes",
        "name": "classes",
        "description": "A row for each class: y belongs to the class whose weight . y + bias is greatest.",
        "key": {"@id": "classes/label"},
        "field": [
            _describe_field("classes", "label", f"The class, 0 to {manifest.classes - 1}.", "sc:Integer"),
            _describe_field("classes", "bias", "The bias of its cell.", "cr:Float32"),
            _describe_field("classes", "weight", "The weights of its cell.", "cr:Float32", d),
            _describe_field("classes", "mean", "E[y given the class], the answer of an oracle.", "cr:Float32", d),
        ],
    }


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
