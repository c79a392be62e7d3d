/** Links between files of the repository, as links between pages of the site. Relative ones: a proxy may have it under a prefix. */
import { posix } from 'node:path'
import { documentOf } from './contents.js'

/** Where the documents say that the service is: here. */
const ADDRESS = /^http:\/\/127\.0\.0\.1:8080\/*/
const OPENAPI = 'openapi/openapi.json'
export const FILES = 'files'

/**
 * @param source the document in which it stands
 * @returns undefined for what only the repository has
 */
export function linkFrom (source: string, href: string): string | undefined {
  if (ADDRESS.test(href)) return `../${href.replace(ADDRESS, '')}`
  if (/^([a-z][a-z\d+.-]*:|#)/i.test(href)) return href
  const [path = '', fragment] = href.split('#', 2)
  const target = resolved(source, path)
  if (target === OPENAPI) return '../openapi.json'
  const document = documentOf(target)
  return document === undefined ? undefined : document.name + (fragment === undefined ? '' : `#${fragment}`)
}

/** A path as a document gives it, from the repository's root. */
export function resolved (source: string, path: string): string {
  return posix.join(posix.dirname(source), path).replace(/\/$/, '')
}

/** Where a picture of the repository is. */
export function pictureAt (path: string): string {
  return `${FILES}/${posix.basename(path)}`
}
