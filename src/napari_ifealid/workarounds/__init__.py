"""Ways round faults of napari, vispy and Qt.

Each names the fault, where it is reported, and the versions that have it; a test of each fails once
it is no longer needed.
"""
