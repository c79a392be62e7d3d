"""Options of ONNX Runtime sessions on the CPU, as the service sets them."""

from onnxruntime import SessionOptions


def cpu_options(threads: int) -> SessionOptions:
    """Options of a session with so many intra-op threads.

    8-bit products are exact on every processor: without VNNI the fast kernels add two products in 16 bits, which may
    overflow. Memory is not planned by shape, which takes up to twice as much of it and saves no time.
    """
    options = SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.x64quantprecision", "1")
    return options
