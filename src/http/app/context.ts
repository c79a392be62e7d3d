/** What all routes together work with. */
import type { AdminContext } from '../admin/context.js'
import type { GenerationContext } from '../generation/context.js'
import type { OperationContext } from '../operation/context.js'

export type AppContext = GenerationContext & OperationContext & AdminContext
