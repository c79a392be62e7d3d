/** Code that is loaded when it is needed: it takes its time, and Node opens all files of it at once. */
import { mostOpenFiles } from './open-files.js'

/** With these all of it can be loaded. */
const ENOUGH_FILES = 512

/**
 * @param load what imports a module
 * @throws Error saying what to change where the process may not open so many files
 */
export async function loadCode<T> (load: () => Promise<T>): Promise<T> {
  // Before all of them are open.
  const most = mostOpenFiles() ?? Infinity
  try {
    return await load()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // A package whose package.json Node cannot open is one that it does not find.
    if (code !== 'EMFILE' && !(code === 'ERR_MODULE_NOT_FOUND' && most < ENOUGH_FILES)) throw error
    throw new Error('the process may open too few files to load its own code; raise the limit: ulimit -n 1024, or docker run --ulimit nofile=1024')
  }
}
