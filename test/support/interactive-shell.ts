/** A shell at a real terminal, typed into as by a person: what its line editor makes of a Tab can only be seen there. */
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/** Without anybody's own settings. */
const START = { bash: 'bash --noprofile --norc -i', zsh: 'zsh -f -i', fish: 'fish -i' }
export type Shell = keyof typeof START

export function isHere (program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

export class InteractiveShell {
  readonly #terminal: ChildProcessByStdio<Writable, Readable, null>
  readonly #ended: Promise<unknown>
  #shown = ''
  /** Whoever waits for it to show more. */
  #more: () => void = () => {}

  private constructor (terminal: ChildProcessByStdio<Writable, Readable, null>) {
    this.#terminal = terminal
    this.#ended = once(terminal, 'close').then(() => { this.#more() })
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text
      this.#more()
    })
  }

  /** @returns once it has shown something: its prompt */
  static async open (shell: Shell, cwd: string, env: NodeJS.ProcessEnv): Promise<InteractiveShell> {
    const terminal = spawn('script', ['-qec', START[shell], '/dev/null'], {
      cwd, stdio: ['pipe', 'pipe', 'ignore'], env: { TERM: 'xterm', LANG: 'C.UTF-8', SHELL: '/bin/sh', ...env }
    })
    const opened = new InteractiveShell(terminal)
    await opened.#until(/./)
    return opened
  }

  /** Types the line and Enter, and waits until the terminal shows that. */
  async type (line: string, shows: RegExp): Promise<string> {
    this.#shown = ''
    this.#terminal.stdin.write(`${line}\r`)
    return await this.#until(shows)
  }

  async close (): Promise<void> {
    this.#terminal.stdin.end('exit\r')
    await this.#ended
  }

  async #until (shows: RegExp): Promise<string> {
    for (;;) {
      const match = shows.exec(this.#shown)
      if (match !== null) return match[0]
      if (this.#terminal.exitCode !== null) throw new Error(`the shell has ended: ${this.#shown}`)
      await new Promise<void>((resolve) => { this.#more = resolve })
    }
  }
}
