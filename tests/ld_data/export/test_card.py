import re
from dataclasses import replace

import pytest
import yaml

from ld_data.export.card import make_card
from ld_data.export.croissant import UNKNOWN_DAY, describe_dataset
from ld_data.export.provenance import MNIST, PROJECT, Provenance, find_provenance, name_licence_url
from ld_data.release.builder import add_changes
from ld_data.release.manifest import Change, read_manifest
from ld_data.sources.catalogue import SOURCES
from tests.support.fakes import FakeCodec, build_release, make_plan, make_source
from tests.test_shipped_releases import CHECKPOINTS, NAMES

SECTIONS = ["Why", "Columns", "How it was made", "Statistics", "Limits", "Licence", "Citation", "Changes"]


@pytest.mark.parametrize("name", NAMES)
def test_the_card_of_a_shipped_release_tells_what_its_manifest_does(name):
    manifest = read_manifest(CHECKPOINTS / name)
    card = make_card(manifest)
    assert [line.removeprefix("## ") for line in card.splitlines() if line.startswith("## ")] == SECTIONS
    for part in (manifest.command, manifest.source["sha256"], manifest.licence, f"{manifest.floor:.4f}"):
        assert part in card
    for group in ("x_train", "y_test"):
        for measure, row in manifest.health[group].items():
            assert f"| {group} | `{measure}` | {row['value']:.4f} |" in card
    missed = [(key, row) for rows in manifest.health.values() for key, row in rows.items() if row.get("missed")]
    for key, row in missed:
        assert re.search(rf"  - `\w+\.{key}`: {row['value']:.4f}, and the goal is at (least|most) ", card)
    assert card.count("and the goal is") == len(missed)
    told = card.partition("## Changes\n\n")[2]
    assert told.startswith(f"### {manifest.release_version}\n\n- {manifest.changes[0].date}: ")
    assert told.count("### ") == len({change.version for change in manifest.changes})
    assert told.endswith(f"- {manifest.changes[-1].date}: First release.\n")


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_has_makers_and_a_citation(source, release):
    manifest = read_manifest(release)
    told = find_provenance(replace(manifest, source={**manifest.source, "name": source}))
    assert told.text
    assert told.makers
    assert told.citation.startswith("@")


@pytest.mark.parametrize(
    ("source", "deeds"),
    [
        ("mnist-rot-like", "turned"),
        ("mnist-back-rand-like", "put on noise"),
        ("mnist-rot-back-image-like", "turned and put on textures"),
    ],
)
def test_what_a_generator_made_is_not_taken_for_what_was_published(source, deeds, release):
    manifest = read_manifest(release)
    generated = replace(manifest, source={**manifest.source, "name": source})
    card = make_card(generated)
    assert f"MNIST's digits {deeds} by a generator of LD-Data" in card
    assert "results on the two cannot be compared" in card
    assert "The LD-Data maintainers" in describe_dataset(generated, {})
    assert "cannot be compared" not in make_card(manifest)


def test_a_release_of_the_users_own_images_is_described_too(release):
    manifest = read_manifest(release)
    assert "fake, images of the user's own" in make_card(manifest)
    assert "images of the user's own" in describe_dataset(manifest, {})


@pytest.mark.parametrize("name", ["mnist-letters", "mnist1d-of-mine", "mnist-mine-like"])
def test_images_of_the_users_own_are_not_taken_for_a_source_of_ours(release, name):
    manifest = read_manifest(release)
    told = find_provenance(replace(manifest, source={**manifest.source, "name": name}))
    assert told == Provenance(f"{name}, images of the user's own")


def test_what_our_generator_made_is_of_mnist_and_not_of_the_published_sets(release):
    manifest = read_manifest(release)
    told = find_provenance(replace(manifest, source={**manifest.source, "name": "mnist-rot-like"}))
    assert (told.url, told.makers) == (MNIST.url, (*MNIST.makers, PROJECT))
    assert "larochelle2007empirical" in told.citation


def test_a_licence_that_the_hub_does_not_know_is_named_in_full(release):
    card = make_card(replace(read_manifest(release), licence="LicenseRef-ours"))
    assert 'license: other\nlicense_name: "LicenseRef-ours"\n' in card
    assert name_licence_url("unknown") == "unknown"


@pytest.mark.parametrize("licence", ["Proprietary: ask", "[mine", "a # b", "@me", 'say "no"', "MIT OR Apache-2.0"])
def test_any_text_may_be_a_licence(release, licence):
    front = make_card(replace(read_manifest(release), licence=licence)).split("---")[1]
    assert yaml.safe_load(front)["license_name"] == licence
    assert name_licence_url(licence) == licence


def test_a_recipe_is_not_described_as_another(release):
    manifest = read_manifest(release)
    assert "invertible flow" in make_card(manifest)
    assert "`y` exactly" in make_card(manifest)
    other = make_card(replace(manifest, command="python -m ld_data build mnist --y gaussian"))
    assert "invertible flow" not in other
    assert "exactly, `x`" not in other
    assert "- x and y are near N(0, I), not exactly so." in other


def test_a_release_that_is_built_anew_keeps_its_changes(release):
    first = read_manifest(release).changes
    assert [change.text for change in first] == ["First release."]
    build_release(make_source(), FakeCodec(), make_plan(), release.parent)
    again = read_manifest(release).changes
    assert [change.text for change in again] == ["Built anew.", "First release."]


def test_what_is_new_can_be_told(release):
    add_changes(release, Change("1.1.0", "2027-01-01", "More rows."))
    manifest = read_manifest(release)
    assert "### 1.1.0\n\n- 2027-01-01: More rows.\n\n### 1.0.0\n\n- " in make_card(manifest)
    assert '"dateModified": "2027-01-01"' in describe_dataset(manifest, {})


def test_a_card_tells_of_goals_only_where_there_are_some(release):
    manifest = read_manifest(release)
    rows = {"worst_mean": {"value": 0.1, "goal": {"least": None, "most": 0.2, "allowance": 0.0}, "missed": False}}
    assert "It meets all its goals." in make_card(replace(manifest, health={"x_train": rows}))
    rows["worst_mean"]["goal"] = None
    assert "No goals were set for it." in make_card(replace(manifest, health={"x_train": rows}))


def test_a_release_without_changes_has_a_card_and_a_description(release):
    manifest = replace(read_manifest(release), changes=())
    assert make_card(manifest).endswith("## Changes\n\n### 1.0.0\n")
    assert UNKNOWN_DAY in describe_dataset(manifest, {})
