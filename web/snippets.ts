/** A request as code that sends it. */
import type { GenerateRequest } from '../src/client/index.js'

export interface Target {
  /** Of the server, without a slash at its end. */
  readonly base: string
  /** Whether it asks for a key: the code then says where to put one. */
  readonly key: boolean
}

export const SNIPPETS = { curl, javascript, python }
export type SnippetName = keyof typeof SNIPPETS

function curl (request: GenerateRequest, { base, key }: Target): string {
  return [
    `curl -N ${base}/v1/generate`,
    "-H 'content-type: application/json'",
    ...key ? ['-H "authorization: Bearer $FEWSTEP_API_KEY"'] : [],
    `-d '${JSON.stringify({ ...request, stream: true }).replaceAll("'", "'\\''")}'`
  ].join(' \\\n  ')
}

function javascript (request: GenerateRequest, { base, key }: Target): string {
  return `const response = await fetch('${base}/v1/generate', {
  method: 'POST',
  headers: { 'content-type': 'application/json'${key ? ", authorization: 'Bearer ' + process.env.FEWSTEP_API_KEY" : ''} },
  body: JSON.stringify(${indented(request)})
})
if (!response.ok) throw new Error(await response.text())
const { outputs } = await response.json()
console.log(outputs[0].text)
`
}

function python (request: GenerateRequest, { base, key }: Target): string {
  return `import json${key ? ', os' : ''}, urllib.request

request = urllib.request.Request(
    "${base}/v1/generate",
    data=json.dumps(json.loads(${pythonString(JSON.stringify(request))})).encode(),
    headers={"content-type": "application/json"${key ? ', "authorization": "Bearer " + os.environ["FEWSTEP_API_KEY"]' : ''}},
)
with urllib.request.urlopen(request) as response:
    print(json.load(response)["outputs"][0]["text"])
`
}

function indented (request: GenerateRequest): string {
  return JSON.stringify(request, null, 2).replaceAll('\n', '\n  ')
}

/** JSON's escapes are Python's too, but for the surrogates of what is not ASCII, which are left as they are. */
function pythonString (text: string): string {
  return JSON.stringify(text)
}
