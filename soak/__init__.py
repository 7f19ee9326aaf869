"""A long day in a window: memory, the time of a hover, handles and OpenGL objects may not grow.

`make soak` runs it. `python -m soak hovering` and `python -m soak opening` run one part.
"""
