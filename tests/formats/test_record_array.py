from __future__ import annotations

import pickle

import numpy as np
import pytest

from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.file_state import file_state
from napari_ifealid.formats.record_array import RecordArray

VALUES = np.arange(3 * 4 * 5, dtype=">i2").reshape(3, 4, 5)


@pytest.mark.parametrize(
    "index",
    [
        np.s_[0:3, 0:4, 0:5],
        np.s_[1, 2, 3],
        np.s_[1:3, 2, 1:4],
        np.s_[2, 0:4, 0],
        np.s_[1:1, 0:4, 0:2],
    ],
)
def test_any_part_is_read_from_the_records(tmp_path, index):
    path = tmp_path / "records.bin"
    path.write_bytes(b"head" + b"".join(record.tobytes() + b"other!" for record in VALUES))
    first = FileArray(str(path), 4, (4, 5), VALUES.dtype, False, file_state(path))
    array = RecordArray(first, 3, VALUES[0].nbytes + 6)
    assert array.shape == VALUES.shape
    assert array.dtype.isnative
    np.testing.assert_array_equal(array[index], VALUES[index])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(array))[index], VALUES[index])
