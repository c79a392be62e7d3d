/** What keys look like in their file and in the setting, and what is said of those that are wrong. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { digestOf, keyLine, makeKey, parseKeyLine } from '../../../src/http/guard/key-line.js'
import { readKeys, type KeySettings } from '../../../src/http/guard/key-sources.js'

const KEY = makeKey()
const NONE: KeySettings = { apiKeysFile: undefined, apiKeys: [], adminKeys: [] }

async function fileOf (text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'fewstep-keys-')), 'keys')
  await writeFile(file, text)
  return file
}

async function refusal (settings: KeySettings): Promise<Error | undefined> {
  return await readKeys(settings).then(() => undefined, (reason: unknown) => reason as Error)
}

t.test('a line has a name, a digest and limits, and never the key', async (t) => {
  t.notOk(keyLine('alice', KEY).includes(KEY))
  t.same(parseKeyLine(keyLine('alice', KEY)), { name: 'alice', digest: digestOf(KEY), limits: {}, admin: false })
  t.same(parseKeyLine(`  ${keyLine('b.o-b_2', KEY).toUpperCase()}  canvases=4\trequests=0 positions=1000\r`)?.limits,
    { canvasesAtOnce: 4, requestsPerMinute: undefined, positionsPerMinute: 1000 })
  t.match(parseKeyLine(`${keyLine('ops', KEY)} admin requests=3`), { admin: true, limits: { requestsPerMinute: 3 } })
  t.equal(parseKeyLine('  '), undefined)
  t.equal(parseKeyLine('# alice left'), undefined)
  t.not(makeKey(), KEY)
})

t.test('a wrong line is named by its file and number, and nothing of it is quoted', async (t) => {
  const cases = {
    alice: /SHA-256/,
    [`alice ${KEY}`]: /SHA-256/,
    [`${'a'.repeat(65)} ${digestOf(KEY).toString('hex')}`]: /name of a key/,
    [`-alice ${digestOf(KEY).toString('hex')}`]: /name of a key/,
    [`${keyLine('alice', KEY)} requests=many`]: /limits: requests=N/,
    [`${keyLine('alice', KEY)} tokens=1`]: /limits: requests=N/
  }
  for (const [line, says] of Object.entries(cases)) {
    const apiKeysFile = await fileOf(`# keys\n${line}\n`)
    const error = await refusal({ ...NONE, apiKeysFile })
    t.ok(error?.message.startsWith(`FEWSTEP_API_KEYS_FILE ${apiKeysFile}, line 2: `), line)
    t.match(error?.message, says)
    t.notOk(error?.message.includes(KEY))
  }
})

t.test('a file that is not there, or has no keys, or two of one name, is refused', async (t) => {
  await t.rejects(readKeys({ ...NONE, apiKeysFile: '/nowhere/keys' }),
    { message: 'FEWSTEP_API_KEYS_FILE /nowhere/keys cannot be read: ENOENT' })
  await t.rejects(readKeys({ ...NONE, apiKeysFile: await fileOf('# none\n') }), { message: /^FEWSTEP_API_KEYS_FILE .* has no keys/ })
  const apiKeysFile = await fileOf(`${keyLine('alice', KEY)}\n`)
  t.match(await readKeys({ apiKeysFile, apiKeys: [`bob:${KEY}x`], adminKeys: [`ops:${KEY}y`] }),
    [{ name: 'bob', admin: false }, { name: 'ops', admin: true }, { name: 'alice', admin: false }])
  await t.rejects(readKeys({ ...NONE, apiKeysFile, apiKeys: [`alice:${KEY}x`] }), { message: /two keys have the name alice/ })
})

t.test('keys of the setting have a name and a length, and no error quotes them', async (t) => {
  t.match(await readKeys({ ...NONE, apiKeys: [`alice:${KEY}`, 'bob:0123456789:abcdef'] }),
    [{ name: 'alice', digest: digestOf(KEY) }, { name: 'bob', digest: digestOf('0123456789:abcdef') }])
  const secret = 'secretsecretsecret'
  for (const entry of [secret, `:${secret}`, 'alice:secret', `a b:${secret}`, `alice:${secret} secret`, '']) {
    const error = await refusal({ ...NONE, apiKeys: [`bob:${KEY}`, entry] })
    t.match(error?.message, /^entry 2 of FEWSTEP_API_KEYS/, entry)
    t.notMatch(error?.message, /secret/)
  }
})
