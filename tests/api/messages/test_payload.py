import pytest

from api.messages.payload import choose_media_type, read_media_type

JSON, NPY, PNG = KNOWN = ("application/json", "application/x-npy", "image/png")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", JSON),
        (" ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("image/*", PNG),
        ("application/x-npy", NPY),
        ("APPLICATION/X-NPY", NPY),
        ("application/x-npy, */*", NPY),
        ("*/*, application/x-npy", NPY),
        ("application/x-npy, application/json", JSON),
        ("application/json;q=0.5, application/x-npy", NPY),
        ("application/json;q=0.5, application/x-npy;q=0.4, image/png;q=0.51", PNG),
        ("application/json;q=0, */*", NPY),
        ("application/*;q=0, */*;q=0.1", PNG),
        ("application/json;q=0.1, */*;q=0.9", NPY),
        ("application/json; charset=utf-8", JSON),
        ("application/x-npy;q=1.000;version=2", NPY),
        ("text/html,application/xhtml+xml,image/avif,image/apng,*/*;q=0.8", JSON),
        ("text/html", None),
        ("application/x-npyish", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("image/png;q=2", None),
        ("image/png;q=nan", None),
        ("image/png;q=", PNG),  # werkzeug reads an empty q as none
        (",;,=;q", None),
        ("json", None),
    ],
)
def test_the_preferred_type_is_chosen(accept, chosen):
    assert choose_media_type(accept, KNOWN) == chosen


def test_a_content_type_is_read_without_parameters_and_case():
    assert read_media_type("Application/JSON ; charset=utf-8") == JSON
    assert read_media_type("") == ""
