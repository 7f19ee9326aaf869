from __future__ import annotations

import gzip
import sys
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from threading import Event

import numpy as np
import pytest

from example_server import files, send_start, serving, serving_examples
from napari_ifealid import example_datasets, read_stack, write_stack
from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.errors import DatasetError
from napari_ifealid.example_datasets import (
    EXAMPLES,
    SOURCE,
    SOURCE_VARIABLE,
    example_path,
)
from napari_ifealid.formats import transfer
from napari_ifealid.formats.transfer import STEP

NAME = "dota_conv2_x"
FILE = "P0034.png.C1.npz.8.zip"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def served(cache, monkeypatch):

    return partial(serving_examples, monkeypatch)


@pytest.fixture
def made(stack, tmp_path):
    """Makes a dataset."""

    def make(shape=(36, 30, 256), dtype=np.uint8, **changes) -> bytes:
        values = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
        other = replace(stack, values=values, feature_labels=None, **changes)
        path = tmp_path / f"made{len(list(tmp_path.iterdir()))}.zip"
        write_stack(path, other)
        return path.read_bytes()

    return make


@pytest.fixture
def dataset(made) -> bytes:
    """A dataset as it should be, which comes in several pieces."""
    content = made()
    assert len(content) > 3 * STEP
    return content


def kept(cache) -> list[str]:
    return [path.name for path in cache.iterdir()] if cache.is_dir() else []


def with_hash(monkeypatch, content: bytes) -> None:
    known = replace(EXAMPLES[NAME], sha256=sha256(content).hexdigest())
    monkeypatch.setitem(EXAMPLES, NAME, known)


def test_examples_are_four_images_at_three_stages():
    images = {
        "coco": "000000015746.jpg",
        "cityscapes": "bielefeld_000000_007186_leftImg8bit.png",
        "div2k": "0804.png",
        "dota": "P0034.png",
    }
    assert {name: example.file_name for name, example in EXAMPLES.items()} == {
        f"{collection}_conv{number + 1}_x": f"{image}.C{number}.npz.8.zip"
        for collection, image in images.items()
        for number in (1, 2, 3)
    }
    assert EXAMPLES["cityscapes_conv3_x"].title == "Cityscapes: conv3_x"


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example.sha256])
def test_known_hash_is_that_of_the_published_file(shared_data, name):
    content = (shared_data / EXAMPLES[name].file_name).read_bytes()
    assert EXAMPLES[name].sha256 == sha256(content).hexdigest()


def test_hashes_of_the_first_and_the_last_coco_dataset_are_known():
    assert [name for name, example in EXAMPLES.items() if example.sha256] == [
        "coco_conv2_x",
        "coco_conv4_x",
    ]


def test_examples_of_a_stage_have_its_features():
    features = {"conv2_x": 256, "conv3_x": 512, "conv4_x": 1024}
    for name, example in EXAMPLES.items():
        assert example.features == features[name.partition("_")[2]]


def test_example_is_downloaded_once_and_kept(served, cache, dataset):
    with served(files({FILE: dataset})):
        path = example_path(NAME)
    assert path == cache / FILE
    assert path.read_bytes() == dataset
    assert kept(cache) == [FILE]
    assert example_path(NAME) == path  # nobody serves it any more


def test_example_is_kept_in_the_users_cache(served, dataset, monkeypatch, tmp_path):
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "user" / project)
    with served(files({FILE: dataset})):
        assert example_path(NAME) == tmp_path / "user" / "napari-ifealid" / FILE


def test_file_with_a_known_hash_is_downloaded(served, dataset, monkeypatch):
    with_hash(monkeypatch, dataset)
    with served(files({FILE: dataset})):
        assert example_path(NAME).read_bytes() == dataset


def test_kept_file_that_was_changed_is_downloaded_again(served, dataset, monkeypatch):
    with_hash(monkeypatch, dataset)
    with served(files({FILE: dataset})):
        example_path(NAME).write_bytes(b"changed")
        assert example_path(NAME).read_bytes() == dataset


def test_server_may_leave_the_length_out(served, dataset):
    def answer(request):
        request.send_response(200)
        request.end_headers()
        request.wfile.write(dataset)

    with served(answer):
        assert example_path(NAME).read_bytes() == dataset


def test_redirection_is_followed(served, dataset):
    def answer(request):
        if request.path.startswith("/elsewhere"):
            send_start(request, len(dataset))
            request.wfile.write(dataset)
        else:
            request.send_response(302)
            request.send_header("Location", "/elsewhere")
            request.end_headers()

    with served(answer):
        assert example_path(NAME).read_bytes() == dataset


