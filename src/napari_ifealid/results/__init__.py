"""What is made of a map: regions, their table, files and figures."""

from napari_ifealid.results.map_files import write_map
from napari_ifealid.results.region_table import region_table, write_table
from napari_ifealid.results.regions import RegionMode, threshold_regions

__all__ = ["RegionMode", "region_table", "threshold_regions", "write_map", "write_table"]
