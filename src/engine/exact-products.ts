/**
 * Let cuBLAS multiply float32 in float32: by itself it rounds the factors to 11 bits (TF32). ONNX Runtime's Node binding has no option for
 * that, so this sets the variable that cuBLAS reads when it is loaded, unless it is set.
 */
export function exactProducts (): void {
  process.env['NVIDIA_TF32_OVERRIDE'] ??= '0'
}
