/** Bounds of what a draw may be asked for, by a request or by a model's defaults. */

export const MAX_TEMPERATURE = 2
/** Steps carry it as 32 bits. */
export const MAX_TOP_K = 2 ** 31 - 1
