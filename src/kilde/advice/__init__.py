"""What the evidence advises: retrieve, tune, both, neither, or that it is undecided."""
