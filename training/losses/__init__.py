"""Loss functions: tensors in, a mean scalar out."""
