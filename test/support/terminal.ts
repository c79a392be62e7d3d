const ESC = '\x1b'
const TOKEN = new RegExp(`${ESC}\\[[?;\\d]*[A-Za-z]|[^${ESC}]`, 'gu')
const UP = new RegExp(`^${ESC}\\[(\\d+)A$`)
const STYLE = new RegExp(`^${ESC}\\[[\\d;]*m$`)

/** A text without its escape sequences. */
export function withoutEscapes (text: string): string {
  return text.replaceAll(new RegExp(`${ESC}\\[[?;\\d]*[A-Za-z]`, 'g'), '')
}

/** A terminal as far as the command line uses one: what its screen and its scrolled-off lines show. */
export class VirtualTerminal {
  readonly lines: string[] = ['']
  cursorVisible = true
  #row = 0
  #column = 0

  constructor (public columns: number, public rows: number) {}

  /** Lines without what is blank at their ends. */
  get text (): string {
    return this.lines.map((line) => line.trimEnd()).join('\n').trimEnd()
  }

  write (text: string): void {
    for (const [token] of text.matchAll(TOKEN)) this.#accept(token)
  }

  /** Lines that are longer than a narrower screen take several of its rows, as terminals do it; a wider one leaves them as they are. */
  resize (columns: number): void {
    const rows = this.lines.map((line) => Math.max(1, Math.ceil(line.trimEnd().length / columns)))
    this.#row = rows.slice(0, this.#row).reduce((sum, each) => sum + each, 0)
    const wrapped = this.lines.flatMap((line, i) =>
      Array.from({ length: rows[i] ?? 1 }, (_, row) => line.slice(row * columns, (row + 1) * columns)))
    this.lines.splice(0, this.lines.length, ...wrapped)
    this.columns = columns
  }

  #accept (token: string): void {
    const up = UP.exec(token)?.[1]
    if (up !== undefined) this.#moveUp(Number(up))
    else if (token === '\n') this.#newLine()
    else if (token === '\r') this.#column = 0
    else if (token === `${ESC}[J`) this.#clearBelow()
    else if (token === `${ESC}[?25l` || token === `${ESC}[?25h`) this.cursorVisible = token.endsWith('h')
    else if (!STYLE.test(token)) this.#put(token)
  }

  #newLine (): void {
    this.#column = 0
    this.#row++
    this.lines[this.#row] ??= ''
  }

  /** What scrolled off the screen cannot be reached. */
  #moveUp (rows: number): void {
    const top = Math.max(0, this.lines.length - this.rows)
    if (this.#row - rows < top) throw new Error(`moved ${rows} rows up from row ${this.#row}, but row ${top} is at the top of the screen`)
    this.#row -= rows
  }

  #clearBelow (): void {
    this.lines.length = this.#row + 1
    this.lines[this.#row] = (this.lines[this.#row] ?? '').slice(0, this.#column)
  }

  #put (character: string): void {
    if (this.#column >= this.columns) this.#newLine()
    const line = (this.lines[this.#row] ?? '').padEnd(this.#column)
    this.lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1)
    this.#column++
  }
}
