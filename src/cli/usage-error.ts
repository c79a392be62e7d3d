/** What whoever typed the command can put right; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
