"""The system under the mechanisms: fixed points, Jacobians, kernels, modes."""
