/** What package.json says of this version: which it is, and which versions of Node it runs on, as in >=20.19. */
import { readFileSync } from 'node:fs'

export const { version: VERSION, engines: { node: NODE_VERSIONS } } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string, engines: { node: string }
}
