"""A long day in a window: does memory, the time of a hover, handles or OpenGL objects grow?

`make soak` runs it. `python -m soak hovering` and `python -m soak opening` run one part.
"""
