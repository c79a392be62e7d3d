/** A worker's death by SIGKILL that nobody here has ordered: mostly the kernel's doing, where memory runs out. */
export class WorkerKilled extends Error {
  constructor () {
    super('the session worker was killed (SIGKILL), as the kernel does where memory runs out')
  }
}
