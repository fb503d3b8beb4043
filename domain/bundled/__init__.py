"""How the checks of bundles are judged, a file each, named by its id. What bundles say of them is in bundles.toml."""
