/** Commands with a terminal of their own, and without any, whatever the tests themselves have. */

/** The command under script(1): it is the child of the process that is started. */
export function onTerminal (command: readonly string[]): string[] {
  return ['script', '--quiet', '--return', '--flush', '--command', `exec ${quoted(command)}`, '/dev/null']
}

/** The process id stays. */
export function withoutTerminal (command: readonly string[]): string[] {
  return ['setsid', ...command]
}

/** Words for a shell. */
export function quoted (words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
}
