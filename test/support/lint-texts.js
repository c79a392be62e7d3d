/**
 * Lints texts that stand in for files of the repository: [{ file, text }] in JSON on stdin, a list of
 * { ruleId, message } for each on stdout. A program of its own, because ESLint's configuration does not load under tsx.
 */
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'

const eslint = new ESLint({ cwd: fileURLToPath(new URL('../..', import.meta.url)) })
const found = []
for (const { file, text } of await json(process.stdin)) {
  const [result] = await eslint.lintText(text + '\n', { filePath: file })
  found.push(result.messages.map(({ ruleId, message }) => ({ ruleId, message })))
}
process.stdout.write(JSON.stringify(found))
