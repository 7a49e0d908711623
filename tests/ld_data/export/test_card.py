import re
from dataclasses import replace

import pytest
import yaml

from ld_data.export.card import make_card
from ld_data.export.croissant import describe_dataset
from ld_data.export.provenance import MNIST, PROJECT, Provenance, find_provenance, name_licence_url
from ld_data.release.manifest import Change, read_manifest
from ld_data.sources.catalogue import SOURCES
from tests.support.fakes import FakeCodec, add_shifts, build_release, make_plan, make_source
from tests.test_shipped_releases import CHECKPOINTS, NAMES

SECTIONS = [
    "Why",
    "Columns",
    "How it was made",
    "Shifted test sets",
    "Statistics",
    "Limits",
    "Licence",
    "Citation",
    "Changes",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_card_of_a_shipped_release_holds_the_facts_of_its_manifest(name):
    manifest = read_manifest(CHECKPOINTS / name)
    card = make_card(manifest)
    sections = [line.removeprefix("## ") for line in card.splitlines() if line.startswith("## ")]
    assert sections == [section for section in SECTIONS if manifest.shifts or section != "Shifted test sets"]
    for part in (manifest.command, manifest.source["sha256"], manifest.licence, f"{manifest.floor:.4f}"):
        assert part in card
    for group in ("x_train", "y_test"):
        for measure, row in manifest.health[group].items():
            assert f"| {group} | `{measure}` | {row['value']:.4f} |" in card
    missed = [(key, row) for rows in manifest.health.values() for key, row in rows.items() if row.get("missed")]
    for key, row in missed:
        assert re.search(rf"  - `\w+\.{key}`: {row['value']:.4f}, and the goal is at (least|most) ", card)
    assert card.count("and the goal is") == len(missed)
    changes = card.partition("## Changes\n\n")[2]
    assert changes.startswith(f"### {manifest.release_version}\n\n- {manifest.changes[0].date}: ")
    assert changes.count("### ") == len({change.version for change in manifest.changes})
    assert changes.endswith(f"- {manifest.changes[-1].date}: First release.\n")


def test_each_source_has_makers_and_a_citation(release):
    manifest = read_manifest(release)
    for source in SOURCES:
        provenance = find_provenance(replace(manifest, source={**manifest.source, "name": source}))
        assert provenance.text, source
        assert provenance.makers, source
        assert provenance.citation.startswith("@"), source


@pytest.mark.parametrize(
    ("source", "actions"),
    [
        ("mnist-rot-like", "turned"),
        ("mnist-back-rand-like", "put on noise"),
        ("mnist-rot-back-image-like", "turned and put on textures"),
    ],
)
def test_generated_digits_are_not_described_as_the_published_ones(source, actions, release):
    manifest = read_manifest(release)
    generated = replace(manifest, source={**manifest.source, "name": source})
    card = make_card(generated)
    assert f"MNIST's digits {actions} by a generator of LD-Data" in card
    assert "results on the two cannot be compared" in card
    assert "The LD-Data maintainers" in describe_dataset(generated, {})
    assert "cannot be compared" not in make_card(manifest)


def test_a_release_of_the_users_own_images_is_described_too(release):
    manifest = read_manifest(release)
    assert "fake, images of the user's own" in make_card(manifest)
    assert "images of the user's own" in describe_dataset(manifest, {})


@pytest.mark.parametrize("name", ["mnist-letters", "mnist1d-of-mine", "mnist-mine-like"])
def test_images_of_the_users_own_are_not_described_as_a_built_in_source(release, name):
    manifest = read_manifest(release)
    provenance = find_provenance(replace(manifest, source={**manifest.source, "name": name}))
    assert provenance == Provenance(f"{name}, images of the user's own")


def test_generated_digits_come_from_mnist_and_not_from_the_published_sets(release):
    manifest = read_manifest(release)
    provenance = find_provenance(replace(manifest, source={**manifest.source, "name": "mnist-rot-like"}))
    assert (provenance.url, provenance.makers) == (MNIST.url, (*MNIST.makers, PROJECT))
    assert "larochelle2007empirical" in provenance.citation


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
    plain = replace(manifest, y_kind="cells")
    assert "invertible flow" in make_card(plain)
    assert "`y` exactly" in make_card(plain)
    for other in (manifest, replace(plain, recipe=replace(plain.recipe, name="ld-mnist-v3"))):
        card = make_card(other)
        assert "invertible flow" not in card
        assert "exactly, `x`" not in card
        assert "- x and y are near N(0, I), not exactly so." in card
        assert f"The models are those of the recipe `{other.recipe.name}`." in card


def test_a_build_from_python_has_no_command(release):
    card = make_card(replace(read_manifest(release), command=""))
    assert "| command | none: the release was built from Python |" in card


def test_a_rebuilt_release_keeps_its_changes(release):
    first = read_manifest(release).changes
    assert [change.text for change in first] == ["First release."]
    build_release(make_source(), FakeCodec(), make_plan(), release.parent)
    again = read_manifest(release).changes
    assert [change.text for change in again] == ["Built anew.", "First release."]


def test_changes_are_listed_by_version(release):
    first = read_manifest(release)
    manifest = replace(first, changes=(Change("1.1.0", "2027-01-01", "More rows."), *first.changes))
    assert "### 1.1.0\n\n- 2027-01-01: More rows.\n\n### 1.0.0\n\n- " in make_card(manifest)
    assert '"dateModified": "2027-01-01"' in describe_dataset(manifest, {})


def test_a_card_names_goals_only_where_there_are_some(release):
    manifest = read_manifest(release)
    rows = {"worst_mean": {"value": 0.1, "goal": {"least": None, "most": 0.2, "allowance": 0.0}, "missed": False}}
    assert "It meets all its goals." in make_card(replace(manifest, health={"x_train": rows}))
    rows["worst_mean"]["goal"] = None
    assert "No goals were set for it." in make_card(replace(manifest, health={"x_train": rows}))


def test_shifted_test_sets_are_listed_where_there_are_some(release):
    assert "shift" not in make_card(read_manifest(release)).lower()
    card = make_card(read_manifest(add_shifts(release)))
    assert "| `noise` | std 0.5, seed 0 |\n| `scale` | factor 2 |\n\n## Statistics" in card
    front = yaml.safe_load(card.split("---")[1])
    assert [config["config_name"] for config in front["configs"]] == ["default", "classes", "shifts"]
    assert [feature["name"] for feature in front["dataset_info"][2]["features"]] == ["noise", "scale"]
    assert "| shifts | `noise`, `scale` |" in card
