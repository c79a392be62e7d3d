/** The service's code, which takes its time to load, and of which Node opens all files at once. */
import type { serve } from './serve.js'

/** @throws Error saying what to change where the process may not open so many files */
export async function loadService (): Promise<{ readonly serve: typeof serve }> {
  try {
    return await import('./serve.js')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
    throw new Error('the process may open too few files to load its own code; raise the limit: ulimit -n 1024, or docker run --ulimit nofile=1024',
      { cause: error })
  }
}
