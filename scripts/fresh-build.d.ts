/** Types of fresh-build.js, which runs before there is a compiler. */
export function isBuildFresh (): boolean
export const SOURCES: readonly string[]
