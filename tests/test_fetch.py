import hashlib

import httpx2
import pytest

from ld_data.errors import DownloadError, MissingDataError
from ld_data.fetch import fetch_file

CONTENT = b"the content" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """The pauses that were made, without waiting for them."""
    made = []
    monkeypatch.setattr("ld_data.fetch.time.sleep", made.append)
    return made


def make_client(answers):
    """A client that answers each request with the next answer, and the list of addresses it was asked for."""
    asked = []

    def handle(request):
        asked.append(str(request.url))
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx2.Client(transport=httpx2.MockTransport(handle)), asked


def test_the_file_arrives_whole_and_alone(tmp_path):
    client, _ = make_client([httpx2.Response(200, content=CONTENT)])
    path = fetch_file(["http://a/f"], tmp_path / "new" / "f", SHA256, client=client)
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_a_failing_mirror_is_tried_twice_and_then_the_next(tmp_path, pauses):
    answers = [httpx2.Response(500), httpx2.ConnectError("refused"), httpx2.Response(200, content=CONTENT)]
    client, asked = make_client(answers)
    fetch_file(["http://a/f", "http://b/f"], tmp_path / "f", SHA256, client=client)
    assert asked == ["http://a/f", "http://a/f", "http://b/f"]
    assert pauses == [0, 1, 0]


def test_wrong_content_is_never_given_the_name(tmp_path):
    client, _ = make_client([httpx2.Response(200, content=b"<html>")])
    with pytest.raises(DownloadError, match=f"expected sha256 {SHA256}, received"):
        fetch_file(["http://a/f"], tmp_path / "f", SHA256, client=client)
    assert list(tmp_path.iterdir()) == []


def test_another_hash_is_checked_by_its_name(tmp_path):
    client, _ = make_client([httpx2.Response(200, content=CONTENT)])
    sha1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
    assert fetch_file(["http://a/f"], tmp_path / "f", sha1, algorithm="sha1", client=client).read_bytes() == CONTENT
    with pytest.raises(DownloadError, match="expected sha1 0+, received " + sha1):
        fetch_file(["http://a/f"], tmp_path / "g", "0" * 40, algorithm="sha1", client=client)


def test_a_failed_download_leaves_the_older_file_alone(tmp_path):
    (tmp_path / "f").write_bytes(b"older")
    client, _ = make_client([httpx2.ReadTimeout("too slow")])
    with pytest.raises(DownloadError, match="too slow"):
        fetch_file(["http://a/f"], tmp_path / "f", SHA256, client=client)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"older"]


def test_every_mirror_s_answer_is_told(tmp_path):
    client, _ = make_client([httpx2.Response(404)])
    with pytest.raises(DownloadError, match=r"http://a/f.*404.*http://b/f.*404"):
        fetch_file(["http://a/f", "http://b/f"], tmp_path / "f", SHA256, client=client)


def test_offline_forbids_it_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("LD_DATA_OFFLINE", "1")
    client, asked = make_client([httpx2.Response(200, content=CONTENT)])
    with pytest.raises(MissingDataError, match="LD_DATA_OFFLINE"):
        fetch_file(["http://a/f"], tmp_path / "f", SHA256, client=client)
    assert asked == []
