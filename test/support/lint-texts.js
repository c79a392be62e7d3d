/**
 * Lints texts that stand in for files of the repository: batches of { texts: [{ file, text }], rules, typed } in JSON on stdin, a list of
 * { ruleId, message } for each text on stdout; `typed` where a rule asks the type checker, which takes its time. A program of its own,
 * because ESLint's configuration does not load under tsx.
 */
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'

async function lint ({ texts, rules, typed }) {
  const eslint = new ESLint({
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    ruleFilter: ({ ruleId }) => rules.includes(ruleId),
    overrideConfig: typed ? [] : [{ languageOptions: { parserOptions: { projectService: false } } }]
  })
  const found = []
  for (const { file, text } of texts) {
    const [result] = await eslint.lintText(text + '\n', { filePath: file })
    found.push(result.messages.map(({ ruleId, message }) => ({ ruleId, message })))
  }
  return found
}

const found = []
for (const batch of await json(process.stdin)) found.push(await lint(batch))
process.stdout.write(JSON.stringify(found))
