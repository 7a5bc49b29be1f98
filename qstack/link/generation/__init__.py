"""Ways two nodes get a heralded pair, each a small strategy named for its paper behind one `LinkModel`."""
