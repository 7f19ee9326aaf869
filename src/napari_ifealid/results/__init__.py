"""Results of a map: regions, their table, files and figures."""

from napari_ifealid.results.figure import FIGURE_SUFFIXES, check_matplotlib, save_figure
from napari_ifealid.results.figure_content import FigureContent, ReferenceMark
from napari_ifealid.results.map_files import write_map
from napari_ifealid.results.region_table import region_table, write_table
from napari_ifealid.results.regions import RegionMode, threshold_regions

__all__ = [
    "FIGURE_SUFFIXES",
    "FigureContent",
    "ReferenceMark",
    "RegionMode",
    "check_matplotlib",
    "region_table",
    "save_figure",
    "threshold_regions",
    "write_map",
    "write_table",
]
