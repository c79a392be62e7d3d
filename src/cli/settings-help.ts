/** Every setting of the service on a line of its own, for --help. */
import { Environment } from '../config.js'

export function settingsHelp (): string {
  // The static types of the schema leave out its annotations.
  const settings = Object.entries(Environment.properties as unknown as Record<string, { description: string, default: string | number }>)
  const width = Math.max(...settings.map(([name]) => name.length))
  const lines = settings.map(([name, { description, default: value }]) =>
    `  ${name.padEnd(width)}  ${description}${value === '' ? '' : ` (${value})`}`)
  return `SETTINGS\n\n${lines.join('\n')}\n`
}
