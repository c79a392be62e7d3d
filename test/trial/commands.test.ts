/** That the commands of the long trials still run: in small, and whether a promise was kept is theirs to say. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)

t.jobs = 2 // other files are through before this one is

for (const [file, ...args] of [
  ['chaos/chaos.ts', '--minutes', '0.05'],
  ['fuzz/socket-fuzz.ts', '--cases', '40'],
  ['generations/generations.ts', '--count', '40'],
  ['overload/overload.ts', '--minutes', '0.05'],
  ['readers/open-connections.ts', '--idle', '10', '--streams', '10'],
  ['readers/readers.ts', '--vanishing', '20', '--stalling', '5']
] as const) {
  t.test(`${file} says what it saw`, async (t) => {
    const command = run(process.execPath, ['--import', 'tsx', `test/trial/${file}`, ...args])
    const { stdout, stderr } = await command.catch((error: unknown) => error as Awaited<typeof command>)
    t.match(stdout.trimEnd().split('\n').at(-1), /^\| .* \| .* \| .* \| (yes|\*\*no\*\*) \|$/, stderr)
  })
}
