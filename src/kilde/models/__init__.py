"""Models as files: which there are (catalogue), how they get here (pull), where they lie (cache).

Nothing in this package loads a model; it hands out paths to files whose hash has been checked.
"""
