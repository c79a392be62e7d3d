"""ONNX graphs of networks and of their steps, as the service runs them."""
