"""The networks of torch, one file a kind: modules of `nn` joined to what is trained and run."""