def test_progress_counts_each_piece(served, dataset):
    told = {}

    def track(iterable, /, *, total, desc):
        told[desc] = total, 0
        for done, item in enumerate(iterable, start=1):
            yield item
            told[desc] = total, done

    with served(files({FILE: dataset})):
        example_path(NAME, track=track)
    connecting, downloading, checking = told
    assert connecting.startswith("Connecting to 127.0.0.1")
    assert downloading == "Downloading DOTA: conv2_x"
    assert checking == "Opening small"
    assert told[downloading] == (-(-len(dataset) // STEP),) * 2
    assert told[connecting] == (1, 1)


def fails(cache, *, match: str, track=example_datasets.untracked) -> DatasetError:
    with pytest.raises(DatasetError, match=match) as caught:
        example_path(NAME, track=track)
    assert kept(cache) == []
    return caught.value


def test_unknown_example_is_refused_with_the_names_of_all():
    with pytest.raises(DatasetError, match=r"'cat'.*coco_conv2_x.*dota_conv4_x"):
        example_path("cat")


def test_examples_come_from_github_and_without_a_network_nothing_is_kept(cache, monkeypatch):
    monkeypatch.delenv(SOURCE_VARIABLE, raising=False)
    with serving(files({})) as address:
        pass  # nobody serves there any more
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("https_proxy", address)
    error = fails(cache, match="Check the connection to the internet")
    assert error.file == f"{SOURCE}/{FILE}"
    assert SOURCE.startswith("https://github.com/BiodataMiningGroup/IFeaLiD/raw/7aa119b")


@pytest.mark.parametrize("status", [404, 500])
def test_answer_of_another_status_is_told(served, cache, status):
    with served(lambda request: request.send_error(status)):
        fails(cache, match=f"the answer {status} .*Try again later")


def test_connection_that_breaks_off_is_told(served, cache, dataset):
    def answer(request):
        send_start(request, len(dataset))
        request.wfile.write(dataset[: len(dataset) // 2])

    with served(answer):
        # urllib3 1 does not count the bytes: there the check of the file notices
        fails(cache, match=r"one that broke off|truncated or damaged ZIP")


@pytest.mark.parametrize("begun", [0, 1000])
def test_silent_server_is_given_up(served, cache, dataset, monkeypatch, begun):
    monkeypatch.setattr(transfer, "PATIENCE", 0.1)
    is_over = Event()

    def answer(request):
        if begun:
            send_start(request, len(dataset))
            request.wfile.write(dataset[:begun])
        if not is_over.wait(10):
            if not begun:
                send_start(request, len(dataset))
            request.wfile.write(dataset[begun:])

    with served(answer):
        fails(cache, match="Check the connection")
        is_over.set()


def test_file_with_another_hash_is_refused(served, cache, dataset, monkeypatch):
    with_hash(monkeypatch, b"another")
    with served(files({FILE: dataset})):
        error = fails(cache, match="another SHA-256")
    assert error.file.endswith(FILE)


@pytest.mark.parametrize("start", [0, 1000])
def test_damaged_file_is_refused_whose_hash_is_unknown(served, cache, dataset, start):
    damaged = bytearray(dataset)
    damaged[start : start + 100] = bytes(100)
    with served(files({FILE: bytes(damaged)})):
        error = fails(cache, match="damaged")
    assert error.file.endswith(f"/{FILE}")
    assert error.file.startswith("http://")


def test_page_that_is_no_dataset_is_refused(served, cache):
    with served(files({FILE: b"<html>Log in first</html>"})):
        fails(cache, match="no ZIP file")


def test_damaged_overlay_is_refused(served, cache, dataset):
    start = dataset.index(b"\xff\xd8\xff")  # of a JPEG image
    damaged = dataset[:start] + bytes(3) + dataset[start + 3 :]
    with served(files({FILE: damaged})):
        assert fails(cache, match="damaged overlay").member == "overlay.jpg"


# Downloads that are not what they should be


@pytest.fixture
def small_limit(monkeypatch) -> int:
    """No download may be larger than two pieces."""
    monkeypatch.setattr(example_datasets, "MOST_BYTES", 2 * STEP)
    return 2 * STEP


def test_limit_is_large_enough_for_each_example():
    largest_on_github = 100 * 2**20
    assert largest_on_github == example_datasets.MOST_BYTES


def test_download_that_is_too_large_is_refused_before_it_begins(served, cache, small_limit):
    sent = []

    def answer(request):
        send_start(request, 3 * STEP)
        sent.append(request.path)

    descriptions = []

    def track(iterable, /, *, total, desc):
        descriptions.append(desc)
        return iterable

    with served(answer):
        error = fails(cache, match="a download of 197 kB or more.*131 kB", track=track)
    assert sent == [f"/{FILE}"]
    assert error.file.endswith(FILE)
    assert not any(desc.startswith("Downloading") for desc in descriptions)


def test_endless_download_without_a_length_is_ended(served, cache, small_limit):
    is_over = Event()

    def answer(request):
        request.send_response(200)
        request.end_headers()
        with suppress(OSError):  # nobody listens any more
            while not is_over.is_set():
                request.wfile.write(bytes(STEP))

    with served(answer):
        fails(cache, match="a download of 197 kB or more")
        is_over.set()


def test_download_that_unpacks_to_more_than_its_length_is_ended(served, cache, small_limit):
    content = gzip.compress(bytes(100 * STEP))
    assert len(content) < small_limit

    def answer(request):
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    with served(answer):
        fails(cache, match="a download of .* or more")


@pytest.mark.parametrize("length", ["many", "-1", "1e3"])
def test_length_that_is_no_number_is_passed_over(served, dataset, length):
    def answer(request):
        request.send_response(200)
        request.send_header("Content-Length", length)
        request.end_headers()
        request.wfile.write(dataset)

    with served(answer):
        assert example_path(NAME).read_bytes() == dataset


@pytest.mark.filterwarnings("ignore::napari_ifealid.formats.WebApplicationWarning")
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"shape": (36, 30, 255)}, "255 features of 8 bit"),
        ({"shape": (36, 30, 512)}, "512 features of 8 bit"),
        ({"dtype": np.uint16}, "256 features of 16 bit"),
        ({"overlay": None}, "an image of another shape, or none"),
        ({"overlay": np.zeros((20, 24, 3), np.uint8)}, "an image of another shape, or none"),
        ({"overlay": np.zeros((240, 24, 3), np.uint8)}, "an image of another shape, or none"),
    ],
    ids=["fewer features", "more features", "16 bit", "no overlay", "turned", "long"],
)
def test_another_dataset_is_refused(served, cache, made, changes, found):
    with served(files({FILE: made(**changes)})):
        error = fails(cache, match="256 features of 8 bit with the image that they are of")
    assert error.found == found
    assert error.file.startswith("http://")
    assert error.file.endswith(f"/{FILE}")


