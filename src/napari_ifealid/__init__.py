"""Look inside feature maps and hyperspectral images in napari."""
