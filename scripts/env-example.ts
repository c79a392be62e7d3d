/** The text of .env.example: every setting with its description and default, in the order of src/config/environment.ts. */
import { Environment } from '../src/config.js'

const HEAD = `# Every setting of fewstep with its default. Settings are environment variables, and the service reads no file by itself:
# cp .env.example .env && npm run build && node --env-file=.env dist/main.js
`

interface Setting {
  readonly description: string
  readonly default: string | number
}

export function envExample (): string {
  // The static types of the schema leave out its annotations.
  const settings = Environment.properties as unknown as Record<string, Setting>
  const entries = Object.entries(settings).map(([name, { description, default: value }]) => `\n# ${description}\n${name}=${value}\n`)
  return HEAD + entries.join('')
}
