/** What is taken along: code, recordings, a page that replays. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { lanesOf, readRecordings, recordingOf } from '../../web/recordings.js'
import { replayPage } from '../../web/replay-page.js'
import { SNIPPETS } from '../../web/snippets.js'
import { changesOf, newLane, textOf, withItem, type Lane } from '../../web/take.js'
import { factsOf, revisions } from '../../web/figures.js'
import { shadeOf, stepLegend } from '../../web/colours.js'
import { generationOf, itemsOf } from '../support/take.js'
import { startTestServer } from '../support/server.js'

const run = promisify(execFile)

const STEPS = [['░', '░', '░'], [' a', '░', ' c'], [' a', ' </script>', ' d']]
const generation = generationOf(' a </script> d', 3)
const done = { type: 'done' as const, generation, event: generation, atMs: 30 }
const lane: Lane = [...itemsOf(STEPS), done].reduce(withItem, newLane({ prompt: 'Once', seed: 7 }))

t.test('a recording is what came, and is read back as it was shown', async (t) => {
  const [again] = lanesOf(recordingOf(lane, new Date(0)))
  t.same(again, lane)
  t.equal(textOf(again!), 'Once a </script> d')
  t.equal(textOf(again!, 1), 'Once a░ c')
})

t.test('a page that replays holds its recordings, whatever their texts say', async (t) => {
  const sources = {
    document: '<head><meta charset="utf-8"><link rel="preload" href="x"><link rel="stylesheet" href="y.css">\n<script src="z.js" defer></script></head><body></body>',
    script: 'const a = "</script>$&"',
    style: 'a { b: "$1" }'
  }
  const recordings = [recordingOf(lane, new Date(0)), { ...recordingOf(lane, new Date(1)), model: 'other' }]
  const page = replayPage(sources, recordings)
  t.same(readRecordings(page), recordings)
  t.same(page.match(/<\/script>/g)?.length, 3, 'two recordings and the script')
  t.notMatch(page, /href=|src=/)
  t.match(page, "default-src 'none'")
  t.ok(page.includes('a { b: "$1" }') && page.includes('const a = "<\\/script>$&"'))
})

t.test('numbers count what was chosen, and what was chosen anew', async (t) => {
  t.same(lane.refinements.map((_, i) => changesOf(lane, i)), [0, 2, 2])
  t.equal(revisions(lane), 1)
  t.match(Object.fromEntries(factsOf([lane]).map(([name, value]) => [name, value])), {
    Steps: '3', Total: '30.0 ms', 'Tokens a second': '100', Seed: '7', Revised: '1 token'
  })
  t.same(factsOf([newLane({})]), [])
})

t.test('eight colours go from the first step to the last, and five shades from improbable to sure', async (t) => {
  t.same(stepLegend(4).map(({ colour, label }) => `${label}:${colour}`), ['1:2', '2:4', '3:6', '4:8'])
  t.same(stepLegend(64)[0], { colour: 1, label: '1–8' })
  t.equal(stepLegend(1024).length, 8)
  t.same([0, 0.19, 0.2, 0.99, 1].map(shadeOf), [0, 0, 1, 4, 4])
})

t.test('a request copied as code is that request', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const request = { prompt: "It's a \"test\" ü \\n", max_tokens: 6, steps: 2, seed: 3 }
  const target = { base: server.url, key: false }
  const expected = (await (await fetch(`${server.url}/v1/generate`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request)
  })).json() as { outputs: Array<{ text: string }> }).outputs[0]?.text
  const curl = await run('bash', ['-c', SNIPPETS.curl(request, target)])
  t.ok(curl.stdout.includes(`"text":${JSON.stringify(expected)}`))
  const javascript = await run(process.execPath, ['--input-type=module', '-e', SNIPPETS.javascript(request, target)])
  t.equal(javascript.stdout, `${expected}\n`)
  const python = await run('python3', ['-c', SNIPPETS.python(request, target)])
  t.equal(python.stdout, `${expected}\n`)
})

t.test('where the server asks for a key, the code says where it goes, and has none', async (t) => {
  for (const snippet of Object.values(SNIPPETS)) t.match(snippet({}, { base: 'https://host/prefix', key: true }), /FEWSTEP_API_KEY/)
})
