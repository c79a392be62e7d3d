/**
 * The packages that CUDA's libraries come from, by version and hash: those of ONNX Runtime's CUDA provider, and of what that is linked
 * with or loads. Their licences are NVIDIA's. To move to another onnxruntime-node: pip download --no-deps the same names, then sha256sum.
 */

export interface Wheel {
  readonly project: string
  readonly version: string
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /** Of the libraries in it those that are needed; the folders that they lie in do not matter. */
  readonly libraries: readonly string[]
}

/** Of onnxruntime-node, of which the provider must be the very same. */
export const RUNTIME_VERSION = '1.30.0'

export const CUDA_VERSION = 13

export const WHEELS: readonly Wheel[] = [
  {
    project: 'onnxruntime-gpu',
    version: RUNTIME_VERSION,
    file: 'onnxruntime_gpu-1.30.0-cp311-cp311-manylinux_2_28_x86_64.whl',
    bytes: 246_658_419,
    sha256: '4fbf0c5d7b5fb99266c2e8a802e3e64af68bdc383e0f3c7349b985f1087eedaa',
    libraries: ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so']
  },
  {
    project: 'nvidia-cuda-runtime',
    version: '13.5.37',
    file: 'nvidia_cuda_runtime-13.5.37-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    bytes: 2_504_024,
    sha256: 'df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d',
    libraries: ['libcudart.so.13']
  },
  {
    project: 'nvidia-cublas',
    version: '13.10.0.20',
    file: 'nvidia_cublas-13.10.0.20-py3-none-manylinux1_x86_64.manylinux_2_5_x86_64.whl',
    bytes: 444_289_903,
    sha256: 'dcc6d63884c53d07e267ce7e6feac17b2538cebaafec5db865736c3e28e4dc84',
    libraries: ['libcublasLt.so.13', 'libcublas.so.13']
  },
  {
    project: 'nvidia-curand',
    version: '10.4.5.25',
    file: 'nvidia_curand-10.4.5.25-py3-none-manylinux_2_27_x86_64.whl',
    bytes: 77_113_015,
    sha256: '22bb226a857e5888fe6b54ae465fc4371296bcff13a35f79e19691bcf454f529',
    libraries: ['libcurand.so.10']
  },
  {
    project: 'nvidia-cuda-nvrtc',
    version: '13.5.37',
    file: 'nvidia_cuda_nvrtc-13.5.37-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    bytes: 58_185_930,
    sha256: '86b4d68058807988b7d9af5b44917a0601e9c337f35ccd657bfb3c759ff8d8bc',
    libraries: ['libnvrtc-builtins.so.13.5', 'libnvrtc.so.13']
  },
  {
    project: 'nvidia-cudnn-cu13',
    version: '9.28.1.4',
    file: 'nvidia_cudnn_cu13-9.28.1.4-py3-none-manylinux_2_27_x86_64.whl',
    bytes: 516_817_937,
    sha256: 'a54f205b1db1f2895d99f398754db1369816f0569dd459731f925635cf7b65ec',
    libraries: [
      'libcudnn_graph.so.9', 'libcudnn_engines_precompiled.so.9', 'libcudnn_engines_runtime_compiled.so.9', 'libcudnn_engines_tensor_ir.so.9',
      'libcudnn_heuristic.so.9', 'libcudnn_ops.so.9', 'libcudnn_cnn.so.9', 'libcudnn_adv.so.9', 'libcudnn_ext.so.9', 'libcudnn.so.9'
    ]
  }
]
