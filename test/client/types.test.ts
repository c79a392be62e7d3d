import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { clientTypes } from '../../scripts/client-types.js'

t.test('the types are those of the OpenAPI document', async (t) => {
  const committed = await readFile(new URL('../../src/client/schema.ts', import.meta.url), 'utf8')
  t.equal(committed, await clientTypes(), 'run: npm run openapi')
})

t.test('the client compiles where there is a browser and no Node', async (t) => {
  const folder = fileURLToPath(new URL('../../src/client', import.meta.url))
  const { config } = ts.readConfigFile(`${folder}/tsconfig.json`, ts.sys.readFile) as { config: object }
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, folder)
  t.same(errors, [])
  t.ok(fileNames.length > 10)
  const program = ts.createProgram(fileNames, options)
  t.same(ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')), [])
})
