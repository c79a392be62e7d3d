/** Bounds of what a draw may be asked for, by a request or by a model's defaults. */

export const MAX_TEMPERATURE = 2
/** Either way; see `PRIORITY_MS` of the batcher. */
export const MAX_PRIORITY = 1000
/** Steps carry it as 32 bits. */
export const MAX_TOP_K = 2 ** 31 - 1
