"""Plans sampled: many independent pairs at once, as arrays.

One file per kind of vertex. Each makes n pairs by asking the vertices below it for theirs.
"""
