"""Small models beside peers: whole calls, as simulation studies make them by the million."""