@pytest.mark.parametrize("size", [(640, 427), (427, 640), (1024, 2048), (1356, 2040), (641, 481)])
@pytest.mark.parametrize("stride", [16, 32])
@pytest.mark.parametrize("is_padded", [False, True])
def test_map_of_a_whole_image_is_accepted_however_it_is_rounded(
    served, made, size, stride, is_padded
):
    height, width = (-(-side // stride) if is_padded else side // stride for side in size)
    content = made((height, width, 256), overlay=np.zeros((*size, 3), np.uint8))
    with served(files({FILE: content})):
        assert example_path(NAME).read_bytes() == content


@pytest.mark.parametrize("name", ["coco_conv2_x", "coco_conv4_x"])
def test_published_dataset_is_accepted_by_its_contents_alone(
    served, shared_data, monkeypatch, name
):
    content = (shared_data / EXAMPLES[name].file_name).read_bytes()
    monkeypatch.setitem(EXAMPLES, name, replace(EXAMPLES[name], sha256=None))
    with served(files({EXAMPLES[name].file_name: content})):
        assert example_path(name).read_bytes() == content


# Cancelled


@pytest.mark.parametrize("last", ["Connecting", "Downloading", "Opening"])
@pytest.mark.parametrize("says_so", [True, False])
def test_cancelled_download_leaves_nothing(served, cache, dataset, last, says_so):
    def track(iterable, /, *, total, desc):
        if desc.startswith(last):
            if says_so:
                raise CancelledError
            return
        yield from iterable

    with served(files({FILE: dataset})), pytest.raises(CancelledError):
        example_path(NAME, track=track)
    assert kept(cache) == []


def test_download_cancelled_halfway_leaves_nothing(served, cache, dataset):
    def track(iterable, /, *, total, desc):
        for done, item in enumerate(iterable):
            if desc.startswith("Downloading") and done == 2:
                assert len(kept(cache)) == 1
                return
            yield item

    with served(files({FILE: dataset})), pytest.raises(CancelledError):
        example_path(NAME, track=track)
    assert kept(cache) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no limit for the size of files")
def test_full_disk_is_told_and_leaves_nothing(served, cache, dataset):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with served(files({FILE: dataset})):
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * STEP, hard))
        try:
            error = fails(cache, match=f"enough space.*{CACHE_VARIABLE}")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.file == str(cache)


def test_cache_that_is_no_folder_is_told(served, cache, dataset):
    cache.touch()
    with served(files({FILE: dataset})):
        fails(cache, match=f"no way to keep a download.*{CACHE_VARIABLE}")


def test_downloaded_example_is_read_as_any_dataset(served, shared_data):
    file = EXAMPLES["coco_conv4_x"].file_name
    with served(files({file: (shared_data / file).read_bytes()})):
        stack = read_stack(example_path("coco_conv4_x"))
    assert stack.values.shape == (40, 26, 1024)
    assert stack.overlay.shape == (640, 427, 3)
